"""Closes sent while PostgreSQL was unavailable: kept in a file until the tables have them."""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from structlog.typing import FilteringBoundLogger

from executor.domain.order import OrderSpec


@dataclass(frozen=True, slots=True)
class JournaledClose:
    """One close of the position behind an intent. `answer` is the exchange's; None until there is one."""

    intent_id: str
    spec: OrderSpec
    nonce: int
    sent_ms: int
    void_after_ms: int
    answer: dict[str, Any] | None = None
    answered_ms: int | None = None


_LINE = TypeAdapter(JournaledClose)


class CloseJournal:
    """One account's file: a line per close before it is sent, and a second one with its answer.

    `closes` holds the newest line of each by client order id. Written by the outage protector alone; read and emptied
    by the worker once PostgreSQL answers. Both run in one event loop and never await in between.
    """

    def __init__(self, path: Path, log: FilteringBoundLogger) -> None:
        self._path, self._log = path, log
        self.closes: dict[str, JournaledClose] = self._read()

    @property
    def last_nonce(self) -> int:
        """The highest nonce that the tables may not know; 0 when there is none."""
        return max((close.nonce for close in self.closes.values()), default=0)

    def append(self, close: JournaledClose) -> None:
        """Writes a line and syncs it to the disk; when the disk refuses, memory alone has it, and the close goes on."""
        self.closes[close.spec.client_order_id] = close
        is_new = not self._path.exists()
        try:
            with self._path.open("ab") as file:
                file.write(b"\n" + _LINE.dump_json(close))  # The newline ends a line that a crash has cut off.
                file.flush()
                os.fsync(file.fileno())
            if is_new:
                _sync_folder(self._path.parent)
        except OSError as error:
            self._log.error("a close is kept in memory only; check EXECUTOR_DATA_DIR", reason=str(error))

    def discard(self, recorded: dict[str, JournaledClose]) -> None:
        """The tables have these closes now; the file goes with the last one."""
        self.closes = {cloid: close for cloid, close in self.closes.items() if cloid not in recorded}
        if not self.closes:
            with contextlib.suppress(OSError):  # A file that stays is recorded once more, which changes nothing.
                self._path.unlink(missing_ok=True)

    def _read(self) -> dict[str, JournaledClose]:
        """The newest readable line of each close.

        A cut-off line is skipped: its close was not sent yet, or it held the answer to a sent one, or the disk refused
        it, which `append` has logged.
        """
        closes = {}
        for line in self._path.read_bytes().splitlines() if self._path.exists() else ():
            if not line:
                continue
            try:
                close = _LINE.validate_json(line)
            except ValidationError:
                self._log.warning("skipping an incomplete line of the close journal", file=self._path.name)
                continue
            closes[close.spec.client_order_id] = close
        return closes


def _sync_folder(folder: Path) -> None:
    """Makes a new file's name durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
