"""The confirmation of real money."""

from decimal import Decimal
from pathlib import Path

from executor.storage.confirmations import FILE, Confirmation, read_confirmation, write_confirmation


def test_a_confirmation_is_read_as_it_was_written(tmp_path: Path) -> None:
    confirmed = Confirmation(frozenset({"0xab", "0xcd"}), Decimal("100.5"))
    write_confirmation(tmp_path / "folder", confirmed, "now")
    assert read_confirmation(tmp_path / "folder") == confirmed


def test_a_confirmation_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    assert read_confirmation(tmp_path) is None
    for content in ("", "[]", '{"accounts": [1]}', '{"accounts": [], "cap_usd": "much"}'):
        (tmp_path / FILE).write_text(content, encoding="utf-8")
        assert read_confirmation(tmp_path) is None
