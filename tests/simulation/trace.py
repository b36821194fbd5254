"""The trace of a run: a hash over everything that happened, and the last lines to read when it fails."""

import hashlib
import traceback
from collections import deque
from collections.abc import Callable
from typing import Any

KEPT_LINES = 4_000
UNEXPECTED = "an unexpected error; this part starts again"
"""What a service logs when it goes on after an error that no code foresees: in a simulation, a failure."""


class Trace:
    """`crashes` are ends of services by their own errors."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._hash = hashlib.sha256()
        self.lines: deque[str] = deque(maxlen=KEPT_LINES)
        self.crashes: list[str] = []
        self.entries = 0

    def record(self, source: str, event: str, **figures: Any) -> None:
        """Adds one line to the trace and to the hash."""
        shown = " ".join(f"{name}={value}" for name, value in figures.items())
        line = f"{self._now_s():10.3f}  {source:<10} {event}  {shown}"
        self._hash.update(line.encode())
        self.entries += 1
        self.lines.append(line)

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


class TraceLog:
    """A service's logger that writes into the trace."""

    def __init__(self, trace: Trace, name: str) -> None:
        self._trace, self._name = trace, name

    def info(self, event: str, **figures: Any) -> None:
        self._trace.record(self._name, event, **figures)

    def error(self, event: str, **figures: Any) -> None:
        if event == UNEXPECTED:
            self._trace.crashes.append(f"{self._name}: {figures['reason'][-1_500:]}")
        self.info(event, **figures)

    warning = info

    def exception(self, event: str, **figures: Any) -> None:
        self._trace.record(self._name, event, **figures, error=traceback.format_exc())
