/** The WebSocket itself: connects, keeps alive, and comes back with what it saw last. */

import { Feed } from "./feed";
import { apply, connection, retryAt } from "./store";

const PING_MS = 20_000;
const SILENCE_MS = 50_000;

const feed = new Feed();

export function connect(): void {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/ws`);
  let heard = Date.now();
  const keeping = setInterval(() => {
    if (Date.now() - heard > SILENCE_MS) socket.close();
    else if (socket.readyState === WebSocket.OPEN) socket.send('{"op":"ping"}');
  }, PING_MS);

  socket.onmessage = (event: MessageEvent<string>) => {
    heard = Date.now();
    for (const received of feed.take(event.data)) {
      if (received.kind === "hello") {
        socket.send(feed.subscription());
        connection.value = "connected";
      } else if (received.kind === "push" && received.isNew) apply(received.push);
    }
  };
  socket.onclose = (event) => {
    clearInterval(keeping);
    const pause = feed.pause(Math.random());
    retryAt.value = Date.now() + pause;
    connection.value = event.code === 1008 ? "error" : "disconnected";
    setTimeout(() => {
      connection.value = "connecting";
      connect();
    }, pause);
  };
}
