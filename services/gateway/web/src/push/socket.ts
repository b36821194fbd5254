/** The WebSocket itself: connects, keeps alive, reconnects, and applies pushes to the store. */

import type { Push } from "../api/types.gen";
import { applyAll, closedBecause, connection, connections, latencyMs, retryAt, serverTime } from "../state/store";
import { Feed } from "./feed";

const PING_MS = 20_000;
const SILENCE_MS = 50_000;
const POLICY = 1008;
const RENDER_MS = 100;
const HIDDEN_MS = 500;
const MAX_PENDING = 500;

const feed = new Feed();
let pending: Push[] = [];
let isScheduled = false;
let renderedAt = 0;

export function connect(): void {
  connection.value = "connecting";
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/ws`);
  let receivedAt = Date.now();
  let pingedAt = 0;
  const ping = (): void => {
    if (Date.now() - receivedAt > SILENCE_MS) socket.close();
    else if (socket.readyState === WebSocket.OPEN) {
      pingedAt = performance.now();
      socket.send('{"op":"ping"}');
    }
  };
  const pinging = setInterval(ping, PING_MS);

  socket.onmessage = (event: MessageEvent<string>) => {
    receivedAt = Date.now();
    for (const received of feed.receive(event.data)) {
      if (received.kind === "hello") {
        socket.send(feed.subscription());
        ping();
        connection.value = "connected";
        connections.value += 1;
      } else if (received.kind === "push" && received.isNew) schedule(received.push);
      else if (received.kind === "pong" && pingedAt) {
        latencyMs.value = performance.now() - pingedAt;
        pingedAt = 0;
      }
    }
  };
  socket.onclose = (event) => {
    clearInterval(pinging);
    const pause = feed.pause(Math.random());
    closedBecause.value = event.reason;
    retryAt.value = serverTime() + pause;
    latencyMs.value = null;
    connection.value = event.code === POLICY ? "error" : "disconnected";
    setTimeout(connect, pause);
  };
}

/** Pushes within a tenth of a second are rendered as one change, which keeps a busy market cheap. */
function schedule(push: Push): void {
  pending.push(push);
  if (pending.length >= MAX_PENDING) flush();
  if (isScheduled) return;
  isScheduled = true;
  setTimeout(flush, document.hidden ? HIDDEN_MS : Math.max(0, renderedAt + RENDER_MS - performance.now()));
}

function flush(): void {
  isScheduled = false;
  renderedAt = performance.now();
  const pushes = pending;
  pending = [];
  if (pushes.length) applyAll(pushes);
}
