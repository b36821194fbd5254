"""A journal outlives a run that was ended anywhere, and belongs to one run only."""

from pathlib import Path

import pytest

from common.events import Outcome
from replay.domain.answer import Answered, Arm
from replay.storage.journal import Journal, OtherRun

OPTIONS = {"strategy": "a", "samples": 2}


def answered(sample: int) -> Answered:
    return Answered(
        cycle_id="r-1",
        model="qwen",
        boundary_ms=60_000,
        arm=Arm.CHANGED,
        sample=sample,
        outcome=Outcome.INVALID,
        decision=None,
        failure_code="NOT_JSON",
        denial_code=None,
        exposure=None,
        prompt_hash="h",
        prompt_lines=3,
    )


def test_answers_are_there_again_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "run" / "journal.jsonl"
    with Journal(path, OPTIONS) as journal:
        journal.add(answered(0))
        journal.add(answered(1))
    with Journal(path, OPTIONS) as again:
        assert list(again.answers.values()) == [answered(0), answered(1)]


@pytest.mark.parametrize("cut", [1, 20])
def test_a_line_that_was_cut_off_is_written_again(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal(path, OPTIONS) as journal:
        journal.add(answered(0))
        journal.add(answered(1))
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    with Journal(path, OPTIONS) as again:
        assert list(again.answers.values()) == [answered(0)]
        again.add(answered(1))
    assert path.read_bytes() == whole


def test_another_runs_journal_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    Journal(path, OPTIONS).__exit__()
    with pytest.raises(OtherRun, match="samples was 2 in it and is 3 now"):
        Journal(path, OPTIONS | {"samples": 3})
