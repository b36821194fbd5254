"""The tree keeps the house rules; each finding names file, line and rule."""

import pytest
from tidy.rules import RULES
from tidy.shape import (
    COMPLEX_FUNCTIONS,
    FULL_FOLDERS,
    LONG_FUNCTIONS,
    LONG_MODULES,
    Exempt,
    find_complex_functions,
    find_full_folders,
    find_long_functions,
    find_long_modules,
)
from tidy.sources import Finding, Source, read_sources


@pytest.fixture(scope="module")
def sources() -> list[Source]:
    return read_sources()


@pytest.mark.parametrize("rule", RULES)
def test_the_tree_keeps_the_rule(sources: list[Source], rule: str) -> None:
    findings = sorted(RULES[rule](sources))
    assert not findings, f"{len(findings)} findings:\n" + "\n".join(map(str, findings))


def subject_of(finding: Finding) -> str:
    """What an exemption would call the finding."""
    has_name = finding.rule in ("complexity", "function-length")
    return f"{finding.path}::{finding.message.partition(':')[0]}" if has_name else finding.path


@pytest.mark.parametrize(
    ("rule", "exempt"),
    [
        (find_complex_functions, COMPLEX_FUNCTIONS),
        (find_long_functions, LONG_FUNCTIONS),
        (find_long_modules, LONG_MODULES),
        (find_full_folders, FULL_FOLDERS),
    ],
    ids=("complexity", "function-length", "module-length", "folder"),
)
def test_no_exemption_outlives_its_need(sources: list[Source], rule, exempt: Exempt) -> None:  # type: ignore[no-untyped-def]
    assert set(exempt) <= {subject_of(finding) for finding in rule(sources, exempt={})}
    assert all(exempt.values()), "an exemption states its reason"
