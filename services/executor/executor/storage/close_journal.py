"""Closes sent while the database was away: kept in a file, each before it is sent, until the tables have them."""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from executor.domain.order import OrderSpec


@dataclass(frozen=True, slots=True)
class SentClose:
    """One close of the position behind an intent. `answer` is the exchange's; None until there is one."""

    intent_id: str
    spec: OrderSpec
    nonce: int
    sent_ms: int
    void_after_ms: int
    answer: dict[str, Any] | None = None
    answered_ms: int | None = None


_LINE = TypeAdapter(SentClose)


class CloseJournal:
    """One model's file, a line per close and a second one with its answer. `closes` holds the newest by cloid."""

    def __init__(self, path: Path, log: Any) -> None:
        self._path, self._log = path, log
        self.closes: dict[str, SentClose] = self._read()

    @property
    def last_nonce(self) -> int:
        """The highest nonce that the tables may not know; 0 when there is none."""
        return max((close.nonce for close in self.closes.values()), default=0)

    def note(self, close: SentClose) -> None:
        """On the disk when this returns. A disk that refuses keeps nobody from closing: memory has it all the same."""
        self.closes[close.spec.client_order_id] = close
        is_new = not self._path.exists()
        try:
            with self._path.open("ab") as file:
                file.write(b"\n" + _LINE.dump_json(close))  # What a crash has cut off ends before it.
                file.flush()
                os.fsync(file.fileno())
            if is_new:
                _sync_folder(self._path.parent)
        except OSError as error:
            self._log.error("a close could not be noted; check EXECUTOR_DATA_DIR", reason=str(error))

    def forget(self, taken: dict[str, SentClose]) -> None:
        """The tables have these now, whatever has been noted of them since."""
        self.closes = {cloid: close for cloid, close in self.closes.items() if cloid not in taken}
        if not self.closes:
            with contextlib.suppress(OSError):  # What stays is taken over again, which changes nothing.
                self._path.unlink(missing_ok=True)

    def _read(self) -> dict[str, SentClose]:
        """A line that can't be read was cut off by a crash, so that what it tells of was never sent."""
        closes = {}
        for line in self._path.read_bytes().splitlines() if self._path.exists() else ():
            if not line:
                continue
            try:
                close = _LINE.validate_json(line)
            except ValidationError:
                self._log.warning("an unfinished line of the journal of closes is left out", file=self._path.name)
                continue
            closes[close.spec.client_order_id] = close
        return closes


def _sync_folder(folder: Path) -> None:
    """A new file's name is on the disk only then."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
