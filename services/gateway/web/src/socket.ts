/** The WebSocket itself: connects, keeps alive, and comes back with what it saw last. */

import { Feed, type Push } from "./feed";
import { applyAll, closedBecause, connection, connections, latencyMs, retryAt, serverTime } from "./store";

const PING_MS = 20_000;
const SILENCE_MS = 50_000;
const POLICY = 1008;
const SHOWN_EVERY_MS = 100;
const HIDDEN_MS = 500;
const MOST_WAITING = 500;

const feed = new Feed();
let waiting: Push[] = [];
let isPlanned = false;
let shownAt = 0;

export function connect(): void {
  connection.value = "connecting";
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/ws`);
  let heard = Date.now();
  let pinged = 0;
  const ping = (): void => {
    if (Date.now() - heard > SILENCE_MS) socket.close();
    else if (socket.readyState === WebSocket.OPEN) {
      pinged = performance.now();
      socket.send('{"op":"ping"}');
    }
  };
  const keeping = setInterval(ping, PING_MS);

  socket.onmessage = (event: MessageEvent<string>) => {
    heard = Date.now();
    for (const received of feed.take(event.data)) {
      if (received.kind === "hello") {
        socket.send(feed.subscription());
        ping();
        connection.value = "connected";
        connections.value += 1;
      } else if (received.kind === "push" && received.isNew) plan(received.push);
      else if (received.kind === "pong" && pinged) {
        latencyMs.value = performance.now() - pinged;
        pinged = 0;
      }
    }
  };
  socket.onclose = (event) => {
    clearInterval(keeping);
    const pause = feed.pause(Math.random());
    closedBecause.value = event.reason;
    retryAt.value = serverTime() + pause;
    latencyMs.value = null;
    connection.value = event.code === POLICY ? "error" : "disconnected";
    setTimeout(connect, pause);
  };
}

/** What comes within a tenth of a second is shown as one change: nobody reads faster, and a busy market stays cheap. */
function plan(push: Push): void {
  waiting.push(push);
  if (waiting.length >= MOST_WAITING) flush();
  if (isPlanned) return;
  isPlanned = true;
  setTimeout(flush, document.hidden ? HIDDEN_MS : Math.max(0, shownAt + SHOWN_EVERY_MS - performance.now()));
}

function flush(): void {
  isPlanned = false;
  shownAt = performance.now();
  const pushes = waiting;
  waiting = [];
  if (pushes.length) applyAll(pushes);
}
