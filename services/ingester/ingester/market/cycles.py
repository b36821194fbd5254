"""When a decision cycle is due, and its id."""

from dataclasses import dataclass

GRACE_MS = 1_000


@dataclass(frozen=True, slots=True)
class Cycle:
    """One due cycle; `missed` boundaries before it passed without a snapshot and are not made up."""

    boundary_ms: int
    missed: int


class Cycles:
    """Boundaries are multiples of the interval in market time; a snapshot follows a second later, for late candles.

    A cycle stays due until `mark_done`. Past half the interval its boundary counts as missed: a snapshot that late
    would show another moment than the one it is named for.
    """

    def __init__(self, interval_s: int, last_boundary_ms: int | None) -> None:
        self._interval_ms = interval_s * 1000
        self._last_ms = last_boundary_ms

    def due(self, market_ms: int) -> Cycle | None:
        """The cycle whose snapshot is to be taken now, or None.

        Without a last boundary the first call only sets it: the first cycle needs a boundary that passes meanwhile.
        """
        if market_ms <= 0:
            return None
        boundary_ms = (market_ms - GRACE_MS) // self._interval_ms * self._interval_ms
        if self._last_ms is None:
            self._last_ms = boundary_ms
        is_too_late = market_ms - GRACE_MS - boundary_ms > self._interval_ms // 2
        if boundary_ms <= self._last_ms or is_too_late:
            return None
        return Cycle(boundary_ms, max(0, (boundary_ms - self._last_ms) // self._interval_ms - 1))

    def mark_done(self, cycle: Cycle) -> None:
        self._last_ms = cycle.boundary_ms


def cycle_id(run_id: str, boundary_ms: int) -> str:
    """The cycle's id, a function of the run and the boundary."""
    return f"{run_id}-{boundary_ms // 1000}"
