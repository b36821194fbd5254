"""A copy of the tree to which a recipe of CONTRIBUTING.md has been applied word by word.

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

from recipes import Step, read_recipe

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
LEFT_OUT = shutil.ignore_patterns(".*", "node_modules", "__pycache__", "dist", "*.egg-info")
GENERATOR = re.compile(r"^\t@\$\(PYTHON_BIN\) -m (?P<module>\S+)(?: > (?P<page>\S+))?$", re.MULTILINE)
GENERATED = {
    "docs/risk-rules.md",
    "docs/metrics.md",
    "deploy/compose.base.yaml",
    "deploy/helm/aicoin/files/settings.json",
}
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
        return output_of([sys.executable, *arguments], self.root / folder, environment)

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


def output_of(command: list[str], folder: Path, environment: dict[str, str]) -> str:
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


def modules_of(copy: Copy, *names: str) -> list[Path]:
    """Where the copy's Python finds these modules."""
    source = f"import importlib\nfor name in {names}: print(importlib.import_module(name).__file__)"
    return [Path(line) for line in copy.run("-c", source).splitlines()]
