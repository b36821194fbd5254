"""The fan-out's core, without I/O: who wants what, what was missed, and one encoding per message for all."""

import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from common.events import Channel

QUEUE_LIMIT = 1_000
CHANNELS = tuple(channel.value for channel in Channel)
HISTORY = QUEUE_LIMIT // len(CHANNELS)
"""Pushes kept per channel: a client that missed all of them on every channel still has room for them."""
PRICES = Channel.PRICE_UPDATE.value


class BadMessage(Exception):
    """A client's message that can't be obeyed; the text says why."""


@dataclass(frozen=True, slots=True)
class Message:
    """One push, encoded once."""

    channel: str
    seq: int
    text: str


def encoded(channel: str, seq: int, time_ms: int, data: Any) -> Message:
    body = {"channel": channel, "seq": seq, "time_ms": time_ms, "data": data}
    return Message(channel, seq, json.dumps(body, separators=(",", ":"), ensure_ascii=False))


@lru_cache(maxsize=16)
def _joined(texts: tuple[str, ...]) -> str:
    """Several messages as one frame; most clients wait for the very same ones."""
    return f"[{','.join(texts)}]"


@dataclass(eq=False, slots=True)
class Client:
    """One connection: its channels and what waits to be sent, oldest first."""

    channels: set[str] = field(default_factory=set)
    waiting: deque[str] = field(default_factory=deque)
    is_too_slow: bool = False

    def put(self, text: str) -> None:
        """Queues a message; a client whose queue is full is marked, to be closed with that reason."""
        if len(self.waiting) >= QUEUE_LIMIT:
            self.is_too_slow = True
            self.channels.clear()
        else:
            self.waiting.append(text)

    def take(self) -> str | None:
        """Everything that waits as one frame: a single message, or a JSON array of several."""
        if not self.waiting:
            return None
        if len(self.waiting) == 1:
            return self.waiting.popleft()
        texts = tuple(self.waiting)
        self.waiting.clear()
        return _joined(texts)


@dataclass(frozen=True, slots=True)
class Subscribe:
    channels: tuple[str, ...]
    since: Mapping[str, int]
    epoch: int | None


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ping:
    pass


def parse(text: str | bytes) -> Subscribe | Unsubscribe | Ping:
    """A client's message. Raises BadMessage."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise BadMessage("not JSON") from None
    op = body.get("op") if isinstance(body, dict) else None
    if op == "ping":
        return Ping()
    if op not in ("subscribe", "unsubscribe"):
        raise BadMessage("op must be subscribe, unsubscribe or ping")
    listed = body.get("channels")
    if not isinstance(listed, list) or not listed or not all(name in CHANNELS for name in listed):
        raise BadMessage(f"channels must be a list out of {', '.join(CHANNELS)}")
    channels = tuple(dict.fromkeys(listed))
    if op == "unsubscribe":
        return Unsubscribe(channels)
    since, epoch = body.get("since") or {}, body.get("epoch")
    if not isinstance(since, dict) or not all(_is_whole(value) for value in since.values()):
        raise BadMessage("since must map channels to whole numbers")
    if epoch is not None and not _is_whole(epoch):
        raise BadMessage("epoch must be the number that hello gave")
    return Subscribe(channels, since, epoch)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


class Hub:
    """All clients of one gateway. `epoch` is the birth of ws.push's counters; a new one voids every `since`."""

    def __init__(self) -> None:
        self.clients: set[Client] = set()
        self.epoch = 0
        self._history: dict[str, deque[Message]] = {name: deque(maxlen=HISTORY) for name in CHANNELS}
        self._last: dict[str, int] = dict.fromkeys(CHANNELS, 0)
        self._fresh: list[Message] = []
        self._prices: dict[str, Any] = {}
        self._prices_seq = self._prices_ms = 0

    def take(self, channel: str, seq: int, epoch: int, time_ms: int, data: Any) -> bool:
        """Takes one push. True when the counters were born anew, which every client must be told."""
        is_new = epoch != self.epoch
        if is_new:
            self._restart(epoch)
        self._last[channel] = max(self._last[channel], seq)
        if channel == PRICES:
            self._prices |= data["prices"]
            self._prices_seq, self._prices_ms = seq, time_ms
        else:
            message = encoded(channel, seq, time_ms, data)
            self._history[channel].append(message)
            self._fresh.append(message)
        return is_new

    def _restart(self, epoch: int) -> None:
        self.epoch = epoch
        for history in self._history.values():
            history.clear()
        self._last = dict.fromkeys(CHANNELS, 0)
        self._prices.clear()

    def flush_prices(self) -> bool:
        """Makes a push of the prices that came since the last time, latest wins; whether there were any."""
        if not self._prices:
            return False
        prices, self._prices = self._prices, {}
        self._fresh.append(encoded(PRICES, self._prices_seq, self._prices_ms, {"prices": prices}))
        return True

    def hand_out(self) -> None:
        """Queues what was taken since the last time, for each client what it wants, in one go over all of them."""
        if not self._fresh:
            return
        fresh, self._fresh = self._fresh, []
        for client in self.clients:
            for message in fresh:
                if message.channel in client.channels:
                    client.put(message.text)

    def hello(self) -> str:
        return json.dumps({"channel": "hello", "epoch": self.epoch})

    def missed(self, channel: str, since: int | None, epoch: int | None) -> list[Message] | None:
        """The pushes after `since`, or None when they can't be told any more and a snapshot is due."""
        if since is None or epoch != self.epoch or channel == PRICES:
            return None
        history = self._history[channel]
        oldest = history[0].seq if history else self._last[channel] + 1
        if since < oldest - 1 or since > self._last[channel]:
            return None
        return [message for message in history if message.seq > since]

    def last_seq(self, channel: str) -> int:
        return self._last[channel]

    def greet(self, client: Client, wanted: Subscribe, snapshots: Mapping[str, Message]) -> None:
        """Subscribes a client: what it missed, or a reset if it asked for that in vain, and a snapshot."""
        self.hand_out()  # What was taken before is told by the history, not once more as new.
        for channel in wanted.channels:
            since = wanted.since.get(channel)
            missed = self.missed(channel, since, wanted.epoch)
            if missed is None:
                if since is not None and (channel != PRICES or wanted.epoch != self.epoch):
                    client.put(json.dumps({"channel": channel, "reset": True}))
                if channel in snapshots:
                    client.put(snapshots[channel].text)
            else:
                for message in missed:
                    client.put(message.text)
        if not client.is_too_slow:  # Else it would hear the next pushes without those that had no room.
            client.channels.update(wanted.channels)

    def needs_snapshot(self, wanted: Subscribe) -> Iterable[str]:
        return [c for c in wanted.channels if self.missed(c, wanted.since.get(c), wanted.epoch) is None]
