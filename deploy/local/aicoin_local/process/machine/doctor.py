"""`aicoin doctor`: what keeps an arena from running here, or from running well, and what to do about it."""

import os
from collections.abc import Iterator

import typer
from rich.console import Console

from aicoin_local.configuration.arena_file import roster_of
from aicoin_local.process.lock import holder
from aicoin_local.process.machine.configured import configured_findings
from aicoin_local.process.machine.findings import Finding, print_findings
from aicoin_local.process.machine.machine import machine_findings
from aicoin_local.process.machine.outside import outside_findings
from aicoin_local.process.machine.running import running_findings
from aicoin_local.settings import env_file, load_settings, read_environment, refuse


def doctor(offline: bool = typer.Option(False, help="leaves out what asks the exchange and the models")) -> None:
    """Checks this machine, the settings and a running arena; exit code 1 when something must be mended."""
    console = Console(highlight=False, soft_wrap=True)
    problems = print_findings(_findings(offline=offline), console)
    console.print("\nAll is well." if not problems else f"\n{problems} to be mended.")
    raise typer.Exit(1 if problems else 0)


def _findings(*, offline: bool) -> Iterator[Finding]:
    """In the order in which one would mend them. Ends the process where no setting can be read at all."""
    try:
        given = read_environment(os.environ)
    except (OSError, ValueError) as error:
        refuse([str(error)])
    settings, roster = load_settings(given), roster_of(given)
    runs = holder(settings.data_dir) is not None
    yield from machine_findings(settings, env_file(os.environ))
    yield from configured_findings(settings, given, roster, runs=runs)
    if not offline:
        yield from outside_findings(settings, given, roster)
    if runs:
        yield from running_findings(settings)
