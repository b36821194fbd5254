"""Injected faults of network and exchange, for tests: which ones are due, and how often each was applied.

Faults of the network are counted here; what the exchange itself answers wrongly is in its `deviations`.
"""

import random
from collections import Counter, deque
from collections.abc import Container
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
    "drip",
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
    """A fault for the next `count` matching requests or messages, or with `until_ms` for all of them until then.

    `target` is a path, a type of /info or of an action, or a channel; "*" matches all. With `user` only requests that
    name that account match: reads about it. `text` is the error text of `accept_then_error` and `accept_then_refusal`.
    """

    kind: str
    target: str = "*"
    count: int = 1
    delay_s: float = 0.0
    share: float = 1.0
    text: str = DEFAULT_REFUSAL
    user: str | None = None
    until_ms: int | None = None

    def matches(self, targets: Container[str], user: str | None) -> bool:
        return (self.target == "*" or self.target in targets) and self.user in (None, user)

    @property
    def reads_bodies(self) -> bool:
        """Whether only a request's body shows if it matches."""
        return self.user is not None or not self.target.startswith(("/", "*"))


class Faults:
    """The pending faults of one simulator; `counts` has how often each kind was applied."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)
        self.http: deque[Fault] = deque()
        self.sockets: deque[Fault] = deque()
        self.counts: Counter[str] = Counter()
        self.outage_until_ms = 0
        self.frozen_until_ms = 0

    def add(self, body: Any, now_ms: int = 0) -> Fault:
        """Adds a fault from its description; `seconds` is how long it lasts. Raises InvalidFault."""
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
                user=str(body["user"]).lower() if "user" in body else None,
                until_ms=now_ms + round(float(body["seconds"]) * 1000) if "seconds" in body else None,
            )
        except (TypeError, ValueError) as error:
            raise InvalidFault(f"count, delay_s, share and seconds are numbers: {error}") from error
        if not 1 <= fault.count <= MAX_COUNT or not 0 <= fault.delay_s <= HANG_S or not 0 < fault.share <= 1:
            raise InvalidFault(f"count 1 to {MAX_COUNT}, delay_s 0 to {HANG_S:g}, share above 0 to 1")
        (self.http if where == "http" else self.sockets).append(fault)
        return fault

    def reset(self) -> None:
        """Removes all faults, outage and freeze; the counts stay."""
        self.http.clear()
        self.sockets.clear()
        self.outage_until_ms = self.frozen_until_ms = 0

    def take(
        self, faults: deque[Fault], targets: Container[str], where: str, now_ms: int, user: str | None = None
    ) -> Fault | None:
        """Takes the first fault due for any of the targets and counts it; None when there is none."""
        for fault in [each for each in faults if each.until_ms is not None and each.until_ms <= now_ms]:
            faults.remove(fault)
        for fault in faults:
            if fault.matches(targets, user) and self._random.random() < fault.share:
                fault.count -= fault.until_ms is None
                if fault.count == 0:
                    faults.remove(fault)
                self.counts[f"{where}.{fault.kind}"] += 1
                return fault
        return None

    def is_in_outage(self, now_ms: int) -> bool:
        return now_ms < self.outage_until_ms

    def is_frozen(self, now_ms: int) -> bool:
        return now_ms < self.frozen_until_ms

    def messages(
        self, channel: str, text: str, held: list[str], *, now_ms: int = 0, user: str | None = None
    ) -> list[tuple[float, str | None]]:
        """What to send for one WebSocket message: (delay in seconds, text) pairs, text None to close the connection.

        `held` stores a message that is to be sent after the next one.
        """
        fault = self.take(self.sockets, (channel,), "ws", now_ms, user)
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
