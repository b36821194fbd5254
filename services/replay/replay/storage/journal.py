"""A run's journal: every answer as soon as it is there, so that a run that was ended goes on where it was."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from replay.domain.answer import Answered


class OtherRun(Exception):
    """The folder holds the journal of a run with other options; the message names the first that differs."""


class Spent(BaseModel):
    """A change of what the run has spent, in USD: a call's reservation, then what it cost less than that."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    spent_usd: Decimal


class Journal:
    """One JSON object a line: the run's options first, then its answers and what is spent on them.

    A line that was cut off is written again. `spent_usd` also counts calls that failed and those that were cut short.
    """

    def __init__(self, path: Path, options: dict[str, Any]) -> None:
        self._path = path
        self.answers: dict[tuple[str, str, str, int], Answered] = {}
        self.spent_usd = Decimal(0)
        end = self._read(options) if path.exists() else 0
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab")
        self._file.truncate(end)
        if end == 0:
            self._write(json.dumps(options))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, answered: Answered) -> None:
        """Stores one answer; it outlives the process from here on."""
        self.answers[answered.key] = answered
        self._write(answered.model_dump_json())

    def spend(self, usd: Decimal) -> None:
        """Stores a change of what is spent, as `add` does."""
        self.spent_usd += usd
        self._write(Spent(spent_usd=usd).model_dump_json())

    def _write(self, line: str) -> None:
        self._file.write(line.encode() + b"\n")
        self._file.flush()

    def _read(self, options: dict[str, Any]) -> int:
        """Reads the answers; returns where the last whole line ends. Raises OtherRun."""
        end = 0
        for number, line in enumerate(self._path.read_bytes().splitlines(keepends=True)):
            if not line.endswith(b"\n"):
                break
            if number == 0:
                _check(line, options)
            elif not self._read_entry(line):
                break
            end += len(line)
        return end

    def _read_entry(self, line: bytes) -> bool:
        """Whether the line is whole."""
        try:
            if line.startswith(b'{"spent_usd"'):
                self.spent_usd += Spent.model_validate_json(line).spent_usd
            else:
                answered = Answered.model_validate_json(line)
                self.answers[answered.key] = answered
        except ValidationError:
            return False
        return True


def _check(line: bytes, options: dict[str, Any]) -> None:
    try:
        recorded = json.loads(line)
    except ValueError:
        recorded = None
    if not isinstance(recorded, dict):
        raise OtherRun("its journal does not begin with the options of a run")
    for name in {**recorded, **options}:
        if recorded.get(name) != options.get(name):
            raise OtherRun(f"{name} was {recorded.get(name)!r} in it and is {options.get(name)!r} now")
