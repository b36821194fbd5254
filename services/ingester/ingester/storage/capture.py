"""Records what comes from the exchange into compressed files, without ever delaying the market.

One JSON object a line: first `{"capture": 1, "url": …}`, then `{"received_ms": …, "frame": …}` for each WebSocket
message and `{"received_ms": …, "request": …, "answer": …}` for each answer of /info. Flushed every second, so that a
file that is cut off by a crash can be read up to there.
"""

import asyncio
import gzip
import json
import threading
import zlib
from pathlib import Path
from typing import Any, BinaryIO

from structlog.typing import FilteringBoundLogger

from common.runtime.clock import Clock
from ingester import metrics

WRITE_EVERY_S = 1.0
WAITING_LIMIT_BYTES = 32_000_000
VERSION = 1


class Capture:
    """Buffers messages and writes them once a second from a thread.

    `add_frame` and `add_answer` are called in the event loop and only append to a list; past WAITING_LIMIT_BYTES they
    drop and count. `run` is the one task that writes; a lock keeps `close`, which may run while a cancelled write is
    still in its thread, from touching the file at the same time. A disk error ends the recording, nothing else.
    """

    def __init__(
        self, folder: Path, url: str, clock: Clock, log: FilteringBoundLogger, *, file_bytes: int, files: int
    ) -> None:
        """At most `files` files of about `file_bytes` each; then the oldest goes."""
        self._folder, self._url, self._clock, self._log = folder, url, clock, log
        self._file_bytes, self._files = file_bytes, files
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._raw: BinaryIO | None = None
        self._packed: gzip.GzipFile | None = None
        self._has_failed = False
        self._file_lock = threading.Lock()

    def add_frame(self, raw: bytes) -> None:
        """One readable WebSocket message, as it came."""
        self._add(b'"frame":' + raw)

    def add_answer(self, request: dict[str, Any], body: bytes) -> None:
        """One usable answer of /info, as it came."""
        self._add(b'"request":' + json.dumps(request, separators=(",", ":")).encode() + b',"answer":' + body)

    def _add(self, content: bytes) -> None:
        if self._has_failed or self._waiting_bytes + len(content) > WAITING_LIMIT_BYTES:
            metrics.CAPTURE_LOST.inc()
            return
        # JSON has line breaks only between its parts; a line must hold the whole message.
        line = content.replace(b"\n", b" ").replace(b"\r", b" ")
        self._waiting.append(b'{"received_ms":%d,%s}\n' % (self._clock.now_ms(), line))
        self._waiting_bytes += len(line)

    async def run(self) -> None:
        """Writes what has arrived, until cancelled; then what is left."""
        try:
            while True:
                await self._clock.sleep(WRITE_EVERY_S)
                await asyncio.to_thread(self._write, self._pop_waiting())
        finally:
            self.close()

    def close(self) -> None:
        """Writes the rest and closes the file."""
        self._write(self._pop_waiting())
        with self._file_lock:
            self._close_file()

    def _pop_waiting(self) -> list[bytes]:
        lines, self._waiting = self._waiting, []
        self._waiting_bytes = 0
        return lines

    def _write(self, lines: list[bytes]) -> None:
        if lines and not self._has_failed:
            with self._file_lock:
                self._write_all(lines)

    def _write_all(self, lines: list[bytes]) -> None:
        try:
            if self._packed is None or self._raw is None:
                self._open_file()
            assert self._packed is not None and self._raw is not None  # noqa: S101, PT018 - just opened
            self._packed.write(b"".join(lines))
            self._packed.flush(zlib.Z_SYNC_FLUSH)
            if self._raw.tell() >= self._file_bytes:
                self._close_file()
        except OSError as error:
            self._has_failed = True
            self._log.error("recording has ended; check CAPTURE_DIR and its disk", reason=str(error))

    def _open_file(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        kept = sorted(self._folder.glob("capture-*.jsonl.gz"))
        for path in kept[: max(0, len(kept) - self._files + 1)]:
            path.unlink()
        path = self._folder / f"capture-{self._clock.now_ms():013d}.jsonl.gz"
        self._raw = path.open("xb")
        self._packed = gzip.GzipFile(filename="", mode="wb", fileobj=self._raw, compresslevel=6)
        self._packed.write(json.dumps({"capture": VERSION, "url": self._url}).encode() + b"\n")
        self._log.info("recording", path=str(path))

    def _close_file(self) -> None:
        packed, raw = self._packed, self._raw
        self._packed = self._raw = None
        try:
            if packed is not None:
                packed.close()
            if raw is not None:
                raw.close()
        except OSError as error:
            self._log.error(
                "a capture file could not be closed, its end may be missing; check CAPTURE_DIR", reason=str(error)
            )
