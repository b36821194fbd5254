"""Injected faults of network and exchange, for tests: which ones are due, and how often each was applied."""

import random
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

HTTP_KINDS = (
    "429",
    "500",
    "502",
    "503",
    "504",
    "blank",
    "cut",
    "timeout",
    "delay",
    "disconnect",
    "accept_then_timeout",
    "accept_then_500",
    "accept_then_error",
    "accept_then_refusal",
)
SOCKET_KINDS = ("drop", "delay", "duplicate", "reorder", "disconnect")
HANG_S = 120.0
MAX_COUNT = 1_000_000
DEFAULT_REFUSAL = "Internal error, please try again."


class InvalidFault(Exception):
    """A fault description that isn't valid; the message gives the reason."""


@dataclass(slots=True)
class Fault:
    """A fault for the next `count` matching requests or messages. `target` is a path or a channel, "*" matches all.

    `text` is the error text of `accept_then_error` and `accept_then_refusal`.
    """

    kind: str
    target: str = "*"
    count: int = 1
    delay_s: float = 0.0
    share: float = 1.0
    text: str = DEFAULT_REFUSAL

    def matches(self, target: str) -> bool:
        return self.target in ("*", target)


class Faults:
    """The pending faults of one simulator; `counts` has how often each kind was applied."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)
        self.http: deque[Fault] = deque()
        self.sockets: deque[Fault] = deque()
        self.counts: Counter[str] = Counter()
        self.outage_until_ms = 0
        self.frozen_until_ms = 0

    def add(self, body: Any) -> Fault:
        """Adds a fault from its description. Raises InvalidFault."""
        if not isinstance(body, dict):
            raise InvalidFault("send an object")
        where, kind = body.get("where"), str(body.get("kind"))
        kinds = {"http": HTTP_KINDS, "ws": SOCKET_KINDS}.get(str(where))
        if kinds is None:
            raise InvalidFault('where must be "http" or "ws"')
        if kind not in kinds:
            raise InvalidFault(f"kind must be one of {', '.join(kinds)}")
        try:
            fault = Fault(
                kind=kind,
                target=str(body.get("target", "*")),
                count=int(body.get("count", 1)),
                delay_s=float(body.get("delay_s", 1.0)),
                share=float(body.get("share", 1.0)),
                text=str(body.get("text", DEFAULT_REFUSAL)),
            )
        except (TypeError, ValueError) as error:
            raise InvalidFault(f"count, delay_s and share are numbers: {error}") from error
        if not 1 <= fault.count <= MAX_COUNT or not 0 <= fault.delay_s <= HANG_S or not 0 < fault.share <= 1:
            raise InvalidFault(f"count 1 to {MAX_COUNT}, delay_s 0 to {HANG_S:g}, share above 0 to 1")
        (self.http if where == "http" else self.sockets).append(fault)
        return fault

    def reset(self) -> None:
        """Removes all faults, outage and freeze; the counts stay."""
        self.http.clear()
        self.sockets.clear()
        self.outage_until_ms = self.frozen_until_ms = 0

    def take(self, faults: deque[Fault], target: str, where: str) -> Fault | None:
        """Takes the first fault due for a target and counts it; None when there is none."""
        for fault in faults:
            if fault.matches(target) and self._random.random() < fault.share:
                fault.count -= 1
                if fault.count == 0:
                    faults.remove(fault)
                self.counts[f"{where}.{fault.kind}"] += 1
                return fault
        return None

    def is_in_outage(self, now_ms: int) -> bool:
        return now_ms < self.outage_until_ms

    def is_frozen(self, now_ms: int) -> bool:
        return now_ms < self.frozen_until_ms

    def messages(self, channel: str, text: str, held: list[str]) -> list[tuple[float, str | None]]:
        """What to send for one WebSocket message: (delay in seconds, text) pairs, text None to close the connection.

        `held` stores a message that is to be sent after the next one.
        """
        fault = self.take(self.sockets, channel, "ws")
        kept: list[tuple[float, str | None]] = [(0.0, each) for each in held]
        held.clear()
        if fault is None:
            return [(0.0, text), *kept]
        if fault.kind == "drop":
            return kept
        if fault.kind == "reorder":
            held.append(text)
            return kept
        if fault.kind == "disconnect":
            return [(0.0, None)]
        if fault.kind == "duplicate":
            return [(0.0, text), (0.0, text), *kept]
        return [(fault.delay_s, text), *kept]
