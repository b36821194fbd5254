"""Clock skew is judged only where the paper market runs on wall time."""

import sqlite3
from pathlib import Path

import pytest

from aicoin_local.configuration.market import OFF_WALL_TIME, market_speed
from simulator.exchange.world import World
from simulator.market.market import Market
from simulator.market.source import SYNTHETIC, Source
from simulator.server.storage.store import Store

NOW_MS = 1_760_000_400_000


def save(folder: Path, source: Source, market_ms: int) -> None:
    """Leaves what a simulator leaves that played this market up to then."""
    store = Store(folder)
    store.begin_market(source)
    store.save_market(World(1, market_ms, Market(1, market_ms)))
    store.close()


def test_new_market_runs_on_wall_time_unless_recorded_or_faster(tmp_path: Path) -> None:
    assert market_speed({}, tmp_path, NOW_MS) == "1"
    assert market_speed({"SIMULATOR_MARKET": "capture"}, tmp_path, NOW_MS) == OFF_WALL_TIME
    assert market_speed({"SIMULATOR_MARKET": "capture", "SIMULATOR_REDATED": "true"}, tmp_path, NOW_MS) == "1"
    assert market_speed({"SIMULATOR_MARKET": "synthetic", "SIMULATOR_SPEED": "60"}, tmp_path, NOW_MS) == "60"


def test_saved_recording_runs_off_wall_time_until_replaced(tmp_path: Path) -> None:
    save(tmp_path, Source("capture", "/recorded"), NOW_MS - 86_400_000)
    assert market_speed({}, tmp_path, NOW_MS) == OFF_WALL_TIME
    assert market_speed({"SIMULATOR_MARKET": "live"}, tmp_path, NOW_MS) == "1"
    assert market_speed({"SIMULATOR_MARKET": "synthetic"}, tmp_path, NOW_MS) == "1"


@pytest.mark.parametrize(("market_ms", "speed"), [(NOW_MS + 60_000, OFF_WALL_TIME), (NOW_MS - 60_000, "1")])
def test_synthetic_market_that_ran_ahead_runs_off_wall_time(tmp_path: Path, market_ms: int, speed: str) -> None:
    save(tmp_path, SYNTHETIC, market_ms)
    assert market_speed({}, tmp_path, NOW_MS) == speed
    assert market_speed({"SIMULATOR_MARKET": "synthetic"}, tmp_path, NOW_MS) == speed
    assert market_speed({"SIMULATOR_MARKET": "live"}, tmp_path, NOW_MS) == "1"


def test_unreadable_simulator_state_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "simulator.sqlite").write_bytes(b"torn")
    assert market_speed({}, tmp_path, NOW_MS) == "1"
    (tmp_path / "simulator.sqlite").unlink()
    sqlite3.connect(tmp_path / "simulator.sqlite").close()
    assert market_speed({}, tmp_path, NOW_MS) == "1"
