"""What the running stack has recorded comes out of a replay byte for byte."""

import re
from pathlib import Path

import pytest
from harness import wait_until

from aicoin_local.testing import Arena

pytestmark = pytest.mark.system

CYCLES = 12
RECORDED_LIMIT_S = 400


def recorded(arena: Arena, model: str) -> int:
    [row] = arena.rows(
        """SELECT count(*) AS n FROM ai_decisions d JOIN record_links l ON l.event_id = d.id
        WHERE d.model = %s AND d.prompt_hash IS NOT NULL""",
        model,
    )
    return int(row["n"])


def test_decisions_of_the_running_stack_replay_byte_for_byte(arena: Arena) -> None:
    for model in ("deepseek", "qwen"):
        wait_until(
            f"decisions of {model}",
            lambda model=model: recorded(arena, model) >= CYCLES,  # type: ignore[misc]
            limit_s=RECORDED_LIMIT_S,
        )
    done = arena.command("replay")
    assert done.returncode == 0, done.stdout + done.stderr
    equal = re.search(r"(\d+) equal", done.stdout)
    assert equal is not None, done.stdout
    assert int(equal[1]) >= 2 * CYCLES


def test_the_stand_in_answers_recorded_prompts_as_it_did(arena: Arena, tmp_path: Path) -> None:
    wait_until("decisions", lambda: recorded(arena, "deepseek") >= CYCLES, limit_s=RECORDED_LIMIT_S)
    out = tmp_path / "run"
    done = arena.command("replay", "--contender", "deepseek", "--mode", "baseline", "--out", str(out))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (out / "report.html").is_file()
    assert re.search(r"^0 of \d+ decisions differ", done.stdout, re.MULTILINE), done.stdout
