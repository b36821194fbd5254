"""Whole prompts, word for word: `python tests/support/prompt_goldens.py` writes them again after a wanted change."""

import pytest

from support.prompt_goldens import FOLDER, GOLDENS, render


@pytest.mark.parametrize("name", sorted(GOLDENS))
def test_a_prompt_is_the_recorded_one(name: str) -> None:
    assert render(name) == (FOLDER / name).read_text(encoding="utf-8")


def test_no_recorded_prompt_is_left_over() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(GOLDENS)
