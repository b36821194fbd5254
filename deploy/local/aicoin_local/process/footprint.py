"""What a running arena costs: memory and CPU time of its services and their supervisor, from /proc."""

import os
import time
from collections.abc import Mapping
from pathlib import Path

import typer

from aicoin_local.configuration.runfile import read_run
from aicoin_local.settings import full_environment, load_settings, refuse

MIB = 1024


def pss_kib(pid: int) -> int:
    """Proportional set size: a page that several processes share counts once in all."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise ValueError(f"/proc/{pid}/smaps_rollup names no Pss")


def cpu_s(pid: int) -> float:
    """CPU time that a process has used since it began, in user and kernel mode."""
    # The name stands in brackets and may hold anything; what follows the last bracket is numbers.
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(pids: Mapping[str, int], seconds: float) -> dict[str, tuple[float, float]]:
    """(MiB at the end, CPU seconds over `seconds`) of each process."""
    before = {name: cpu_s(pid) for name, pid in pids.items()}
    time.sleep(seconds)
    return {name: (pss_kib(pid) / MIB, cpu_s(pid) - before[name]) for name, pid in pids.items()}


def footprint(seconds: float = typer.Option(120.0, help="for how long CPU time is counted")) -> None:
    """Measures memory (PSS) and CPU time of the running arena's services and supervisor; reads Linux's /proc."""
    settings = load_settings(full_environment())
    run = read_run(settings.data_dir)
    if run is None:
        refuse([f"no arena runs with its data in {settings.aicoin_data_dir}; make run starts one"])
    pids = {name: row["pid"] for name, row in run["services"].items()} | {"supervisor": run["supervisor_pid"]}
    try:
        figures = measure(pids, seconds)
    except (OSError, ValueError) as error:
        refuse([f"a process ended meanwhile, or may not be read: {error}"])
    for name, (mib, used) in figures.items():
        typer.echo(f"  {name:<16} {mib:7.1f} MiB  {used:6.2f} s CPU")
    total_mib = sum(mib for mib, _ in figures.values())
    total_s = sum(used for _, used in figures.values())
    typer.echo(f"  {'together':<16} {total_mib:7.1f} MiB  {total_s:6.2f} s CPU in {seconds:.0f} s")
