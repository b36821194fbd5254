"""`make test` and `make check`: two tracks of checks beside each other, a summary, and a report of every run."""

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import typer

from aicoin_local.development import web
from aicoin_local.development.node import node_tools
from aicoin_local.settings import ROOT

PYTHON_FOLDERS = ("libs", "services", "deploy")
FORMATTED = (*PYTHON_FOLDERS, "tests", "bench")
REPORTS = ROOT / ".aicoin" / "reports"
KEPT_REPORTS = 50
SIMULATIONS: Mapping[str, Sequence[str]] = {
    # The tests have the seeds before: one of each profile.
    "simulation": ("--first", "9", "--seeds", "150", "--seconds", "100"),
    "hostile": ("--faults", "hostile", "--seeds", "50", "--seconds", "40"),
    "pairs": ("--pairs", "30"),
}
"""Runs beside the tests by name: so many seeds, or those for which the time is enough."""
SPARE_WORKERS = 2
"""Workers beyond the number of cores: many tests wait for processes and sockets."""


@dataclass(frozen=True, slots=True)
class Check:
    """One command; `folder` is where it runs.

    A live check writes to the terminal as it runs; another's output is shown when it fails, and kept in the report.
    """

    name: str
    command: tuple[str, ...]
    folder: Path = ROOT
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    is_live: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a check ended."""

    name: str
    exit_code: int
    seconds: float


def static_checks() -> tuple[Check, ...]:
    """Lint, format, types, import contracts.

    Tools run as modules: the first line of an installed script can't name a path that holds a space.
    """
    python = sys.executable
    imports = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return (
        Check("ruff", (python, "-m", "ruff", "check", "--quiet", *FORMATTED)),
        Check("ruff format", (python, "-m", "ruff", "format", "--check", "--quiet", *FORMATTED)),
        Check("mypy", (python, "-m", "mypy", "--strict", *PYTHON_FOLDERS)),
        Check("import-linter", (python, "-c", imports)),
    )


def dashboard_checks() -> tuple[Check, ...]:
    """The page's lint, types and unit tests, with whichever Node there is."""
    tools = node_tools()
    return (
        Check("eslint and tsc", (*tools.npm, "run", "--silent", "check"), web.WEB, tools.environment),
        Check("vitest", (*tools.npm, "run", "--silent", "test"), web.WEB, tools.environment),
    )


def simulations() -> tuple[Check, ...]:
    """Simulation beside the tests, at a lower priority: it fills the cores while they wait."""
    command = ("nice", "-n", "5", sys.executable, "-m", "simulation")
    environment = os.environ | {"PYTHONPATH": "tests", "PYTHONHASHSEED": "0"}
    return tuple(Check(name, (*command, *options), environment=environment) for name, options in SIMULATIONS.items())


def pytest_check(name: str, report: Path, workers: int, selection: Sequence[str] = ()) -> Check:
    """Tests on that many workers, with the JUnit report that names what failed and how long each took."""
    command = (sys.executable, "-m", "pytest", "-q", "-n", str(workers), "--no-loadscope-reorder")
    return Check(name, (*command, f"--junit-xml={report / 'tests.xml'}", *selection), is_live=True)


def test() -> None:
    """Runs everything CI runs: lint, types, imports, the dashboard's checks, simulation, every test."""
    web.build_web()
    report = new_report()
    tests = pytest_check("tests", report, cores() + SPARE_WORKERS)
    _run_tracks([(*static_checks(), *dashboard_checks(), *simulations()), (tests,)], report)


def check() -> None:
    """Runs the checks that take less than three minutes."""
    report = new_report()
    quick = ("-m", "not slow", "tests/unit", "tests/property", "tests/architecture")
    _run_tracks([static_checks(), (pytest_check("quick tests", report, cores(), quick),)], report)


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0))


def new_report(reports: Path = REPORTS) -> Path:
    """A folder for this run's report, named by the time; the oldest ones beyond `KEPT_REPORTS` are removed."""
    report = reports / time.strftime("%Y%m%d-%H%M%S")
    report.mkdir(parents=True, exist_ok=True)
    for old in sorted(reports.iterdir())[:-KEPT_REPORTS]:
        shutil.rmtree(old, ignore_errors=True)
    return report


def _run_tracks(tracks: Sequence[Sequence[Check]], report: Path) -> None:
    """Runs the tracks beside each other, each one's checks in turn; ends the process, with 1 if a check failed."""
    printing = threading.Lock()

    def run_track(checks: Sequence[Check]) -> list[Outcome]:
        return [_run(check, report, printing) for check in checks]

    with ThreadPoolExecutor(len(tracks)) as pool:
        outcomes = [outcome for track in pool.map(run_track, tracks) for outcome in track]
    lines = [
        f"  {each.name:<16} {'passed' if each.exit_code == 0 else f'FAILED ({each.exit_code})'}  {each.seconds:6.1f} s"
        for each in outcomes
    ]
    typer.echo("\n" + "\n".join(lines) + f"\n\nReport: {report.relative_to(ROOT)}")
    raise typer.Exit(1 if any(each.exit_code for each in outcomes) else 0)


def _run(check: Check, report: Path, printing: threading.Lock) -> Outcome:
    began = time.monotonic()
    log = report / f"{check.name.replace(' ', '-')}.log"
    with contextlib.ExitStack() as stack:
        output = None if check.is_live else stack.enter_context(log.open("wb"))
        environment = dict(check.environment)
        exit_code = subprocess.call(
            check.command,
            cwd=check.folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
        )
    seconds = time.monotonic() - began
    with printing:
        typer.secho(f"── {check.name}: {'passed' if exit_code == 0 else 'FAILED'} after {seconds:.1f} s", bold=True)
        if exit_code and not check.is_live:
            typer.echo(log.read_text(encoding="utf-8", errors="replace"))
        sys.stdout.flush()
    return Outcome(check.name, exit_code, seconds)
