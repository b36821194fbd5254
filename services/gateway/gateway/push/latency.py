"""How long a price takes from the ingester to this process: the stage tick_to_push of GET operations."""

from collections import deque
from typing import Any

SAMPLE = 1_000


class PushLatency:
    """The latest latencies of price pushes, ms, from the ingester's publishing to the reading here."""

    def __init__(self) -> None:
        self._latencies_ms: deque[int] = deque(maxlen=SAMPLE)

    def record(self, latency_ms: int) -> None:
        """A negative one, from clocks that differ, counts as 0."""
        self._latencies_ms.append(max(0, latency_ms))

    def summary(self) -> dict[str, Any]:
        ordered = sorted(self._latencies_ms)
        p50, p99 = (ordered[round(share * (len(ordered) - 1))] if ordered else None for share in (0.5, 0.99))
        return {"name": "tick_to_push", "p50_ms": p50, "p99_ms": p99, "count": len(ordered)}
