// The peer of bench/fanout.py: gorilla/websocket with prepared messages, one goroutine per client.
package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

type client struct {
	queue chan *websocket.PreparedMessage
}

var (
	mutex    sync.Mutex
	clients  = map[*client]bool{}
	upgrader = websocket.Upgrader{}
	pending  sync.WaitGroup
)

func serve(answer http.ResponseWriter, request *http.Request) {
	socket, err := upgrader.Upgrade(answer, request, nil)
	if err != nil {
		return
	}
	one := &client{queue: make(chan *websocket.PreparedMessage, 64)}
	go func() {
		for message := range one.queue {
			socket.WritePreparedMessage(message)
			pending.Done()
		}
	}()
	for {
		if _, _, err := socket.ReadMessage(); err != nil {
			mutex.Lock()
			delete(clients, one)
			mutex.Unlock()
			return
		}
		mutex.Lock()
		clients[one] = true
		mutex.Unlock()
		pending.Add(1)
		pong, _ := websocket.NewPreparedMessage(websocket.TextMessage, []byte(`{"channel":"pong"}`))
		one.queue <- pong
	}
}

func burst(frames int, size int) float64 {
	started := time.Now()
	for number := 1; number <= frames; number++ {
		pad := size - 110
		if pad < 0 {
			pad = 0
		}
		body := fmt.Sprintf(`{"channel":"ai_decision","seq":%d,"time_ms":%d,"data":{"number":"%012d","pad":"%s"}}`,
			number, number, number, strings.Repeat("x", pad))
		message, _ := websocket.NewPreparedMessage(websocket.TextMessage, []byte(body))
		mutex.Lock()
		for one := range clients {
			pending.Add(1)
			one.queue <- message
		}
		mutex.Unlock()
	}
	pending.Wait()
	return time.Since(started).Seconds()
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	http.HandleFunc("/ws", serve)
	go http.Serve(listener, nil)
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var frames, updates, size int
		if _, err := fmt.Sscanf(lines.Text(), "burst %d %d %d", &frames, &updates, &size); err == nil {
			fmt.Println(burst(frames, size))
		}
	}
}
