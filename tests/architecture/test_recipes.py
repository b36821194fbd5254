"""Two recipes of CONTRIBUTING.md in a copy of the tree: what following them touches."""

from pathlib import Path

from tree_copy import copy_with


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
