"""The run: all cycles since Redis was empty or the environment changed. Its id begins every cycle id."""

import json
from dataclasses import asdict, dataclass

RUN_KEY = "run:id"


@dataclass(frozen=True, slots=True)
class Run:
    """`started_ms` is market time; `environment` is HYPERLIQUID_ENV, for a run belongs to one market."""

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
