"""`make test` and `make check`: every check in turn, with a summary; the first failure decides the exit code."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import typer

from aicoin_local import web
from aicoin_local.settings import ROOT

BIN = Path(sys.executable).parent
PYTHON_FOLDERS = ("libs", "services", "deploy")
FORMATTED = (*PYTHON_FOLDERS, "tests", "bench")


@dataclass(frozen=True, slots=True)
class Check:
    """One command; `folder` is where it runs, `variables` what it gets beside the environment."""

    name: str
    command: tuple[str, ...]
    folder: Path = ROOT
    variables: Mapping[str, str] = field(default_factory=dict)


def _tool(name: str) -> str:
    return str(BIN / name)


STATIC = (
    Check("ruff", (_tool("ruff"), "check", "--quiet", *FORMATTED)),
    Check("ruff format", (_tool("ruff"), "format", "--check", "--quiet", *FORMATTED)),
    Check("mypy", (_tool("mypy"), "--strict", *PYTHON_FOLDERS)),
    Check("import-linter", (_tool("lint-imports"),)),
)
DASHBOARD = (
    Check("eslint and tsc", ("npm", "run", "--silent", "check"), web.WEB),
    Check("vitest", ("npm", "run", "--silent", "test"), web.WEB),
)
QUICK_TESTS = (
    Check(
        "quick tests",
        (sys.executable, "-m", "pytest", "-q", *(f"tests/{x}" for x in ("unit", "property", "architecture"))),
    ),
)
SIMULATED_S = 300
SIMULATION = (
    Check(
        "simulation",
        (sys.executable, "-m", "simulation", "--seconds", str(SIMULATED_S)),
        variables={"PYTHONPATH": "tests", "PYTHONHASHSEED": "0"},
    ),
)
ALL_TESTS = (Check("tests", (sys.executable, "-m", "pytest", "-q")),)


def test() -> None:
    """Runs everything CI runs: lint, types, imports, the dashboard's checks, minutes of simulation, every test."""
    _run_all((*STATIC, *DASHBOARD, *SIMULATION, *ALL_TESTS))


def check() -> None:
    """Runs the checks that take less than three minutes."""
    _run_all((*STATIC, *QUICK_TESTS))


def _run_all(checks: Sequence[Check]) -> None:
    environment = dict(os.environ)
    if any(check.folder == web.WEB for check in checks):
        web.build_web()
        environment = web.node_environment()
    outcomes = []
    for check in checks:
        typer.secho(f"── {check.name}", bold=True)
        sys.stdout.flush()
        started = time.monotonic()
        code = subprocess.call(check.command, cwd=check.folder, env=environment | dict(check.variables))
        outcomes.append((check.name, code, time.monotonic() - started))
    typer.echo("")
    for name, code, seconds in outcomes:
        typer.echo(f"  {name:<16} {'passed' if code == 0 else f'FAILED ({code})'}  {seconds:6.1f} s")
    raise typer.Exit(next((1 for _, code, _ in outcomes if code), 0))
