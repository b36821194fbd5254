"""Two recipes of CONTRIBUTING.md, followed word by word in a copy of the tree, pass every check there.

They take minutes, so that `make test` runs them and `make check` does not.
"""

import pytest
from tree_copy import GENERATED, ROOT, WEB, Copy, copy_with, modules_of, output_of

from aicoin_local.development.node import node_tools


@pytest.fixture(scope="module")
def rule(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    copy = copy_with("A risk rule", tmp_path_factory.mktemp("rule"))
    copy.make_docs()
    return copy


@pytest.fixture(scope="module")
def statistic(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return copy_with("A statistic", tmp_path_factory.mktemp("statistic"))


def test_a_copy_runs_its_own_modules(rule: Copy) -> None:
    names = ("risk.gate.rules.entry_limits", "common.trading.limits", "aicoin_local.settings", "support.risk_examples")
    assert [rule.root in path.parents for path in modules_of(rule, *names)] == [True] * len(names)


def test_a_risk_rule_changes_its_files_and_what_make_docs_writes(rule: Copy) -> None:
    written = {step.path for step in rule.steps}
    assert rule.changed() == written | GENERATED


def test_a_risk_rule_passes_lint_types_and_contracts(rule: Copy) -> None:
    python = [step.path for step in rule.steps if step.path.endswith(".py")]
    rule.run("-m", "ruff", "check", "--quiet", *python)
    rule.run("-m", "ruff", "format", "--check", "--quiet", *python)
    rule.run("-m", "mypy", "--strict", "services/risk", "libs/common/common/trading")
    rule.run("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache")


def test_a_risk_rule_passes_the_gates_tests(rule: Copy) -> None:
    compose = "tests/architecture/test_topology.py::test_the_settings_that_compose_passes_on_are_current"
    rule.test("tests/unit/risk", compose)


def test_a_statistic_follows_from_the_fills_and_is_served(statistic: Copy) -> None:
    [module] = modules_of(statistic, "recorder.handlers")
    assert statistic.root in module.parents
    figures = "tests/contract/recorder/test_recorder_statistics.py::test_"
    served = "tests/contract/test_gateway_openapi.py::test_rows_match_the_document"
    statistic.test(
        f"{figures}leaderboard_figures_follow_from_the_raw_fills[0]",
        f"{figures}no_trades_have_no_figures",
        f"{served}[/leaderboard]",
        f"{served}[/models/{{model}}]",
    )


def test_a_statistic_has_its_label_in_both_languages(statistic: Copy) -> None:
    modules = statistic.root / WEB / "node_modules"
    modules.symlink_to(ROOT / WEB / "node_modules", target_is_directory=True)
    tools = node_tools()
    for arguments in (("check",), ("test", "--", "test/words", "test/statistics")):
        command = [*tools.npm, "run", "--silent", *arguments]
        output_of(command, statistic.root / WEB, dict(tools.environment))
