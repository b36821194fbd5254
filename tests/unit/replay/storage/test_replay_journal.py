"""A journal outlives a run that was ended anywhere, and belongs to one run only."""

from decimal import Decimal
from pathlib import Path

import pytest

from common.events import Outcome
from replay.domain.answer import Answered, Arm
from replay.runs.models import RunBudget
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


async def test_a_call_that_was_cut_short_counts_as_spent(tmp_path: Path) -> None:
    path, cap = tmp_path / "journal.jsonl", Decimal(2)
    for _ in range(2):
        with Journal(path, OPTIONS) as journal:
            budget = RunBudget(cap)
            budget.resume(journal.spent_usd, journal.spend)
            settled = await budget.reserve(Decimal("0.5"), 0)
            assert settled is not None
            await budget.settle(settled, Decimal("0.2"))
            assert await budget.reserve(Decimal("0.7"), 0) is not None  # The process ends before it is settled.
            journal.add(answered(0))
    with Journal(path, OPTIONS) as journal:
        assert journal.spent_usd == Decimal("1.8")
        budget.resume(journal.spent_usd, journal.spend)
        assert await budget.reserve(Decimal("0.3"), 0) is None
        assert list(journal.answers.values()) == [answered(0)]


@pytest.mark.parametrize("first", [b"no JSON\n", b"[1]\n", b"\xff\n"])
def test_a_file_that_is_no_journal_is_refused_and_left_as_it_is(tmp_path: Path, first: bytes) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(first)
    with pytest.raises(OtherRun, match="does not begin with the options of a run"):
        Journal(path, OPTIONS)
    assert path.read_bytes() == first


def test_another_runs_journal_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    Journal(path, OPTIONS).__exit__()
    with pytest.raises(OtherRun, match="samples was 2 in it and is 3 now"):
        Journal(path, OPTIONS | {"samples": 3})
