"""The journal of closes: what was noted outlives the process, a torn line is none, a full disk stops nobody."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from common.trading.instruments import Symbol
from executor.domain.order import OrderSpec
from executor.storage.close_journal import CloseJournal, JournaledClose


class Log:
    """What was complained about."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def warning(self, event: str, **figures: Any) -> None:
        self.said.append(event)

    error = warning


def close(cloid: str, nonce: int) -> JournaledClose:
    spec = OrderSpec(Symbol.ETH, False, Decimal("0.50"), Decimal("3600.5"), cloid, True)
    return JournaledClose("intent", spec, nonce, sent_ms=nonce, void_after_ms=nonce + 20_000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "closes-qwen.jsonl"


def test_what_was_noted_is_there_after_a_restart(path: Path) -> None:
    log = Log()
    journal = CloseJournal(path, log)
    assert (journal.closes, journal.last_nonce, path.exists()) == ({}, 0, False)
    first, second = close("0x1", 1_000), close("0x2", 4_000)
    journal.note(first)
    journal.note(second)
    answered = replace(first, answer={"status": "err", "response": "no"}, answered_ms=1_100)
    journal.note(answered)
    again = CloseJournal(path, log)
    assert again.closes == {"0x1": answered, "0x2": second}
    assert again.last_nonce == 4_000
    assert log.said == []


def test_a_line_that_was_cut_off_is_left_out(path: Path) -> None:
    journal, log = CloseJournal(path, Log()), Log()
    journal.note(close("0x1", 1_000))
    whole = path.read_bytes()
    journal.note(close("0x2", 2_000))
    path.write_bytes(path.read_bytes()[: len(whole) + 40])
    torn = CloseJournal(path, log)
    assert list(torn.closes) == ["0x1"]
    assert len(log.said) == 1
    torn.note(close("0x3", 3_000))
    assert list(CloseJournal(path, log).closes) == ["0x1", "0x3"]


def test_what_the_tables_have_is_forgotten_and_nothing_else(path: Path) -> None:
    journal = CloseJournal(path, Log())
    journal.note(close("0x1", 1_000))
    taken = dict(journal.closes)
    journal.note(close("0x2", 2_000))
    journal.forget(taken)
    assert list(journal.closes) == ["0x2"]
    assert "0x2" in CloseJournal(path, Log()).closes
    journal.forget(dict(journal.closes))
    assert not path.exists()


def test_a_disk_that_refuses_keeps_nobody_from_closing(path: Path) -> None:
    log = Log()
    journal = CloseJournal(path / "no such folder" / "file", log)
    journal.note(close("0x1", 1_000))
    assert list(journal.closes) == ["0x1"]
    assert log.said == ["a close could not be noted; check EXECUTOR_DATA_DIR"]


@pytest.mark.parametrize("answer", [{"status": "ok", "response": {}}, {"status": "ok", "response": None}, {}])
def test_an_answer_that_cannot_be_read_counts_as_none(answer: Any) -> None:
    assert read_answer(replace(close("0x1", 1_000), answer=answer)) is None


def test_an_answer_says_what_became_of_a_close() -> None:
    refused = read_answer(replace(close("0x1", 1_000), answer={"status": "err", "response": "no"}))
    assert refused is not None
    assert refused.error == "no"
    assert read_answer(close("0x1", 1_000)) is None
