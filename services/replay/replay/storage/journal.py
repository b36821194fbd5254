"""A run's journal: every answer as soon as it is there, so that a run that was ended goes on where it was."""

import json
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError

from replay.domain.answer import Answered


class OtherRun(Exception):
    """The folder holds the journal of a run with other options; the message names the first that differs."""


class Journal:
    """One JSON object a line: the run's options first, then its answers. A line that was cut off is written again."""

    def __init__(self, path: Path, options: dict[str, Any]) -> None:
        self._path = path
        self.answers: dict[tuple[str, str, str, int], Answered] = {}
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
                _check(json.loads(line), options)
            else:
                try:
                    answered = Answered.model_validate_json(line)
                except ValidationError:
                    break
                self.answers[answered.key] = answered
            end += len(line)
        return end


def _check(recorded: dict[str, Any], options: dict[str, Any]) -> None:
    for name in {**recorded, **options}:
        if recorded.get(name) != options.get(name):
            raise OtherRun(f"{name} was {recorded.get(name)!r} in it and is {options.get(name)!r} now")
