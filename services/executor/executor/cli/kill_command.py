"""`aicoin kill-switch` and `resume`, also `python -m executor.cli.kill_command`: they need no Redis or PostgreSQL.

The kill switch acts first and reports afterwards: closes and cancels go out before the halt file is written, and
whatever fails on the way is a line of the report. It claims only what it knows; so does its exit code.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, NoReturn

import typer

from common.runtime.clock import SystemClock
from executor.cli.kill_settings import (
    ACTION_LIFE_MS,
    KillAccount,
    KillSettings,
    data_folder,
    known_models,
    read_kill_settings,
)
from executor.cli.kill_switch import KillSwitch, Signer
from executor.cli.kill_transport import KillTransport
from executor.cli.options import OptionalModel
from executor.domain.halt import HaltRecord
from executor.exchange.client import ExchangeClient
from executor.exchange.http import ExchangeConfig, run_within
from executor.exchange.rate_limit import RequestRateLimiter
from executor.exchange.universe import UNIVERSE_FILE
from executor.storage.halts import FolderUse, HaltFiles, folder_use

WEIGHT_PER_MINUTE: Final = 1_200
HALT_AFTER_S: Final = 2.0
"""The halt file is written after the first round of every account, but no later than that."""
DISK_LIMIT_S: Final = 5.0
EXIT_NOT_OUT: Final = 1
EXIT_NOT_HALTED: Final = 3
AUTHOR: Final = "kill switch"


@dataclass(frozen=True, slots=True)
class HaltOutcome:
    """What is known of the halt: whether it holds, and the line that says so."""

    is_certain: bool
    message: str


def kill_switch(model: OptionalModel = None) -> None:
    """Cancels resting entries, closes every position and sweeps the stops at the exchange itself, and halts entries.

    Exit code 0: every account is out and halted. 1: one still is in the market, or could not be asked. 3: every account
    is out, but the executor may enter again.
    """
    started = time.monotonic() - _process_age_s()
    settings = read_kill_settings(model)
    if model is not None and not settings.accounts and model not in known_models():
        _end(EXIT_NOT_OUT, [f"--model: there is no account of {model!r}; there are {', '.join(known_models())}"])
    switches = {account.model: _switch(settings, account) for account in settings.accounts}
    halt, are_out = asyncio.run(_run_all(switches, model))
    _report_accounts(switches, are_out, started)
    _say(halt.message)
    for note in settings.notes:
        _say(note)
    problems = [f"{name} still is in the market; run the command again" for name in are_out if not are_out[name]]
    if settings.problems or problems:
        _end(EXIT_NOT_OUT, [*settings.problems, *problems])
    if not halt.is_certain:
        _end(EXIT_NOT_HALTED, [])


async def _run_all(switches: dict[str, KillSwitch], model: str | None) -> tuple[HaltOutcome, dict[str, bool]]:
    """All accounts at once, and the halt once their first closes have gone out."""
    runs = [asyncio.create_task(switch.run()) for switch in switches.values()]
    waits = [asyncio.create_task(switch.has_sent.wait()) for switch in switches.values()]
    if waits:
        await asyncio.wait(waits, timeout=HALT_AFTER_S)
    for wait in waits:
        wait.cancel()
    folder = data_folder()
    halt = await _within(DISK_LIMIT_S, partial(halt_entries, folder, model), folder)
    are_out = await asyncio.gather(*runs)
    return halt, dict(zip(switches, are_out, strict=True))


def halt_entries(folder: Path, model: str | None) -> HaltOutcome:
    """Writes the halt file. Says of the executor only what its lock on the folder shows."""
    halt = HaltRecord(model, AUTHOR, time.time_ns() // 1_000_000, "the kill switch was used", is_local=True)
    use = folder_use(folder)
    try:
        path = HaltFiles(folder).write(halt).absolute()
    except OSError as error:
        return HaltOutcome(
            is_certain=False,
            message=f"halt file not written: {folder.absolute()}: {error.strerror or error}; "
            "the executor may enter again; stop it",
        )
    written = f"halt file written: {path}"
    if use is FolderUse.RUNNING:
        return HaltOutcome(is_certain=True, message=f"{written}; no entry is sent until `aicoin resume`")
    if use is FolderUse.STOPPED:
        text = "no executor runs on that folder now; one that starts there sends no entry until `aicoin resume`"
        return HaltOutcome(is_certain=True, message=f"{written}; {text}")
    return HaltOutcome(
        is_certain=False,
        message=f"{written}; but {use}: the executor may enter again; stop it, or give its folder in EXECUTOR_DATA_DIR",
    )


async def _within(seconds: float, work: Callable[[], HaltOutcome], folder: Path) -> HaltOutcome:
    """The outcome of work on the disk, which may hang."""
    try:
        return await run_within(seconds, work)
    except TimeoutError:
        return _unknown_halt(folder, "the disk does not answer")
    except Exception as error:
        return _unknown_halt(folder, f"{type(error).__name__}: {error}")


def _unknown_halt(folder: Path, reason: str) -> HaltOutcome:
    text = f"halt file not known to be written: {folder}: {reason}; the executor may enter again; stop it"
    return HaltOutcome(is_certain=False, message=text)


def _report_accounts(switches: dict[str, KillSwitch], are_out: dict[str, bool], started: float) -> None:
    """Says what became of each account."""
    for name, switch in switches.items():
        if switch.last_close_s is not None:
            _say(f"{name}: the last close was sent {switch.last_close_s - started:.1f} s after the command")
        _say(f"{name}: {'OUT: no position, no resting entry, no stop is left' if are_out[name] else 'NOT OUT'}")


def _process_age_s() -> float:
    """How long ago this process was started; 0 where the system doesn't report it. Source: proc(5), /proc/self/stat."""
    try:
        fields = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, ValueError, IndexError):
        return 0.0


def _switch(settings: KillSettings, account: KillAccount) -> KillSwitch:
    clock, report = SystemClock(), lambda line: _say(f"{account.model}: {line}")
    config = ExchangeConfig(
        url=settings.url,
        timeout_s=settings.timeout_s,
        action_life_ms=ACTION_LIFE_MS,
        universe_file=data_folder() / UNIVERSE_FILE,
        open_transport=lambda url, timeout_s: KillTransport(url, timeout_s, report),
    )
    signers = [
        Signer(
            each.variable,
            ExchangeClient(
                key=each.key,
                address=account.address,
                coins=(),
                config=config,
                rate_limiter=RequestRateLimiter(WEIGHT_PER_MINUTE, start_minutes=1),
                clock=clock,
            ),
        )
        for each in account.keys
    ]
    return KillSwitch(signers, clock, report)


def resume(model: OptionalModel = None) -> None:
    """Lets the executor send entries again after the kill switch; halts by a command stay.

    It is the only way to end the kill switch's halt, and needs the right to write the executor's data folder.
    """
    folder = data_folder()
    try:
        removed, problems = HaltFiles(folder).resume_local(model)
        left = [halt for halt in HaltFiles(folder).local_halts() if model is None or halt.concerns(model)]
    except OSError as error:
        _end(EXIT_NOT_OUT, [f"EXECUTOR_DATA_DIR: {folder.absolute()}: {error.strerror or error}"])
    for path in removed:
        _say(f"halt file removed: {path.absolute()}")
    if not removed and not problems:
        _say(f"no halt file of {model or 'any contender'} is in {folder.absolute()}")
    problems += [f"still halted: {halt}" for halt in left]
    if folder_use(folder) is FolderUse.NEVER:
        problems.append(f"EXECUTOR_DATA_DIR: {folder.absolute()}: no executor has ever run on it")
    if problems:
        _end(EXIT_NOT_OUT, problems)


def _say(line: str) -> None:
    """A line of the report; one that can't be written (a full disk, a closed pipe) stops nothing."""
    with contextlib.suppress(OSError, ValueError):
        typer.echo(line)


def _end(code: int, problems: list[str]) -> NoReturn:
    for line in problems:
        with contextlib.suppress(OSError, ValueError):
            typer.echo(line, err=True)
    raise typer.Exit(code)


if __name__ == "__main__":
    typer.run(kill_switch)
