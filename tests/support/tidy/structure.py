"""The shape of the packages: entries at a service's top level, and import circles between modules."""

import ast
import graphlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import PurePosixPath

from tidy.sources import Finding, Source, python_of

MOST_ENTRIES = 8
MEASURED_SERVICES = {"executor", "risk", "gateway", "recorder", "simulator", "ingester", "replay"}
LAUNCHER = "deploy/local/aicoin_local"
NO_ENTRIES = {"__init__.py", "__main__.py", "py.typed"}
PACKAGE_ROOTS = ("libs/common/", "deploy/local/", "tests/support/", "tests/")


def find_crowded_packages(sources: list[Source]) -> Iterator[Finding]:
    """Packages of a service or of the launcher with more entries at the top level than a reader takes in."""
    entries: dict[str, set[str]] = defaultdict(set)
    for source in sources:
        parts = PurePosixPath(source.path).parts
        if len(parts) >= 4 and parts[0] == "services" and parts[1] == parts[2] and parts[1] in MEASURED_SERVICES:
            entries["/".join(parts[:3])].add(parts[3])
        if source.path.startswith(LAUNCHER) and source.path != f"{LAUNCHER}/cli.py":
            entries[LAUNCHER].add(parts[3])
    for package, names in entries.items():
        count = len(names - NO_ENTRIES)
        if count > MOST_ENTRIES:
            yield Finding(package, 1, "entries", f"{count} entries at the top level > {MOST_ENTRIES}")


def find_import_circles(sources: list[Source]) -> Iterator[Finding]:
    """One circle of modules that import each other, if there is any; imports inside functions count too."""
    modules = {_module_name(source.path): source for source in python_of(sources)}
    graph = {name: set(_imports_of(name, source, modules)) for name, source in modules.items()}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        circle: list[str] = error.args[1]
        yield Finding(modules[circle[0]].path, 1, "circle", " ← ".join(circle))


def _module_name(path: str) -> str:
    """The dotted name under which a file is imported."""
    parts = PurePosixPath(path).with_suffix("").parts
    if parts[0] == "services":
        parts = parts[2:]
    else:
        root = next((root for root in PACKAGE_ROOTS if path.startswith(root)), "")
        parts = parts[len(PurePosixPath(root).parts) :]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports_of(name: str, source: Source, modules: dict[str, Source]) -> Iterator[str]:
    is_package = source.path.endswith("__init__.py")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(name, node, is_package)
            targets = [full if (full := f"{base}.{alias.name}") in modules else base for alias in node.names]
        else:
            continue
        yield from (target for target in targets if target in modules and target != name)


def _absolute(name: str, node: ast.ImportFrom, is_package: bool) -> str:
    if not node.level:
        return node.module or ""
    up = node.level - (1 if is_package else 0)
    parent = name.split(".")[: len(name.split(".")) - up]
    return ".".join([*parent, *([node.module] if node.module else [])])
