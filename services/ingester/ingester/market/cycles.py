"""The run and its decision cycles: when one is due, its id and number."""

import json
from dataclasses import asdict, dataclass

GRACE_MS = 1_000
RUN_KEY = "run:id"


@dataclass(frozen=True, slots=True)
class Run:
    """All cycles since Redis was empty or the environment changed; its id begins every cycle id.

    `started_ms` is market time; `environment` is HYPERLIQUID_ENV, for a run belongs to one market.
    """

    run_id: str
    started_ms: int
    environment: str

    def cycle_number(self, boundary_ms: int, interval_s: int) -> int:
        """1 for the first boundary after the start, counting missed ones too."""
        return max(0, (boundary_ms - self.started_ms) // (interval_s * 1000)) + 1

    def encode(self) -> bytes:
        """The value of `run:id` in Redis."""
        return json.dumps(asdict(self)).encode()


def decode_run(value: bytes | str | None, environment: str) -> Run | None:
    """The stored run, or None when there is none, it is unreadable, or it belongs to another environment."""
    if value is None:
        return None
    try:
        run = Run(**json.loads(value))
    except (ValueError, TypeError):
        return None
    is_valid = isinstance(run.run_id, str) and isinstance(run.started_ms, int)
    return run if is_valid and run.environment == environment else None


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

    def until_due_ms(self, market_ms: int) -> int:
        """How long until the next cycle is due, 0 while one is or may be."""
        if market_ms <= 0 or self._last_ms is None:
            return 0
        return max(0, self._last_ms + self._interval_ms + GRACE_MS - market_ms)

    def mark_done(self, cycle: Cycle) -> None:
        self._last_ms = cycle.boundary_ms


def cycle_id(run_id: str, boundary_ms: int) -> str:
    """The cycle's id, a function of the run and the boundary."""
    return f"{run_id}-{boundary_ms // 1000}"
