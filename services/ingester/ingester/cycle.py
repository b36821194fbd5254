"""When a decision cycle is due, and its name. Pure: market time comes in."""

from dataclasses import dataclass

GRACE_MS = 1_000


@dataclass(frozen=True, slots=True)
class Cycle:
    """One due cycle; `missed` boundaries before it passed without a snapshot and are not made up."""

    boundary_ms: int
    missed: int


class Cycles:
    """Boundaries are multiples of the interval of market time; a snapshot follows a second later, for late candles.

    Past half the interval a boundary counts as missed: a snapshot that late would tell of another moment.
    """

    def __init__(self, interval_s: int, last_boundary_ms: int | None) -> None:
        self._interval_ms = interval_s * 1000
        self._last_ms = last_boundary_ms

    def due(self, market_ms: int) -> Cycle | None:
        """The cycle to be frozen now, or None. The first one ever waits for a boundary to pass in our presence."""
        if market_ms <= 0:
            return None
        boundary = (market_ms - GRACE_MS) // self._interval_ms * self._interval_ms
        if self._last_ms is None:
            self._last_ms = boundary
        is_too_late = market_ms - GRACE_MS - boundary > self._interval_ms // 2
        if boundary <= self._last_ms or is_too_late:
            return None
        return Cycle(boundary, max(0, (boundary - self._last_ms) // self._interval_ms - 1))

    def done(self, cycle: Cycle) -> None:
        self._last_ms = cycle.boundary_ms


def cycle_id(run_id: str, boundary_ms: int) -> str:
    """The cycle's id, a function of the run and the boundary."""
    return f"{run_id}-{boundary_ms // 1000}"
