"""Clocks are compared only where the paper market's time is the wall's."""

import sqlite3
from pathlib import Path

import pytest

from aicoin_local.market import OWN_TIME, market_speed
from simulator.exchange.world import World
from simulator.market.market import Market
from simulator.market.source import SYNTHETIC, Source
from simulator.server.storage.store import Store

NOW_MS = 1_760_000_400_000


def keep(folder: Path, source: Source, market_ms: int) -> None:
    """Leaves what a simulator leaves that played this market up to then."""
    store = Store(folder)
    store.begin_market(source)
    store.save_market(World(1, market_ms, Market(1, market_ms)))
    store.close()


def test_nothing_kept_runs_with_the_wall_unless_it_is_recorded_or_faster(tmp_path: Path) -> None:
    assert market_speed({}, tmp_path, NOW_MS) == "1"
    assert market_speed({"SIMULATOR_MARKET": "capture"}, tmp_path, NOW_MS) == OWN_TIME
    assert market_speed({"SIMULATOR_MARKET": "synthetic", "SIMULATOR_SPEED": "60"}, tmp_path, NOW_MS) == "60"


def test_a_kept_recording_has_a_time_of_its_own_until_another_market_is_named(tmp_path: Path) -> None:
    keep(tmp_path, Source("capture", "/recorded"), NOW_MS - 86_400_000)
    assert market_speed({}, tmp_path, NOW_MS) == OWN_TIME
    assert market_speed({"SIMULATOR_MARKET": "live"}, tmp_path, NOW_MS) == "1"
    assert market_speed({"SIMULATOR_MARKET": "synthetic"}, tmp_path, NOW_MS) == "1"


@pytest.mark.parametrize(("market_ms", "speed"), [(NOW_MS + 60_000, OWN_TIME), (NOW_MS - 60_000, "1")])
def test_a_synthetic_market_that_ran_ahead_has_a_time_of_its_own(tmp_path: Path, market_ms: int, speed: str) -> None:
    keep(tmp_path, SYNTHETIC, market_ms)
    assert market_speed({}, tmp_path, NOW_MS) == speed
    assert market_speed({"SIMULATOR_MARKET": "synthetic"}, tmp_path, NOW_MS) == speed
    assert market_speed({"SIMULATOR_MARKET": "live"}, tmp_path, NOW_MS) == "1"


def test_what_is_no_memory_of_a_simulators_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "simulator.sqlite").write_bytes(b"torn")
    assert market_speed({}, tmp_path, NOW_MS) == "1"
    (tmp_path / "simulator.sqlite").unlink()
    sqlite3.connect(tmp_path / "simulator.sqlite").close()
    assert market_speed({}, tmp_path, NOW_MS) == "1"
