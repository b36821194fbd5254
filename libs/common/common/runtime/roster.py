"""Loads the roster: `ARENA_FILE` when it is set, else the default that is built in."""

import os
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from pydantic import ValidationError

from common.runtime.settings import refuse_start
from common.trading.roster import Roster

VARIABLE = "ARENA_FILE"


class RosterError(ValueError):
    """The roster can't be read; the message names the file and what is wrong in it."""


def read_roster(path: Path | None) -> Roster:
    """The roster in a TOML file, or the built-in default for None. Raises RosterError."""
    name = str(path) if path is not None else "the built-in arena.toml"
    try:
        file = files("common.runtime").joinpath("arena.toml") if path is None else path
        text = file.read_text(encoding="utf-8-sig")
        return Roster.model_validate(tomllib.loads(text))
    except (OSError, UnicodeDecodeError) as error:
        raise RosterError(f"{name} can't be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise RosterError(f"{name} is no TOML: {error}") from None
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in problem["loc"]) or "the file"
        message = problem["msg"].removeprefix("Value error, ")
        raise RosterError(f"{name}: {place}: {message} (got {str(problem['input'])[:80]!r})") from None


def load_roster(service: str, environment: Mapping[str, str] = os.environ) -> Roster:
    """The roster of this environment, or the end of the process with one line that names what is wrong."""
    given = environment.get(VARIABLE)
    try:
        return read_roster(Path(given) if given else None)
    except RosterError as error:
        refuse_start(service, [f"{VARIABLE}: {error}"])
