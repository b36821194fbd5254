"""The files that the rules read, and what a rule reports."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[3]
FOLDERS = ("libs", "services", "deploy", "tests", "bench", "docs")
SKIPPED_FOLDERS = {"node_modules", "dist", "build", "__pycache__", "golden", "images", ".pytest_cache"}
SCRIPTS = {".ts", ".tsx", ".mjs", ".js", ".go", ".css"}
TEXTS = {".md", ".toml", ".yml", ".yaml", ".sql", ".lua", ".json"}
NOT_READ = {"package-lock.json", "package.json"}


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One place that breaks a rule; `path` is relative to the root."""

    path: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: [{self.rule}] {self.message}"


@dataclass(frozen=True)
class Source:
    """One file of the project. `tree` exists only for Python."""

    path: str
    text: str

    @property
    def suffix(self) -> str:
        return Path(self.path).suffix

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    def find(self, rule: str, line: int, message: str) -> Finding:
        return Finding(self.path, line, rule, message)


Rule = Callable[[list[Source]], Iterator[Finding]]


def read_sources(root: Path = ROOT) -> list[Source]:
    """Every file that the rules apply to, by path."""
    wanted = {".py", *SCRIPTS, *TEXTS}
    found = [path for folder in FOLDERS for path in _files_under(root / folder) if path.suffix in wanted]
    found += [*root.glob("*.md"), root / "Makefile", root / "pyproject.toml", root / ".env.example"]
    return [
        Source(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
        for path in sorted(found)
        if path.name not in NOT_READ and path.is_file()
    ]


def python_of(sources: list[Source]) -> list[Source]:
    """The Python files among them."""
    return [source for source in sources if source.suffix == ".py"]


def _files_under(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_dir():
            if path.name not in SKIPPED_FOLDERS and not path.name.endswith(".egg-info"):
                yield from _files_under(path)
        else:
            yield path
