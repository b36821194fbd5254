"""When the executor was started last: what it has asked of the exchange within that minute counts on."""

import contextlib
from pathlib import Path
from typing import Final

FILE: Final = "started"


def note_start(folder: Path, now_ms: int) -> float:
    """Seconds since the start before this one, by wall time; infinite where that isn't known. Notes this one, as far as
    the disk lets it."""
    path, since_s = folder / FILE, float("inf")
    with contextlib.suppress(OSError, ValueError):
        before_ms = int(path.read_text(encoding="ascii"))
        since_s = (now_ms - before_ms) / 1000 if now_ms > before_ms else since_s
    with contextlib.suppress(OSError):
        path.write_text(str(now_ms), encoding="ascii")
    return since_s
