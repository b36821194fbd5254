"""Two recipes of CONTRIBUTING.md, followed word by word in a copy of the tree: what they touch, and that it works.

The copy's modules come before the installed ones: every command runs in the copy's root with the copy's packages on the
path, and a test holds that against `__file__`.
"""

import filecmp
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from recipes import Step, read_recipe

from aicoin_local.development.node import node_tools

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
LEFT_OUT = shutil.ignore_patterns(".*", "node_modules", "__pycache__", "dist", "*.egg-info")
GENERATOR = re.compile(r"^\t@\$\(PYTHON_BIN\) -m (?P<module>\S+)(?: > (?P<page>\S+))?$", re.MULTILINE)
GENERATED = {"docs/risk-rules.md", "deploy/compose.base.yaml"}
WEB = Path("services", "gateway", "web")


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of the tree to which a recipe has been applied."""

    root: Path
    steps: list[Step]

    def run(self, *arguments: str, folder: Path = Path()) -> str:
        """The output of Python with these arguments, by the copy's modules; it must succeed."""
        folders = [self.root / path for path in ("libs/common", "deploy/local", "tests", "tests/support")]
        folders += sorted(path for path in (self.root / "services").iterdir() if path.is_dir())
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        environment |= {"PYTHONPATH": os.pathsep.join(map(str, folders)), "PYTHONDONTWRITEBYTECODE": "1"}
        return _output([sys.executable, *arguments], self.root / folder, environment)

    def test(self, *tests: str) -> None:
        self.run("-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)

    def make_docs(self) -> None:
        """Runs the commands of the Makefile's target `docs`, without its check of the environment."""
        target = (self.root / "Makefile").read_text(encoding="utf-8").partition("\ndocs:")[2].partition("\n\n")[0]
        generators = GENERATOR.findall(target)
        assert len(generators) == target.count("\n")
        for module, page in generators:
            output = self.run("-m", module)
            if page:
                (self.root / page).write_text(output, encoding="utf-8")

    def changed(self) -> set[str]:
        """The files that differ from the tree's, or that only one of the two has."""
        own, theirs = _files(self.root), _files(ROOT)
        return {
            path
            for path in own | theirs
            if path not in own or path not in theirs or not filecmp.cmp(ROOT / path, self.root / path, shallow=False)
        }


def _files(root: Path) -> set[str]:
    found: set[str] = set()
    for folder, folders, names in os.walk(root):
        ignored = LEFT_OUT(folder, [*folders, *names])
        folders[:] = [name for name in folders if name not in ignored]
        found |= {Path(folder, name).relative_to(root).as_posix() for name in names if name not in ignored}
    return found


def _output(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-6000:]}{done.stderr[-2000:]}"
    return done.stdout


def copy_with(title: str, folder: Path) -> Copy:
    """The tree under `folder`, with one recipe applied."""
    root = folder / "tree"
    shutil.copytree(ROOT, root, ignore=LEFT_OUT)
    steps = read_recipe(PAGE, title)
    for step in steps:
        step.apply(root)
    return Copy(root, steps)


@pytest.fixture(scope="module")
def rule(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    copy = copy_with("A risk rule", tmp_path_factory.mktemp("rule"))
    copy.make_docs()
    return copy


@pytest.fixture(scope="module")
def statistic(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return copy_with("A statistic", tmp_path_factory.mktemp("statistic"))


def modules_of(copy: Copy, *names: str) -> list[Path]:
    """Where the copy's Python finds these modules."""
    source = f"import importlib\nfor name in {names}: print(importlib.import_module(name).__file__)"
    return [Path(line) for line in copy.run("-c", source).splitlines()]


def test_a_copy_runs_its_own_modules(rule: Copy) -> None:
    names = ("risk.gate.rules.entry_limits", "common.trading.limits", "aicoin_local.settings", "support.risk_examples")
    assert [rule.root in path.parents for path in modules_of(rule, *names)] == [True] * len(names)


def test_a_risk_rule_is_three_files_and_what_make_docs_writes(rule: Copy) -> None:
    written = {step.path for step in rule.steps}
    assert len(written) == 3
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


def test_a_statistic_is_four_files(statistic: Copy) -> None:
    written = {step.path for step in statistic.steps}
    assert len(written) == 4
    assert statistic.changed() == written


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
        _output(command, statistic.root / WEB, dict(tools.environment))
