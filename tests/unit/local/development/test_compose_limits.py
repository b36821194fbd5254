"""Compose's list of limits: current, and written without touching anything else of the file."""

import pytest

from aicoin_local.development.compose_limits import COMPOSE, with_limits


def test_the_compose_file_names_every_limit() -> None:
    text = COMPOSE.read_text(encoding="utf-8")
    assert with_limits(text) == text, "run `make docs`"


def test_a_limit_that_is_missing_is_written_and_one_too_many_removed() -> None:
    text = COMPOSE.read_text(encoding="utf-8")
    changed = text.replace("  MAX_LEVERAGE:\n", "").replace("  MIN_CONFIDENCE:\n", "  MIN_CONFIDENCE:\n  MIN_LUCK:\n")
    assert changed != text
    assert with_limits(changed) == text


def test_a_file_without_the_block_is_refused() -> None:
    with pytest.raises(ValueError, match="0 blocks"):
        with_limits("services: {}\n")
