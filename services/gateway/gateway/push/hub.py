"""The fan-out's core, without I/O: subscriptions, replay by `since`, and one encoding per message for all clients.

Who calls what, always in the one event loop and without awaiting in between:

- the tail calls `accept` for each push it reads, then has everything sent;
- the connection manager calls `flush_prices` at the push interval, `distribute` before each sending, and drains each
  client's queue;
- a connection calls `needs_snapshot`, reads those snapshots (the only place that awaits), then `subscribe`.

A channel other than price_update has no gaps: each push gets into the channel's history and, by `distribute`, into
the queue of every client that subscribed to it. price_update is conflated: prices accumulate by symbol, the latest
replaces the one before, and `flush_prices` makes one message of them; its sequence rises but skips. The clock, once a
second, has neither sequence nor history.

Replay. A client that reconnects names the last sequence it saw of each channel (`since`) and the epoch it came from.
While the epoch is the same and the history reaches back to `since`, it gets exactly the pushes after it. Otherwise it
gets `{"channel", "reset": true}` and a snapshot. `subscribe` first distributes what was accepted before: a message is
then either in the history that is replayed or sent later as new, never both.

Failure. `epoch` is the birth of ws.push's counters. When it changes (Redis was wiped) the history is discarded, and the
connection manager closes every connection: `since` of the old epoch means nothing any more. A client whose queue is
full is marked too slow, gets nothing more, and is closed by its connection.
"""

import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from common.events import Channel
from gateway.push.protocol import CHANNELS, CLOCK, Subscribe

QUEUE_LIMIT = 1_000
HISTORY = QUEUE_LIMIT // len(CHANNELS)
"""Pushes kept per channel: the queue has room for a client that missed all of them on every channel."""
PRICES = Channel.PRICE_UPDATE.value


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a channel, encoded once."""

    channel: str
    seq: int
    text: str


def encode_message(channel: str, seq: int, time_ms: int, data: Any) -> Message:
    body = {"channel": channel, "seq": seq, "time_ms": time_ms, "data": data}
    return Message(channel, seq, json.dumps(body, separators=(",", ":"), ensure_ascii=False))


@lru_cache(maxsize=16)
def _join(texts: tuple[str, ...]) -> str:
    """Several messages as one frame; cached, since most clients wait for the very same ones."""
    return f"[{','.join(texts)}]"


@dataclass(eq=False, slots=True)
class Client:
    """One connection's subscriptions, and its queue of messages to be sent, oldest first."""

    channels: set[str] = field(default_factory=set)
    queue: deque[str] = field(default_factory=deque)
    is_too_slow: bool = False

    def enqueue(self, text: str) -> None:
        """Queues a message; with the queue full, marks the client as too slow and unsubscribes it."""
        if len(self.queue) >= QUEUE_LIMIT:
            self.is_too_slow = True
            self.channels.clear()
        else:
            self.queue.append(text)

    def drain(self) -> str | None:
        """Empties the queue into one frame: a single message, or a JSON array of several; None without any."""
        if not self.queue:
            return None
        if len(self.queue) == 1:
            return self.queue.popleft()
        texts = tuple(self.queue)
        self.queue.clear()
        return _join(texts)


class Hub:
    """All clients of one gateway; see the module's docstring."""

    def __init__(self) -> None:
        self.clients: set[Client] = set()
        self.epoch = 0
        self._history: dict[str, deque[Message]] = {name: deque(maxlen=HISTORY) for name in CHANNELS}
        self._last_seq: dict[str, int] = dict.fromkeys(CHANNELS, 0)
        self._undistributed: list[Message] = []
        self._prices: dict[str, Any] = {}
        self._prices_seq = self._prices_ms = 0

    def accept(self, channel: str, seq: int, epoch: int, time_ms: int, data: Any) -> None:
        """Takes one push from the stream; another epoch than before discards the history first."""
        if epoch != self.epoch:
            self._restart(epoch)
        self._last_seq[channel] = max(self._last_seq[channel], seq)
        if channel == PRICES:
            self._prices |= data["prices"]
            self._prices_seq, self._prices_ms = seq, time_ms
        else:
            message = encode_message(channel, seq, time_ms, data)
            self._history[channel].append(message)
            self._undistributed.append(message)

    def _restart(self, epoch: int) -> None:
        self.epoch = epoch
        for history in self._history.values():
            history.clear()
        self._last_seq = dict.fromkeys(CHANNELS, 0)
        self._prices.clear()

    def flush_prices(self) -> bool:
        """Appends one message with the newest price of each coin since the last one, for `distribute` to queue.

        Returns whether there was one.
        """
        if not self._prices:
            return False
        prices, self._prices = self._prices, {}
        self._undistributed.append(encode_message(PRICES, self._prices_seq, self._prices_ms, {"prices": prices}))
        return True

    def distribute(self) -> None:
        """Queues the messages since the last call for each client that subscribed to their channel."""
        if not self._undistributed:
            return
        messages, self._undistributed = self._undistributed, []
        for client in self.clients:
            for message in messages:
                if message.channel in client.channels:
                    client.enqueue(message.text)

    def hello(self, reading: Mapping[str, Any]) -> str:
        """The first frame of every connection, with a reading of the clock."""
        return json.dumps({"channel": "hello", "epoch": self.epoch, **reading})

    def send_clock(self, reading: Mapping[str, Any]) -> None:
        """Queues a reading of the clock for each client that subscribed to it; one whose messages wait gets none, since
        it would be old when it came."""
        text = json.dumps({"channel": CLOCK, **reading}, separators=(",", ":"))
        for client in self.clients:
            if CLOCK in client.channels and not client.queue:
                client.enqueue(text)

    def last_seq(self, channel: str) -> int:
        return self._last_seq[channel]

    def missed(self, channel: str, since: int | None, epoch: int | None) -> list[Message] | None:
        """The messages after `since`, or None when the history does not reach back to it and a snapshot is due."""
        if channel == CLOCK:
            return []
        if since is None or epoch != self.epoch or channel == PRICES:
            return None
        history = self._history[channel]
        oldest = history[0].seq if history else self._last_seq[channel] + 1
        if since < oldest - 1 or since > self._last_seq[channel]:
            return None
        return [message for message in history if message.seq > since]

    def needs_snapshot(self, request: Subscribe) -> Iterable[str]:
        """The requested channels that can't be replayed. They may be more by the time of `subscribe`, after awaiting:
        such a channel gets its reset, and its snapshot with the client's next subscription."""
        return [name for name in request.channels if self.missed(name, request.since.get(name), request.epoch) is None]

    def subscribe(self, client: Client, request: Subscribe, snapshots: Mapping[str, Message]) -> None:
        """Queues per channel what was missed, or a reset (where `since` was given) and the snapshot; then subscribes.

        A client whose queue overflows by that is not subscribed: it would get the next pushes without those that had
        no room.
        """
        self.distribute()
        for channel in request.channels:
            since = request.since.get(channel)
            missed = self.missed(channel, since, request.epoch)
            if missed is None:
                if since is not None and (channel != PRICES or request.epoch != self.epoch):
                    client.enqueue(json.dumps({"channel": channel, "reset": True}))
                if channel in snapshots:
                    client.enqueue(snapshots[channel].text)
            else:
                for message in missed:
                    client.enqueue(message.text)
        if not client.is_too_slow:
            client.channels.update(request.channels)
