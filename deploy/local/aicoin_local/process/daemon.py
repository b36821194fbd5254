"""supervisord, which outlives a full disk: what can't be logged then is lost, and nothing else.

Its logger reports a failed write of a log on the standard error. That is a file of the same disk, and an error there
would end supervisord, and every restart with it.
"""

import contextlib
import sys
from typing import TextIO

from supervisor.supervisord import main


class LossyStream:
    """Passes on what the stream takes, and drops what it doesn't."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


if __name__ == "__main__":
    sys.stdout, sys.stderr = LossyStream(sys.stdout), LossyStream(sys.stderr)
    main()
