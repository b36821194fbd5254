"""The `aicoin` command. Services add sub-commands through the entry-point group `aicoin.commands`."""

import os
import signal
import sys
import time
from importlib.metadata import entry_points
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.table import Table

from aicoin_local.configuration import dotenv_file
from aicoin_local.configuration.arena_file import roster_of, write_arena_file
from aicoin_local.configuration.environment import command_variables, emergency_variables
from aicoin_local.configuration.runfile import read_run
from aicoin_local.configuration.spending import spending_lines
from aicoin_local.development import bench, capture, checks, web
from aicoin_local.process import footprint
from aicoin_local.process.backup import commands as data_commands
from aicoin_local.process.lock import holder
from aicoin_local.process.machine import doctor, logs, unit
from aicoin_local.process.orphans import orphans
from aicoin_local.process.readiness import program_state, why_unready
from aicoin_local.process.run import is_left_over, stop_arena
from aicoin_local.process.run import run as run_arena
from aicoin_local.process.supervise import Supervisor, SupervisorError
from aicoin_local.process.trading import trading_lines
from aicoin_local.settings import LocalSettings, full_environment, load_settings, read_environment, refuse

STOP_LIMIT_S = 120
READY_LIMIT_S = 90
POLL_S = 0.1
GROUP = "aicoin.commands"
EMERGENCY = ("kill-switch", "resume")
"""Commands that act whatever else is wrong: they get the variables that can be found, and no setting is checked."""

app = typer.Typer(help="Runs and watches an AIcoin arena on this machine.", no_args_is_help=True, add_completion=False)


@app.command()
def run() -> None:
    """Starts everything and stays in the foreground; Ctrl-C stops it."""
    raise typer.Exit(run_arena())


@app.command()
def status() -> None:
    """Shows every service: process, uptime, readiness. Exit code 1 when one isn't ready."""
    supervisor = _supervisor(_settings())
    ports = _metrics_ports(_settings())
    table = Table(box=None, pad_edge=False)
    for heading in ("service", "state", "pid", "up", "ready"):
        table.add_column(heading)
    unready = 0
    for name, info in supervisor.all_info().items():
        state, why = program_state(info, ports.get(name))
        unready += why is not None
        up = str(max(0, info["now"] - info["start"])) + " s" if info["pid"] else ""
        table.add_row(name, state, str(info["pid"] or ""), up, "yes" if why is None else why)
    console = Console(highlight=False)
    console.print(table)
    given = full_environment()
    for line in (
        *trading_lines(read_run(_settings().data_dir), given.get("READ_TOKEN")),
        *spending_lines(roster_of(given), given),
    ):
        console.print(line, markup=False)
    raise typer.Exit(1 if unready else 0)


@app.command()
def restart(service: str) -> None:
    """Restarts one service and waits until it is ready again."""
    settings = _settings()
    supervisor = _supervisor(settings)
    programs = supervisor.all_info()
    if service not in programs:
        refuse([f"SERVICE: {service!r} does not run here; it must be one of {', '.join(programs)}"])
    supervisor.stop_program(service)
    supervisor.start_program(service)
    port = _metrics_ports(settings).get(service)
    deadline = time.monotonic() + READY_LIMIT_S
    while port is not None and (why := _why_not_restarted(settings, supervisor, service, port)) is not None:
        if time.monotonic() > deadline:
            sys.stderr.write(f"aicoin: {service} is not ready after {READY_LIMIT_S} s: {why}\n")
            raise typer.Exit(1)
        time.sleep(POLL_S)
    typer.echo(f"{service} restarted")


def _why_not_restarted(settings: LocalSettings, supervisor: Supervisor, service: str, port: int) -> str | None:
    why = why_unready(port)
    if why is None and holder(settings.data_dir) is not None:
        recorded = (read_run(settings.data_dir) or {}).get("services", {}).get(service, {}).get("pid")
        return None if recorded == supervisor.info(service)["pid"] else "run.json is not current yet"
    return why


@app.command()
def stop() -> None:
    """Stops the arena cleanly."""
    settings = _settings()
    pid = holder(settings.data_dir)
    if pid is None:
        if is_left_over(settings):
            stop_arena(settings, Console(highlight=False))
        else:
            typer.echo(f"nothing runs with its data in {settings.aicoin_data_dir}")
        return
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_LIMIT_S
    while holder(settings.data_dir) == pid:
        if time.monotonic() > deadline:
            sys.stderr.write(f"aicoin: the launcher (pid {pid}) does not stop\n")
            raise typer.Exit(1)
        time.sleep(POLL_S)
    typer.echo("stopped")


app.command("logs")(logs.logs)
app.command("doctor")(doctor.doctor)
app.command("service")(unit.service)
app.command("backup")(data_commands.backup)
app.command("restore")(data_commands.restore_file)
app.command("migrate")(data_commands.migrate_tables)
app.command("capture")(capture.capture)
app.command("bench", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(bench.bench)
app.command("footprint")(footprint.footprint)
app.command("env")(dotenv_file.make)
app.command("arena")(write_arena_file)
app.command("test")(checks.test)
app.command("check")(checks.check)
app.command("build-web")(web.build_web)


def _settings() -> LocalSettings:
    return load_settings(full_environment())


def _metrics_ports(settings: LocalSettings) -> dict[str, int]:
    """Where the running arena's services really listen."""
    services = (read_run(settings.data_dir) or {}).get("services", {})
    return {name: urlsplit(row["metrics_url"]).port or 0 for name, row in services.items()}


def _supervisor(settings: LocalSettings) -> Supervisor:
    supervisor = Supervisor(settings.data_dir)
    if not supervisor.is_alive():
        if running := orphans(settings.data_dir):
            names = ", ".join(running)
            refuse([f"{names} run without supervisord; make stop ends them, make run starts the arena again"])
        refuse([f"no arena runs with its data in {settings.aicoin_data_dir}; make run starts one"])
    return supervisor


def _load_commands(arguments: list[str]) -> None:
    """Adds the services' commands, unless the command is one of this module's: importing a service takes a second."""
    own = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    if arguments and arguments[0] in own:
        return
    if arguments and arguments[0] in EMERGENCY:
        os.environ.update(emergency_variables(_readable_environment()))
    else:
        given = full_environment()
        os.environ.update(command_variables(load_settings(given), given, roster_of(given)))
    for entry in entry_points(group=GROUP):
        app.add_typer(entry.load())


def _readable_environment() -> dict[str, str]:
    """The real environment over `.env`, without a `.env` that can't be read."""
    try:
        return read_environment(os.environ)
    except (OSError, ValueError):
        return dict(os.environ)


def main() -> None:
    """Entry point: this module's commands and those that services register."""
    _load_commands(sys.argv[1:])
    try:
        app()
    except SupervisorError as error:
        sys.stderr.write(f"aicoin: {error}\n")
        raise SystemExit(1) from None
