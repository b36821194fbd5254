"""SIGKILL of services and stores while the arena trades: nothing is duplicated, lost or unprotected."""

from pathlib import Path

import pytest

from crash_sweep.sweep import VICTIMS, arena_for_sweep, sweep

pytestmark = pytest.mark.system

KILLS = 25


def test_kills_under_trading_leave_no_violation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arena = arena_for_sweep(tmp_path / "data")
    try:
        arena.start()
        report = sweep(arena, KILLS, seed=1)
    finally:
        code = arena.stop()
    with capsys.disabled():
        print(f"\n{report}")  # noqa: T201 - CI shows the figures
    assert report.violations == []
    assert set(report.kills) == set(VICTIMS)
    assert report.positions_seen > 0
    assert report.intents > KILLS / 2
    assert code == 0
