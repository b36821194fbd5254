"""The `aicoin` command. Services add sub-commands through the entry-point group `aicoin.commands`."""

import os
import signal
import subprocess
import sys
import time
from importlib.metadata import entry_points

import typer
from rich.console import Console
from rich.table import Table

from aicoin_local.catalog import SERVICES
from aicoin_local.run import run as run_arena
from aicoin_local.run import why_unready
from aicoin_local.runfile import read_run
from aicoin_local.settings import LocalSettings, full_environment, load_settings, refuse
from aicoin_local.stores import is_alive
from aicoin_local.supervise import Supervisor, SupervisorError

STOP_LIMIT_S = 90
READY_LIMIT_S = 60

app = typer.Typer(help="Runs and watches an AIcoin arena on this machine.", no_args_is_help=True, add_completion=False)


@app.command()
def run() -> None:
    """Starts everything and stays in the foreground; Ctrl-C stops it."""
    raise typer.Exit(run_arena())


@app.command()
def status() -> None:
    """Shows every service: process, uptime, readiness."""
    settings = _settings()
    supervisor = _supervisor(settings)
    ports = {spec.name: settings.metrics_base_port + spec.metrics_offset for spec in SERVICES}
    table = Table(box=None, pad_edge=False)
    for heading in ("service", "state", "pid", "since", "ready"):
        table.add_column(heading)
    for name, info in supervisor.all_info().items():
        why = why_unready(ports[name]) if name in ports else None
        ready = "" if name not in ports else "yes" if why is None else why
        minutes = max(0, info["now"] - info["start"]) // 60 if info["pid"] else 0
        table.add_row(name, info["statename"].lower(), str(info["pid"] or ""), f"{minutes} min", ready)
    Console(highlight=False).print(table)


@app.command()
def logs(service: str = typer.Argument("", help="one service; all when left out"), lines: int = 40) -> None:
    """Follows the logs."""
    folder = _settings().data_dir / "logs"
    files = sorted(folder.glob(f"{service or '*'}.log"))
    if not files:
        refuse([f"no log of {service!r} in {folder}; services: {', '.join(spec.name for spec in SERVICES)}"])
    raise typer.Exit(subprocess.call(["tail", "-n", str(lines), "-F", *map(str, files)]))


@app.command()
def restart(service: str) -> None:
    """Restarts one service and waits until it is ready again."""
    settings = _settings()
    supervisor = _supervisor(settings)
    if service not in supervisor.all_info():
        refuse([f"SERVICE: {service!r} does not run here; it must be one of {', '.join(supervisor.all_info())}"])
    supervisor.stop_program(service)
    supervisor.start_program(service)
    port = {spec.name: settings.metrics_base_port + spec.metrics_offset for spec in SERVICES}.get(service)
    deadline = time.monotonic() + READY_LIMIT_S
    while port is not None and (why := why_unready(port)) is not None:
        if time.monotonic() > deadline:
            refuse([f"{service} is not ready after {READY_LIMIT_S} s: {why}"])
        time.sleep(0.2)
    typer.echo(f"{service} restarted")


@app.command()
def stop() -> None:
    """Stops the arena cleanly."""
    settings = _settings()
    content = read_run(settings.data_dir) or {}
    pid = content.get("launcher_pid")
    if pid and is_alive(pid):
        os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + STOP_LIMIT_S
        while is_alive(pid) and time.monotonic() < deadline:
            time.sleep(0.1)
        typer.echo("stopped")
        return
    typer.echo("nothing runs here")


def _settings() -> LocalSettings:
    return load_settings(full_environment())


def _supervisor(settings: LocalSettings) -> Supervisor:
    supervisor = Supervisor(settings.data_dir)
    if not supervisor.is_alive():
        refuse([f"no arena runs with its data in {settings.aicoin_data_dir}; make run starts one"])
    return supervisor


def main() -> None:
    """Entry point: our commands and those that services have registered."""
    for entry in entry_points(group="aicoin.commands"):
        app.add_typer(entry.load(), name=entry.name)
    try:
        app()
    except SupervisorError as error:
        sys.stderr.write(f"aicoin: {error}\n")
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
