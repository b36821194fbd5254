"""Gaps in a producer's sequence numbers. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gap:
    """Sequence numbers `first` to `last` of a producer's stream are missing."""

    stream: str
    source: str
    epoch: int
    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1


class Sequences:
    """The last number seen per stream, producer and epoch."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str, int], int] = {}

    def see(self, stream: str, source: str, epoch: int, sequence: int) -> Gap | None:
        """Notes a number; returns the gap before it, if there is one. An epoch's first number seen is no gap."""
        key = (stream, source, epoch)
        last = self._last.get(key)
        self._last[key] = max(sequence, last or 0)
        if last is None or sequence <= last + 1:
            return None
        return Gap(stream, source, epoch, last + 1, sequence - 1)
