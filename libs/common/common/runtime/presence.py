"""`service:{name}`: a service's state as it writes it every few seconds; an old one is not of a running service."""

import json
from collections.abc import Iterator

from prometheus_client import Counter

from common.bus.port import Bus, Commit, Unavailable
from common.runtime import metrics
from common.runtime.clock import Clock
from common.runtime.health import Readiness

EVERY_S = 2.0
MISSING_AFTER_MS = 15_000


def presence_key(service: str) -> str:
    """The cache key under which a service's presence lies."""
    return f"service:{service}"


class Presence:
    """Writes readiness with its reasons, the time of the start, and the number of errors since then."""

    def __init__(self, name: str, bus: Bus, clock: Clock, readiness: Readiness) -> None:
        self._name, self._bus, self._clock, self._readiness = name, bus, clock, readiness
        self._started_ms = clock.now_ms()

    async def write(self) -> None:
        """Writes the state once; an unreachable bus is ignored, since readers can't reach it either."""
        unmet = self._readiness.unmet
        body = {
            "name": self._name,
            "ready": not unmet,
            "reasons": unmet,
            "started_ms": self._started_ms,
            "time_ms": self._clock.now_ms(),
            "errors": int(sum((*_values(metrics.HANDLER_FAILURES), *_values(metrics.OUTAGES_SEEN)))),
        }
        try:
            await self._bus.commit(Commit(self._name, cache={presence_key(self._name): json.dumps(body)}))
        except Unavailable:
            return


def _values(counter: Counter) -> Iterator[float]:
    for metric in counter.collect():
        yield from (sample.value for sample in metric.samples if sample.name.endswith("_total"))
