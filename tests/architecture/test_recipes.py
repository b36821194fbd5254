"""The recipes of CONTRIBUTING.md: each step's place exists, and what following two of them touches."""

import shutil
from pathlib import Path

import pytest
from recipes import read_recipe, titles_of
from tree_copy import PAGE, ROOT, copy_with

WRITTEN_BY_COMMAND = {"arena.toml": "libs/common/common/runtime/arena.toml", ".env": ".env.example"}


@pytest.mark.parametrize("title", titles_of(PAGE))
def test_every_place_that_a_recipe_names_exists_once(title: str, tmp_path: Path) -> None:
    steps = read_recipe(PAGE, title)
    for step in steps:
        (tmp_path / step.path).parent.mkdir(parents=True, exist_ok=True)
        source = ROOT / WRITTEN_BY_COMMAND.get(step.path, step.path)
        if source.exists():
            shutil.copy(source, tmp_path / step.path)
    for step in steps:
        step.apply(tmp_path)


def test_a_risk_rule_is_five_files(tmp_path: Path) -> None:
    copy = copy_with("A risk rule", tmp_path)
    written = {step.path for step in copy.steps}
    assert len(written) == 5
    assert copy.changed() == written


def test_a_statistic_is_four_files(tmp_path: Path) -> None:
    copy = copy_with("A statistic", tmp_path)
    written = {step.path for step in copy.steps}
    assert len(written) == 4
    assert copy.changed() == written
