"""Whether the paper market runs on wall time, from the settings and from the simulator's saved state."""

import contextlib
import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

OFF_WALL_TIME = "1.0001"
"""Clock skew is judged at a speed of exactly 1 only; this speed switches the check off."""


def market_speed(variables: Mapping[str, str], simulator_folder: Path, now_ms: int) -> str:
    """How fast the paper market runs against the wall clock; `OFF_WALL_TIME` for one at speed 1 with another time.

    A recording's time lies in the past unless it is redated; a synthetic market that once ran faster is ahead.
    """
    speed = variables.get("SIMULATOR_SPEED", "1")
    if speed not in ("1", "1.0"):
        return speed
    market = variables.get("SIMULATOR_MARKET", "auto")
    saved = _saved_document(simulator_folder, "source").get("kind", "synthetic")
    kind = saved if market == "auto" else market
    is_ahead = kind == saved == "synthetic" and _saved_document(simulator_folder, "market").get("time_ms", 0) > now_ms
    is_past = kind == "capture" and variables.get("SIMULATOR_REDATED", "").lower() not in ("true", "1", "yes", "on")
    return OFF_WALL_TIME if is_past or is_ahead else speed


def _saved_document(simulator_folder: Path, kind: str) -> dict[str, Any]:
    """A document of the simulator's database; empty when there is none yet."""
    path = simulator_folder / "simulator.sqlite"
    if path.exists():
        with (
            contextlib.suppress(sqlite3.Error, ValueError),
            contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database,
        ):
            for (body,) in database.execute("SELECT body FROM documents WHERE kind = ?", (kind,)):
                return dict(json.loads(body))
    return {}
