"""A paper arena runs as without proxies when the shell names some that lead nowhere."""

from pathlib import Path

import pytest
from harness import wait_until

from aicoin_local.testing import Arena

pytestmark = pytest.mark.system


def test_a_paper_arena_runs_past_the_proxies_of_the_shell(tmp_path: Path) -> None:
    arena = Arena(tmp_path / "data")
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        arena.environment |= dict.fromkeys((name, name.lower()), "http://127.0.0.1:1")
    arena.environment |= dict.fromkeys(("ALL_PROXY", "all_proxy"), "socks5h://127.0.0.1:1")
    arena.environment["SIMULATOR_MARKET"] = "auto"
    try:
        arena.start()
        answered = "SELECT DISTINCT model FROM ai_decisions WHERE outcome = 'answered'"
        wait_until("an answer of each model", lambda: len(arena.rows(answered)) == 2, limit_s=120)
    finally:
        code = arena.stop()
    assert code == 0, arena.output.read_text(encoding="utf-8")[-3000:]
