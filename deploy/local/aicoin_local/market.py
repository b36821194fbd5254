"""Whether the paper market's time is the wall's: asked of the settings, and of what the simulator has kept."""

import contextlib
import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

OWN_TIME = "1.0001"
"""Clocks are compared at a speed of exactly 1 only."""


def market_speed(given: Mapping[str, str], simulator_folder: Path, now_ms: int) -> str:
    """How fast the paper market runs against the wall's clock; `OWN_TIME` for one that runs as fast but not with it.

    A recording's time is past; a synthetic market that once ran faster is ahead.
    """
    speed = given.get("SIMULATOR_SPEED", "1")
    if speed not in ("1", "1.0"):
        return speed
    wanted = given.get("SIMULATOR_MARKET", "auto")
    kept = _kept(simulator_folder, "source").get("kind", "synthetic")
    kind = kept if wanted == "auto" else wanted
    is_ahead = kind == kept == "synthetic" and _kept(simulator_folder, "market").get("time_ms", 0) > now_ms
    return OWN_TIME if kind == "capture" or is_ahead else speed


def _kept(simulator_folder: Path, kind: str) -> dict[str, Any]:
    """A document of the simulator's; empty when there is none yet."""
    path = simulator_folder / "simulator.sqlite"
    if path.exists():
        with (
            contextlib.suppress(sqlite3.Error, ValueError),
            contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database,
        ):
            for (body,) in database.execute("SELECT body FROM documents WHERE kind = ?", (kind,)):
                return dict(json.loads(body))
    return {}
