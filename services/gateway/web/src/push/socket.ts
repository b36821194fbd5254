/** The WebSocket itself: connects, keeps alive, reconnects, and applies pushes to the store.
 *
 * The server sends the clock once a second: a connection on which nothing came for SILENCE_MS is lost, however open it
 * looks, and so is one that doesn't begin within that time. */

import type { Push } from "../api/types.gen";
import { observe } from "../state/clock";
import { advance, applyAll, closedBecause, connection, connections, latencyMs, retryAt } from "../state/store";
import { Feed } from "./feed";

const PING_MS = 20_000;
const SILENCE_MS = 5_000;
const CHECK_MS = 500;
const POLICY = 1008;
const RENDER_MS = 100;
const HIDDEN_MS = 500;
const MAX_PENDING = 500;

const feed = new Feed();
let pending: Push[] = [];
let isScheduled = false;
let renderedAt = 0;

export function connect(): void {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/ws`);
  let quietMs = 0;
  let pingedAt = 0;
  const ping = (): void => {
    if (socket.readyState !== WebSocket.OPEN) return;
    pingedAt = performance.now();
    socket.send('{"op":"ping"}');
  };
  const lose = (reason: string, isRefused: boolean): void => {
    clearInterval(pinging);
    clearInterval(checking);
    socket.onmessage = socket.onclose = null;
    socket.close();
    const pause = feed.pause(Math.random());
    closedBecause.value = reason;
    retryAt.value = performance.now() + pause;
    latencyMs.value = null;
    connection.value = isRefused ? "error" : "disconnected";
    setTimeout(connect, pause);
  };
  // Silence is counted in checks, not by a clock: a page that was itself busy or asleep has heard nothing meanwhile.
  const check = (): void => {
    quietMs += CHECK_MS;
    if (quietMs >= SILENCE_MS) lose("", false);
  };
  const pinging = setInterval(ping, PING_MS);
  const checking = setInterval(check, CHECK_MS);

  socket.onmessage = (event: MessageEvent<string>) => {
    quietMs = 0;
    for (const received of feed.receive(event.data)) {
      if (received.kind === "hello") {
        observe(received.clock);
        advance();
        socket.send(feed.subscription());
        ping();
        connection.value = "connected";
        connections.value += 1;
      } else if (received.kind === "clock") observe(received.clock);
      else if (received.kind === "push" && received.isNew) schedule(received.push);
      else if (received.kind === "pong" && pingedAt) {
        latencyMs.value = performance.now() - pingedAt;
        pingedAt = 0;
      }
    }
  };
  socket.onclose = (event) => lose(event.reason, event.code === POLICY);
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
