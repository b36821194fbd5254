"""`aicoin logs`: the services' logs as lines that a person reads; `--json` leaves them as they are."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import typer

from aicoin_local.settings import full_environment, load_settings, refuse

LEVELS = ("debug", "info", "warning", "error", "critical")
COLORS = {"warning": "\x1b[33m", "error": "\x1b[31m", "critical": "\x1b[31m"}
PLAIN = "\x1b[0m"
OWN = ("ts", "level", "service", "event", "exception")
"""Fields with a place of their own; the others follow as name=value."""


def logs(
    service: str = typer.Argument("", help="one service; all when left out"),
    lines: int = typer.Option(40, help="how many of each log are shown first"),
    least: str = typer.Option("debug", "--level", help=f"leaves out what is below: {', '.join(LEVELS)}"),
    raw: bool = typer.Option(False, "--json", help="the lines as they were written"),
) -> None:
    """Follows the logs."""
    if least not in LEVELS:
        refuse([f"--level: must be one of {', '.join(LEVELS)}"])
    folder = load_settings(full_environment()).data_dir / "logs"
    files = sorted(folder.glob(f"{service or '*'}.log"))
    if not files:
        refuse([f"SERVICE: no log of {service!r} in {folder}"])
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    command = ["tail", "-v", "-n", str(lines), "-F", *map(str, files)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace") as tail:
        try:
            for line in readable(tail.stdout or (), least, raw=raw, in_color=sys.stdout.isatty()):
                sys.stdout.write(f"{line}\n")
                sys.stdout.flush()
        except (KeyboardInterrupt, BrokenPipeError):
            tail.terminate()


def readable(written: Iterable[str], least: str, *, raw: bool, in_color: bool) -> Iterator[str]:
    """The lines of `tail -v`, whose headings name the file from which the next ones come."""
    name = ""
    for line in map(str.rstrip, written):
        if line.startswith("==> ") and line.endswith(" <=="):
            name = Path(line[4:-4]).stem
        elif line and not raw:
            yield from readable_line(name, line, least, in_color=in_color)
        elif line:
            yield line


def readable_line(name: str, line: str, least: str, *, in_color: bool) -> Iterator[str]:
    """One entry as one line, its traceback below it; what is no entry, as a store writes it, after the file's name."""
    try:
        entry: dict[str, Any] = dict(json.loads(line))
    except (ValueError, TypeError):
        yield f"{'':12} {name:<15} {line}"
        return
    level = str(entry.get("level", "info"))
    if level in LEVELS and LEVELS.index(level) < LEVELS.index(least):
        return
    time = str(entry.get("ts", ""))[11:23]
    rest = " ".join(f"{key}={value}" for key, value in entry.items() if key not in OWN)
    text = f"{time:12} {entry.get('service', name):<15} {level:<8} {entry.get('event', '')}  {rest}".rstrip()
    yield f"{COLORS[level]}{text}{PLAIN}" if in_color and level in COLORS else text
    yield from (f"{'':12} {each}" for each in str(entry.get("exception", "")).splitlines())
