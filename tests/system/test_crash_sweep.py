"""Processes and stores are killed while the arena trades: nothing is doubled, lost or left unprotected."""

from pathlib import Path

import pytest

from crash_sweep.sweep import VICTIMS, arena_for_sweep, sweep

pytestmark = pytest.mark.system

KILLS = 25


def test_kills_while_trading_double_and_lose_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arena = arena_for_sweep(tmp_path / "data")
    try:
        arena.start()
        report = sweep(arena, KILLS, seed=1)
    finally:
        code = arena.stop()
    with capsys.disabled():
        print(f"\n{report}")  # noqa: T201 - CI reports the figures
    assert report.failures == []
    assert set(report.kills) == set(VICTIMS)
    assert report.positions_seen > 0
    assert report.intents > KILLS / 2
    assert code == 0
