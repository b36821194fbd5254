"""The source of a market: synthetic, recorded files, or the real feed."""

from dataclasses import asdict, dataclass
from typing import Any

LABELS = {"synthetic": "SIMULATED", "capture": "CAPTURE", "live": "LIVE"}


@dataclass(frozen=True, slots=True)
class Source:
    """`kind` is synthetic, capture or live; `origin` the path of the files or the address of the feed.

    `shift_ms` is by how much a recording's times are moved.
    """

    kind: str
    origin: str = ""
    shift_ms: int = 0

    @property
    def label(self) -> str:
        """The name that dashboards show."""
        return LABELS[self.kind]

    def stored(self) -> dict[str, Any]:
        return asdict(self)


SYNTHETIC = Source("synthetic")
