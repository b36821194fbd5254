"""`aicoin audit`: what it prints and the exit codes that scripts go by."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from recorded_cycles import cycles
from typer.testing import CliRunner, Result

from common.runtime.record.links import MARKET
from recorder.handlers import Recorder
from recorder.monitoring.audit.commands import app


@pytest.fixture
async def url(recorder: Recorder, database_url: str) -> str:
    await recorder.store(cycles(2), 5_000)
    return database_url


def audit(url: str, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["audit", *arguments], env={"DATABASE_URL": url})


def test_a_sound_record_ends_with_0_also_against_its_own_heads(url: str) -> None:
    heads = audit(url, "head").output.split()
    assert [head.partition(":")[0] for head in heads] == [MARKET, "deepseek", "qwen"]
    done = audit(url, "verify", *(f"--head={head}" for head in heads))
    assert done.exit_code == 0, done.output
    assert done.output.endswith("0 faults\n")


def test_a_change_is_a_line_and_ends_with_1(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE ai_decisions SET confidence = 73 WHERE model = 'qwen' AND cycle_id = 'run-1'")
    done = audit(url, "verify", "--contender", "qwen")
    assert done.exit_code == 1
    [line] = [line for line in done.output.splitlines() if "confidence" in line]
    assert line.startswith("qwen link ")
    assert "cycle run-1: ai_decisions.confidence: stored Decimal('73'), on the record Decimal('72')" in line
    assert audit(url, "verify", "--contender", "deepseek").exit_code == 0
    assert audit(url, "verify", "--to", "2026-11-19").exit_code == 1
    assert audit(url, "verify", "--to", "2026-01-01").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["verify", "--contender", "llama"], "--contender"),
        (["verify", "--head", "qwen:1"], "--head"),
        (["export", "/proc/none"], "FOLDER"),
    ],
)
def test_what_can_not_be_done_ends_with_2_and_names_the_option(url: str, arguments: list[str], named: str) -> None:
    done = audit(url, *arguments)
    assert done.exit_code == 2
    assert done.stderr.startswith(named)


def test_a_database_that_does_not_answer_ends_with_2() -> None:
    done = audit("postgresql://aicoin:x@127.0.0.1:1/aicoin", "verify")
    assert done.exit_code == 2
    assert done.stderr.startswith("DATABASE_URL: ")


def test_an_exported_copy_says_how_it_is_verified(url: str, tmp_path: Path) -> None:
    done = audit(url, "export", str(tmp_path / "copy"))
    assert done.exit_code == 0, done.output
    script = Path(done.output.split("python3 ")[1].strip())
    assert subprocess.run([sys.executable, "-I", str(script)], check=False, timeout=60).returncode == 0
