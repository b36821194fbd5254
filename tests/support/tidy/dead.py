"""Names that nothing refers to: module-level constants, functions and classes; methods, and fields of dataclasses.

Methods and fields are looked at outside tests and benchmarks only: there, doubles have them for a library to call.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tidy.sources import Finding, Source, python_of

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
PLAIN_DECORATORS = {
    "property",
    "cached_property",
    "staticmethod",
    "classmethod",
    "cache",
    "lru_cache",
    "dataclass",
    "contextmanager",
    "asynccontextmanager",
    "abstractmethod",
    "override",
    "total_ordering",
    "runtime_checkable",
}
"""A definition under any other decorator is registered by it: a route, a fixture, a validator, a command."""
OPEN_BASES = {"object", "Protocol", "ABC", "Generic", "Exception"}
"""Classes above which no library calls methods by name."""
NAMED_BY_OTHERS = re.compile(r"^__\w+__$|^(?:test|pytest)_|^Test[A-Z]|^_$|^pytestmark$")
DOUBLES = ("tests/", "bench/")
USED_IN_TEXT = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Defined:
    """A name that the project defines; `span` is the definition's first and last line."""

    source: Source
    name: str
    what: str
    span: tuple[int, int]


def find_dead_names(sources: list[Source]) -> Iterator[Finding]:
    """Names that are defined and then not referred to, in any file, outside their own definition and `__all__`."""
    python = python_of(sources)
    used = Counter[str]()
    for source in python:
        used.update(name for name, _ in _uses(source.tree))
    for source in sources:
        if source.path.endswith(("pyproject.toml", "Makefile", "compose.yaml")):
            used.update(USED_IN_TEXT.findall(source.text))
    for source in python:
        own_uses = _uses_by_name(source.tree)
        for defined in _definitions(source):
            first, last = defined.span
            inside = sum(first <= line <= last for line in own_uses.get(defined.name, ()))
            if used[defined.name] - inside <= 0:
                yield source.find("dead", first, f"{defined.what} {defined.name}")


def _uses_by_name(tree: ast.Module) -> dict[str, list[int]]:
    lines: dict[str, list[int]] = {}
    for name, line in _uses(tree):
        lines.setdefault(name, []).append(line)
    return lines


def _uses(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every name that is read, with its line; names in strings count, for they may be looked up or be annotations."""
    exported = {id(node) for node in _exports(tree)}
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load() | ast.Del()) | ast.Attribute(attr=name, ctx=ast.Load() | ast.Del()):
                yield name, node.lineno
            case ast.alias(name=name, asname=str()):
                yield name.rpartition(".")[2], node.lineno
            case ast.MatchClass(kwd_attrs=names):
                yield from ((name, node.lineno) for name in names)
            case ast.Constant(value=str(text)) if id(node) not in exported and len(text) < 200:
                if " " not in text.strip() or text.startswith(("import ", "from ")):
                    yield from ((name, node.lineno) for name in USED_IN_TEXT.findall(text))


def _exports(tree: ast.Module) -> Iterator[ast.AST]:
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "__all__" for target in statement.targets
        ):
            yield from ast.walk(statement.value)


def _definitions(source: Source) -> Iterator[Defined]:
    for statement in source.tree.body:
        for name, what in _names_of(statement):
            if not NAMED_BY_OTHERS.match(name) and name != "main":
                yield Defined(source, name, what, _span(statement))
        if isinstance(statement, ast.ClassDef) and _is_own_kind(statement) and not source.path.startswith(DOUBLES):
            yield from _members(source, statement)


def _members(source: Source, class_: ast.ClassDef) -> Iterator[Defined]:
    """Methods, and the fields of a dataclass that is not written out field by field."""
    is_dataclass = "dataclass" in _decorators(class_)
    for statement in class_.body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            names: Iterable[tuple[str, str]] = _names_of(statement)
        elif is_dataclass and isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            names = [(statement.target.id, "field")]
        else:
            continue
        for name, what in names:
            if not NAMED_BY_OTHERS.match(name):
                yield Defined(source, name, f"{what} of {class_.name}:", _span(statement))


def _names_of(statement: ast.stmt) -> Iterator[tuple[str, str]]:
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            if _decorators(statement) <= PLAIN_DECORATORS:
                yield name, "function"
        case ast.ClassDef(name=name):
            if _decorators(statement) <= PLAIN_DECORATORS:
                yield name, "class"
        case ast.Assign(targets=targets):
            for target in targets:
                yield from ((node.id, "constant") for node in ast.walk(target) if isinstance(node, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name, "constant"


def _decorators(node: Definition) -> set[str]:
    return {
        ast.unparse(each.func if isinstance(each, ast.Call) else each).rpartition(".")[2]
        for each in node.decorator_list
    }


def _is_own_kind(class_: ast.ClassDef) -> bool:
    """Whether no library can call the class's methods by name, and the fields are not written out as a whole."""
    bases = {ast.unparse(base).partition("[")[0] for base in class_.bases}
    return bases <= OPEN_BASES and _decorators(class_) <= PLAIN_DECORATORS


def _span(node: ast.stmt) -> tuple[int, int]:
    return node.lineno, node.end_lineno or node.lineno
