"""`service:{name}`: a service's state as it writes it every few seconds; an old one is not of a running service.

`log:{name}`: its last lines of log, for operators.
"""

import json
from collections.abc import Callable, Iterator

from prometheus_client import Counter

from common.bus.port import Bus, Commit, Unavailable
from common.runtime import metrics
from common.runtime.clock import Clock
from common.runtime.health import Readiness
from common.runtime.logs import latest_lines

EVERY_S = 2.0
MISSING_AFTER_MS = 15_000
LINES_EVERY = 15
"""After so many writes the lines are written again, changed or not."""


def presence_key(service: str) -> str:
    """The cache key under which a service's presence lies."""
    return f"service:{service}"


def log_key(service: str) -> str:
    """The cache key under which a service's last lines lie."""
    return f"log:{service}"


class Presence:
    """Writes readiness with its reasons, the time of the start, and the number of errors since then."""

    def __init__(self, name: str, bus: Bus, clock: Clock, readiness: Readiness) -> None:
        self._name, self._bus, self._clock, self._readiness = name, bus, clock, readiness
        self._started_ms = clock.now_ms()
        self._written, self._beats = "", 0

    async def keep(self, is_owner: Callable[[], bool]) -> None:
        """Writes the owner's presence for ever; a standby writes none, as the key is the service's, not the
        instance's."""
        while True:
            if is_owner():
                await self.write()
            due_s = self._clock.monotonic() + EVERY_S
            await self._clock.sleep(EVERY_S)
            metrics.LOOP_DELAY_S.set(max(0.0, self._clock.monotonic() - due_s))

    async def write(self) -> None:
        """Writes the state once; an unreachable bus shows in the metrics only, since readers can't reach it either."""
        unmet = self._readiness.unmet
        body = {
            "name": self._name,
            "ready": not unmet,
            "reasons": unmet,
            "started_ms": self._started_ms,
            "time_ms": self._clock.now_ms(),
            "errors": int(sum((*_values(metrics.HANDLER_FAILURES), *_values(metrics.OUTAGES_SEEN)))),
        }
        cache = {presence_key(self._name): json.dumps(body)} | self._lines()
        try:
            await self._bus.commit(Commit(self._name, cache=cache))
        except Unavailable:
            metrics.REDIS_UP.set(0)
        else:
            metrics.REDIS_UP.set(1)

    def _lines(self) -> dict[str, str]:
        """The lines' key with its value when that has changed, and now and then, as Redis may have been wiped."""
        lines = json.dumps(list(latest_lines))
        self._beats += 1
        if lines == self._written and self._beats % LINES_EVERY:
            return {}
        self._written = lines
        return {log_key(self._name): lines}


def _values(counter: Counter) -> Iterator[float]:
    for metric in counter.collect():
        yield from (sample.value for sample in metric.samples if sample.name.endswith("_total"))
