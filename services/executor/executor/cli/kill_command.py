"""`aicoin kill-switch` and `resume`, also `python -m executor.cli.kill_command`: they need no Redis or PostgreSQL."""

import asyncio
import os
import re
import time
from pathlib import Path
from typing import Final

import typer

from common.runtime.clock import SystemClock
from common.runtime.roster import load_roster
from common.runtime.settings import load_settings
from common.trading.roster import ID_PATTERN, Roster
from executor.cli.account_command import OptionalModel, check_contender, refuse
from executor.cli.kill_settings import KillSettings, kill_settings
from executor.cli.kill_switch import KillSwitch
from executor.config import DATA_FOLDER
from executor.exchange.client import ExchangeClient
from executor.exchange.keys import wallet_address
from executor.exchange.rate_limit import RequestRateLimiter
from executor.storage.halts import HaltFiles

WEIGHT_PER_MINUTE: Final = 1_200


def open_halts() -> HaltFiles:
    """The halt files, found without reading any other setting: a wrong one must not keep trading from being stopped."""
    return HaltFiles(Path(os.environ.get("EXECUTOR_DATA_DIR") or DATA_FOLDER))


def kill_switch(model: OptionalModel = None) -> None:
    """Halts, cancels resting entries, closes every position and sweeps the stops, at the exchange itself."""
    started = time.monotonic() - _process_age_s()
    roster = _halt(model)
    typer.echo("halted: no entry is sent until `aicoin resume`")
    settings = load_settings("aicoin", kill_settings(roster))
    switches, problems = {}, []
    for name in [model] if model else roster.ids:
        try:
            switches[name] = _switch(settings, name)
        except ValueError as error:
            problems.append(str(error))
    are_out = asyncio.run(_run_all(switches)) if switches else {}
    problems += _report(switches, are_out, started)
    if problems:
        refuse("\n".join(problems))


def _halt(model: str | None) -> Roster:
    """Writes the halt file before the roster is read, so that a wrong one doesn't keep trading from being stopped."""
    if model is not None and not re.match(ID_PATTERN, model):
        refuse(f"--model: {model!r} is no contender's id; nothing is halted")
    open_halts().halt(model, "kill switch")
    roster = load_roster("aicoin")
    if model is not None and model not in roster.ids:
        open_halts().resume(model)
    check_contender(model, roster)
    return roster


def _report(switches: dict[str, KillSwitch], are_out: dict[str, bool], started: float) -> list[str]:
    """Prints what became of each account; returns a problem for each that still is in the market."""
    for name, switch in switches.items():
        if switch.last_close_s is not None:
            typer.echo(f"{name}: the last close was sent {switch.last_close_s - started:.1f} s after the command")
        typer.echo(f"{name}: {'OUT: no position, no resting entry, no stop is left' if are_out[name] else 'NOT OUT'}")
    return [f"{name} still is in the market; run the command again" for name, is_out in are_out.items() if not is_out]


def _process_age_s() -> float:
    """How long ago this process was started; 0 where the system doesn't report it. Source: proc(5), /proc/self/stat."""
    try:
        fields = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, ValueError, IndexError):
        return 0.0


async def _run_all(switches: dict[str, KillSwitch]) -> dict[str, bool]:
    """All accounts at once."""
    are_out = await asyncio.gather(*(switch.run() for switch in switches.values()))
    return dict(zip(switches, are_out, strict=True))


def _switch(settings: KillSettings, model: str) -> KillSwitch:
    """Raises ValueError naming the variable."""
    address = settings.address_of(model)
    key, variable = settings.key_of(model)
    try:
        wallet = wallet_address(key)
    except ValueError as error:
        raise ValueError(f"{variable}: {error}") from None
    if wallet == address:
        raise ValueError(f"{variable}: this is the account's own key; approve an API wallet and give its key")
    clock = SystemClock()
    exchange = ExchangeClient(
        key=key,
        address=address,
        coins=(),
        config=settings.exchange_config(),
        rate_limiter=RequestRateLimiter(WEIGHT_PER_MINUTE),
        clock=clock,
    )
    return KillSwitch(exchange, clock, lambda line: typer.echo(f"{model}: {line}"))


def resume(model: OptionalModel = None) -> None:
    """Lets the executor send entries again after the kill switch; halts by the dashboard stay."""
    if model is not None:
        check_contender(model, load_roster("aicoin"))
    open_halts().resume(model)
    typer.echo(f"{model or 'all'}: the halt file is gone")


if __name__ == "__main__":
    typer.run(kill_switch)
