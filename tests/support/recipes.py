"""The recipes of CONTRIBUTING.md as edits: which file, which place in it, which text.

A step is an item of a numbered list, or a paragraph under one, that names a file and a place, and the fenced block
that follows it:

    1. `services/risk/risk/metrics.py` – before `MISSING`:

       ```python
       …
       ```

Places: `before`, `after` and `in place of` a line, `at the end` of the file, `new` for a file that doesn't exist. A
line is named by its beginning, without indentation; exactly one line of the file must begin so. `NNNN` in a
migration's name is the number after the last one.
"""

import re
from dataclasses import dataclass
from pathlib import Path

SECTION = re.compile(r"^## (?P<title>.+)\n(?P<body>(?:(?!^##? ).*\n)*)", re.MULTILINE)
STEP = re.compile(
    r"^(?:\d+\. +| +)`(?P<path>[^`]+)` – (?P<place>before|after|in place of|at the end|new)"
    r"(?: (?P<ticks>`{1,2}) ?(?P<line>.+?) ?(?P=ticks))?:\n\n"
    r"(?P<indent> +)```\w+\n(?P<text>.*?\n)(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


class RecipeError(ValueError):
    """A step can't be read, or its place doesn't exist; the message names the file."""


@dataclass(frozen=True, slots=True)
class Step:
    """One edit of one file. `line` is the beginning of the line that the place refers to, if it refers to one."""

    path: str
    place: str
    line: str
    text: str

    def apply(self, root: Path) -> None:
        """Edits the file under `root`. Raises RecipeError when the place isn't there exactly once."""
        path = _numbered(root / self.path)
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        if (self.place == "new") == bool(before):
            raise RecipeError(f"{self.path}: {'exists already' if before else 'does not exist'}")
        path.write_text(self._edited(before), encoding="utf-8")

    def _edited(self, before: str) -> str:
        if self.place in ("new", "at the end"):
            return before + self.text
        lines = before.splitlines(keepends=True)
        found = [index for index, line in enumerate(lines) if line.lstrip().startswith(self.line)]
        if len(found) != 1:
            raise RecipeError(f"{self.path}: {len(found)} lines begin with {self.line}")
        first = found[0] + (self.place == "after")
        last = found[0] + (self.place != "before")
        return "".join([*lines[:first], self.text, *lines[last:]])


def _numbered(path: Path) -> Path:
    """The path with its number for NNNN; a way back has that of its migration."""
    name = path.name.removeprefix("NNNN")
    if name == path.name:
        return path
    folder = path.parent.parent if path.parent.name == "down" else path.parent
    numbers = [int(each.name[:4]) for each in folder.glob("[0-9]*.sql") if not each.name.endswith(name)]
    return path.with_name(f"{max(numbers, default=0) + 1:04}{name}")


def titles_of(page: str) -> list[str]:
    """The recipes that have steps."""
    return [found["title"] for found in SECTION.finditer(page) if STEP.search(found["body"])]


def read_recipe(page: str, title: str) -> list[Step]:
    """The steps of one recipe, in order. Raises RecipeError when it has a block that no step leads to."""
    sections = {found["title"]: found["body"] for found in SECTION.finditer(page)}
    if title not in sections:
        raise RecipeError(f"no recipe is called {title}")
    body = sections[title]
    steps = [
        Step(found["path"], found["place"], found["line"] or "", re.sub(f"(?m)^{found['indent']}", "", found["text"]))
        for found in STEP.finditer(body)
    ]
    if not steps or len(steps) != body.count("```") // 2:
        raise RecipeError(f"{title}: {len(steps)} steps for {body.count('```') // 2} blocks")
    return steps
