"""Sizes: of functions (branches, lines), modules, folders, lines of Markdown and names of tests."""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from tidy.sources import Finding, Source, python_of

MOST_COMPLEXITY = 15
MOST_FUNCTION_LINES = 70
MOST_MODULE_LINES = 350
MOST_MODULES_IN_A_FOLDER = 12
MOST_MARKDOWN_COLUMNS = 120
MOST_TEST_NAME_CHARACTERS = 70

Exempt = Mapping[str, str]
"""What reads best as it is, with the reason: `path::function`, or the path of a module or folder."""
COMPLEX_FUNCTIONS: Exempt = {}
LONG_FUNCTIONS: Exempt = {}
LONG_MODULES: Exempt = {}
FULL_FOLDERS: Exempt = {
    "bench": "one program for each benchmark, run by its name",
    "tests/support": "one module for each part under test, imported by its bare name",
}
GENERATED_SUFFIX = ".gen."
GENERATED = {"docs/events.md": "make docs"}

ONE_LINK = re.compile(r"\s*(?:[-*]\s+|\d+\.\s+|!)?[\[<(]*\S*https?:\S+")

Function = ast.FunctionDef | ast.AsyncFunctionDef
BRANCHES = (ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.match_case, ast.comprehension)


def complexity_of(function: Function) -> int:
    """McCabe's number: 1 and one for each branch, loop, handler, case, comprehension and further operand of and/or.

    Functions and classes that are defined inside count for themselves.
    """
    count, waiting = 1, list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        if isinstance(node, BRANCHES):
            count += 1
        if isinstance(node, ast.comprehension):
            count += len(node.ifs)
        if isinstance(node, ast.BoolOp):
            count += len(node.values) - 1
        waiting += ast.iter_child_nodes(node)
    return count


def _functions(sources: list[Source]) -> Iterator[tuple[Source, Function]]:
    for source in python_of(sources):
        for node in ast.walk(source.tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield source, node


def find_complex_functions(sources: list[Source], exempt: Exempt = COMPLEX_FUNCTIONS) -> Iterator[Finding]:
    """Functions with more branches than a reader keeps in mind."""
    for source, function in _functions(sources):
        number = complexity_of(function)
        if number > MOST_COMPLEXITY and f"{source.path}::{function.name}" not in exempt:
            yield source.find("complexity", function.lineno, f"{function.name}: {number} > {MOST_COMPLEXITY}")


def find_long_functions(sources: list[Source], exempt: Exempt = LONG_FUNCTIONS) -> Iterator[Finding]:
    """Functions that don't fit on a screen."""
    for source, function in _functions(sources):
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        if length > MOST_FUNCTION_LINES and f"{source.path}::{function.name}" not in exempt:
            yield source.find("function-length", function.lineno, f"{function.name}: {length} > {MOST_FUNCTION_LINES}")


def find_long_modules(sources: list[Source], exempt: Exempt = LONG_MODULES) -> Iterator[Finding]:
    """Modules with more lines than one subject needs."""
    for source in sources:
        length = len(source.lines)
        is_module = source.suffix in {".py", ".ts", ".tsx"} and GENERATED_SUFFIX not in source.path
        if is_module and length > MOST_MODULE_LINES and source.path not in exempt:
            yield source.find("module-length", 1, f"{length} lines > {MOST_MODULE_LINES}")


def find_full_folders(sources: list[Source], exempt: Exempt = FULL_FOLDERS) -> Iterator[Finding]:
    """Folders with more modules than a reader takes in at a glance. Test modules mirror sources and don't count."""
    modules = Counter(
        Path(source.path).parent.as_posix()
        for source in sources
        if source.suffix in {".py", ".ts", ".tsx"}
        and not Path(source.path).name.startswith(("__init__", "test_", "conftest"))
        and ".test." not in Path(source.path).name
    )
    for folder, count in modules.items():
        if count > MOST_MODULES_IN_A_FOLDER and folder not in exempt:
            yield Finding(folder, 1, "folder", f"{count} modules > {MOST_MODULES_IN_A_FOLDER}")


def find_long_test_names(sources: list[Source]) -> Iterator[Finding]:
    """Test names that are no longer read."""
    for source, function in _functions(sources):
        if function.name.startswith("test_") and len(function.name) > MOST_TEST_NAME_CHARACTERS:
            message = f"{function.name}: {len(function.name)} characters > {MOST_TEST_NAME_CHARACTERS}"
            yield source.find("test-name", function.lineno, message)


def find_wide_markdown(sources: list[Source]) -> Iterator[Finding]:
    """Lines of Markdown that need scrolling. Tables, code and lines that are one link or picture can't be broken."""
    for source in sources:
        if source.suffix != ".md" or source.path in GENERATED:
            continue
        is_code = False
        for number, line in enumerate(source.lines, 1):
            if line.lstrip().startswith("```"):
                is_code = not is_code
            elif len(line) > MOST_MARKDOWN_COLUMNS and not is_code and not _cannot_be_broken(line):
                yield source.find("markdown", number, f"{len(line)} columns > {MOST_MARKDOWN_COLUMNS}")


def _cannot_be_broken(line: str) -> bool:
    return line.lstrip().startswith("|") or ONE_LINK.fullmatch(line) is not None
