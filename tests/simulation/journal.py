"""What happened in a run: a hash over all of it, and the last lines to read when it ends badly."""

import hashlib
from collections import deque
from collections.abc import Callable
from typing import Any

KEPT_LINES = 4_000


class Journal:
    """`crashes` are ends of services by their own errors."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._hash = hashlib.sha256()
        self.lines: deque[str] = deque(maxlen=KEPT_LINES)
        self.crashes: list[str] = []
        self.entries = 0

    def note(self, who: str, what: str, **figures: Any) -> None:
        """One line of the run's story; part of the hash."""
        shown = " ".join(f"{name}={value}" for name, value in figures.items())
        self.record(f"{self._now_s():10.3f}  {who:<10} {what}  {shown}")

    def record(self, line: str) -> None:
        self._hash.update(line.encode())
        self.entries += 1
        self.lines.append(line)

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()
