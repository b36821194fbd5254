"""A market at a thousand times the speed, with the settings as they come: everything is ready and trades."""

from collections.abc import Iterator

import pytest

from aicoin_local.testing import Arena, wait_until

pytestmark = pytest.mark.system

SPEED = 1_000
AS_THEY_COME = ("SIMULATOR_RATE_LIMITS", "DECISION_INTERVAL_S")
ANSWERED = "SELECT model FROM ai_decisions WHERE outcome = 'answered' GROUP BY model HAVING count(*) >= 10"


@pytest.fixture
def fast_arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    arena = Arena(tmp_path_factory.mktemp("fast") / "data")
    for name in AS_THEY_COME:
        del arena.environment[name]
    arena.environment["SIMULATOR_SPEED"] = str(SPEED)
    try:
        arena.start()
        yield arena
    finally:
        code = arena.stop()
    assert code == 0


def test_a_market_at_full_speed_works_with_default_settings(fast_arena: Arena) -> None:
    wait_until("ten answers of both", lambda: len(fast_arena.rows(ANSWERED)) == 2, limit_s=300)
    wait_until(
        "a true and good status",
        lambda: fast_arena.command("status").returncode == 0,
        limit_s=120,
        details=lambda: fast_arena.command("status").stdout,
    )
    assert fast_arena.get("status")["market_speed"] == SPEED

    def is_clock_true() -> bool:
        status = fast_arena.get("status")
        newest_ms = max(row["time_ms"] for row in fast_arena.get("prices")["prices"].values())
        return bool(abs(status["market_ms"] - newest_ms) / SPEED < 5_000)

    wait_until("the market's clock at its prices", is_clock_true)
