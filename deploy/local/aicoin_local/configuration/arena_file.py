"""Which roster this arena runs with: `ARENA_FILE`, else `arena.toml` at the project's root, else the built-in one."""

import sys
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from aicoin_local.settings import ROOT, refuse
from common.runtime.roster import VARIABLE, load_roster
from common.trading.roster import Roster


def arena_file(given: Mapping[str, str], root: Path = ROOT) -> Path | None:
    """The roster's file; None for the built-in one. A relative `ARENA_FILE` counts from the project's root."""
    if named := given.get(VARIABLE):
        return (root / named).resolve()
    path = root / "arena.toml"
    return path if path.is_file() else None


def roster_variables(given: Mapping[str, str]) -> dict[str, str]:
    """What every service needs to read the same roster."""
    path = arena_file(given)
    return {} if path is None else {VARIABLE: str(path)}


def roster_of(given: Mapping[str, str]) -> Roster:
    """The roster, or the end of the process with one line that names what is wrong."""
    return load_roster("aicoin", roster_variables(given))


def write_arena_file() -> None:
    """Copies the built-in roster to `arena.toml`, to be changed there; refuses to replace one."""
    path = ROOT / "arena.toml"
    if path.exists():
        refuse([f"{path} exists already; it stays as it is"])
    path.write_text(files("common.runtime").joinpath("arena.toml").read_text(encoding="utf-8"), encoding="utf-8")
    sys.stdout.write(f"{path} written\n")
