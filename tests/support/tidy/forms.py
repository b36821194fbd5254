"""Forms of code that hide what they mean: unpacked displays as arguments, and parts without a type."""

import ast
from collections.abc import Iterator

from tidy.sources import Finding, Source, python_of

TYPED_PARTS = {"log", "logger", "redis"}
"""Names (also with a leading underscore) whose type every reader wants to know."""


def find_star_displays(sources: list[Source]) -> Iterator[Finding]:
    """`f(*(a, b))` and `[*(a, b)]`: written out, or given by keyword, they say what each value is."""
    for source in python_of(sources):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Starred) and isinstance(node.value, (ast.Tuple, ast.List, ast.Set)):
                yield source.find("star-display", node.lineno, f"*{ast.unparse(node.value)[:60]}")


def find_untyped_parts(sources: list[Source]) -> Iterator[Finding]:
    """`log: Any` and `redis: Any`, as argument, field or result."""
    for source in python_of(sources):
        for node in ast.walk(source.tree):
            match node:
                case ast.arg(arg=name, annotation=annotation) if _is_untyped(name, annotation):
                    yield source.find("untyped", node.lineno, f"{name}: Any")
                case ast.AnnAssign(target=ast.Name(id=name) | ast.Attribute(attr=name), annotation=annotation) if (
                    _is_untyped(name, annotation)
                ):
                    yield source.find("untyped", node.lineno, f"{name}: Any")
                case ast.FunctionDef(name=name, returns=annotation) if _is_untyped(name, annotation):
                    yield source.find("untyped", node.lineno, f"{name}() -> Any")


def _is_untyped(name: str, annotation: ast.expr | None) -> bool:
    return name.lstrip("_") in TYPED_PARTS and isinstance(annotation, ast.Name) and annotation.id == "Any"
