"""The close journal: a close outlives the process, a torn line is skipped, a full disk stops no close."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from common.trading.instruments import Symbol
from executor.domain.order import OrderSpec
from executor.storage.close_journal import CloseJournal, JournaledClose


class Log:
    """The messages that were logged."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def warning(self, event: str, **figures: Any) -> None:
        self.messages.append(event)

    error = warning


def close(cloid: str, nonce: int) -> JournaledClose:
    spec = OrderSpec(
        symbol=Symbol.ETH,
        is_buy=False,
        size_coin=Decimal("0.50"),
        price=Decimal("3600.5"),
        client_order_id=cloid,
        reduce_only=True,
    )
    return JournaledClose("intent", spec, nonce, sent_ms=nonce, void_after_ms=nonce + 20_000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "closes-qwen.jsonl"


def test_a_journaled_close_is_there_after_a_restart(path: Path) -> None:
    log = Log()
    journal = CloseJournal(path, log)
    assert (journal.closes, journal.last_nonce, path.exists()) == ({}, 0, False)
    first, second = close("0x1", 1_000), close("0x2", 4_000)
    journal.append(first)
    journal.append(second)
    answered = replace(first, answer={"status": "err", "response": "no"}, answered_ms=1_100)
    journal.append(answered)
    again = CloseJournal(path, log)
    assert again.closes == {"0x1": answered, "0x2": second}
    assert again.last_nonce == 4_000
    assert log.messages == []


def test_a_line_that_was_cut_off_is_skipped(path: Path) -> None:
    journal, log = CloseJournal(path, Log()), Log()
    journal.append(close("0x1", 1_000))
    whole = path.read_bytes()
    journal.append(close("0x2", 2_000))
    path.write_bytes(path.read_bytes()[: len(whole) + 40])
    torn = CloseJournal(path, log)
    assert list(torn.closes) == ["0x1"]
    assert len(log.messages) == 1
    torn.append(close("0x3", 3_000))
    assert list(CloseJournal(path, log).closes) == ["0x1", "0x3"]


def test_recorded_closes_are_discarded_and_nothing_else(path: Path) -> None:
    journal = CloseJournal(path, Log())
    journal.append(close("0x1", 1_000))
    recorded = dict(journal.closes)
    journal.append(close("0x2", 2_000))
    journal.discard(recorded)
    assert list(journal.closes) == ["0x2"]
    assert "0x2" in CloseJournal(path, Log()).closes
    journal.discard(dict(journal.closes))
    assert not path.exists()


def test_a_disk_that_refuses_does_not_stop_a_close(path: Path) -> None:
    log = Log()
    journal = CloseJournal(path / "no such folder" / "file", log)
    journal.append(close("0x1", 1_000))
    assert list(journal.closes) == ["0x1"]
    assert log.messages == ["a close is kept in memory only; check EXECUTOR_DATA_DIR"]
