"""Faults on demand, for tests: what the network and the exchange do to a client on a bad day. Each one is counted."""

import random
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

HTTP_KINDS = (
    *("429", "500", "502", "503", "504", "blank", "cut", "timeout", "delay", "disconnect"),
    *("accept_then_timeout", "accept_then_500", "accept_then_error", "accept_then_refusal"),
)
SOCKET_KINDS = ("drop", "delay", "duplicate", "reorder", "disconnect")
HANG_S = 120.0
MAX_COUNT = 1_000_000
LIE = "Internal error, please try again."


class BadFault(Exception):
    """A fault that can't be arranged; the message says why."""


@dataclass(slots=True)
class Rule:
    """One fault for the next `count` matching requests or messages. `target` is a path or a channel, "*" is all.

    `text` is what a lying answer says.
    """

    kind: str
    target: str = "*"
    count: int = 1
    delay_s: float = 0.0
    share: float = 1.0
    text: str = LIE

    def matches(self, target: str) -> bool:
        return self.target in ("*", target)


class Faults:
    """All faults of one simulator; `happened` counts what was done to whom."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)
        self.http: deque[Rule] = deque()
        self.sockets: deque[Rule] = deque()
        self.happened: Counter[str] = Counter()
        self.outage_until_ms = 0
        self.frozen_until_ms = 0

    def arrange(self, body: Any) -> Rule:
        """Adds a fault from its description. Raises BadFault."""
        if not isinstance(body, dict):
            raise BadFault("send an object")
        where, kind = body.get("where"), str(body.get("kind"))
        kinds = {"http": HTTP_KINDS, "ws": SOCKET_KINDS}.get(str(where))
        if kinds is None:
            raise BadFault('where must be "http" or "ws"')
        if kind not in kinds:
            raise BadFault(f"kind must be one of {', '.join(kinds)}")
        try:
            rule = Rule(
                kind,
                str(body.get("target", "*")),
                int(body.get("count", 1)),
                float(body.get("delay_s", 1.0)),
                float(body.get("share", 1.0)),
                str(body.get("text", LIE)),
            )
        except (TypeError, ValueError) as error:
            raise BadFault(f"count, delay_s and share are numbers: {error}") from error
        if not 1 <= rule.count <= MAX_COUNT or not 0 <= rule.delay_s <= HANG_S or not 0 < rule.share <= 1:
            raise BadFault(f"count 1 to {MAX_COUNT}, delay_s 0 to {HANG_S:g}, share above 0 to 1")
        (self.http if where == "http" else self.sockets).append(rule)
        return rule

    def clear(self) -> None:
        """Back to a good day; the counts stay."""
        self.http.clear()
        self.sockets.clear()
        self.outage_until_ms = self.frozen_until_ms = 0

    def next_for(self, rules: deque[Rule], target: str, where: str) -> Rule | None:
        """The first fault due for a target, counted; None on a good day."""
        for rule in rules:
            if rule.matches(target) and self._random.random() < rule.share:
                rule.count -= 1
                if rule.count == 0:
                    rules.remove(rule)
                self.happened[f"{where}.{rule.kind}"] += 1
                return rule
        return None

    def is_out(self, now_ms: int) -> bool:
        return now_ms < self.outage_until_ms

    def is_frozen(self, now_ms: int) -> bool:
        return now_ms < self.frozen_until_ms

    def messages(self, channel: str, text: str, held: list[str]) -> list[tuple[float, str | None]]:
        """What becomes of one WebSocket message: (delay in seconds, text), None for the end of the connection.

        `held` keeps a message back that is sent after the next one.
        """
        rule = self.next_for(self.sockets, channel, "ws")
        kept: list[tuple[float, str | None]] = [(0.0, each) for each in held]
        held.clear()
        if rule is None:
            return [(0.0, text), *kept]
        if rule.kind == "drop":
            return kept
        if rule.kind == "reorder":
            held.append(text)
            return kept
        if rule.kind == "disconnect":
            return [(0.0, None)]
        if rule.kind == "duplicate":
            return [(0.0, text), (0.0, text), *kept]
        return [(rule.delay_s, text), *kept]
