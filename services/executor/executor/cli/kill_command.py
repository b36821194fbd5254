"""`aicoin kill-switch`, also `python -m executor.kill_command`: out of the market without Redis and PostgreSQL."""

import asyncio
import os
import time
from pathlib import Path
from typing import Annotated

import typer

from common.runtime.clock import SystemClock
from common.runtime.settings import load_settings
from common.trading.symbols import MODELS
from executor.cli.account_command import Model, refuse
from executor.cli.kill_settings import KillSettings
from executor.cli.kill_switch import Killer
from executor.exchange.client import Door, Venue
from executor.exchange.keys import wallet_of
from executor.exchange.rate_limit import WeightBudget
from executor.storage.halts import HaltFile

ACTION_LIFE_MS = 10_000
WEIGHT_PER_MINUTE = 1_200
FOLDER = "EXECUTOR_DATA_DIR"
DEFAULT_FOLDER = ".aicoin/executor"

OptionalModel = Annotated[Model | None, typer.Option("--model", help="Whose account; all when left out.")]


def halts() -> HaltFile:
    """The halt files, found without reading any other setting: nothing may keep trading from being stopped."""
    return HaltFile(Path(os.environ.get(FOLDER) or DEFAULT_FOLDER))


def kill_switch(model: OptionalModel = None) -> None:
    """Halts, cancels resting entries, closes every position and sweeps the stops, at the exchange itself."""
    started = time.monotonic() - _age_s()
    folder = halts()
    folder.halt(model, "kill switch")
    typer.echo("halted: no entry is sent until `aicoin resume`")
    settings = load_settings("aicoin", KillSettings)
    killers, problems = {}, []
    for name in [model.value] if model else MODELS:
        try:
            killers[name] = _killer(settings, name)
        except ValueError as error:
            problems.append(str(error))
    done = asyncio.run(_run_all(killers)) if killers else {}
    for name, killer in killers.items():
        if killer.last_close_s is not None:
            typer.echo(f"{name}: the last close was sent {killer.last_close_s - started:.1f} s after the command")
        typer.echo(f"{name}: {'OUT: no position, no resting entry, no stop is left' if done[name] else 'NOT OUT'}")
    problems += [f"{name} still is in the market; pull the switch again" for name, is_out in done.items() if not is_out]
    if problems:
        refuse("\n".join(problems))


def _age_s() -> float:
    """How long ago this process was started; 0 where the system doesn't tell. Source: proc(5), /proc/self/stat."""
    try:
        fields = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, ValueError, IndexError):
        return 0.0


async def _run_all(killers: dict[str, Killer]) -> dict[str, bool]:
    """All accounts at once."""
    done = await asyncio.gather(*(killer.run() for killer in killers.values()))
    return dict(zip(killers, done, strict=True))


def _killer(settings: KillSettings, model: str) -> Killer:
    """Raises ValueError naming the variable."""
    address = settings.address_of(model)
    key, variable = settings.key_of(model)
    try:
        wallet = wallet_of(key).address.lower()
    except ValueError as error:
        raise ValueError(f"{variable}: {error}") from None
    if wallet == address:
        raise ValueError(f"{variable}: this is the account's own key; approve an API wallet and give its key")
    clock = SystemClock()
    door = Door(settings.api_url, settings.exchange_timeout_s, ACTION_LIFE_MS)
    venue = Venue(key, address, door, WeightBudget(WEIGHT_PER_MINUTE), clock)
    return Killer(venue, clock, lambda line: typer.echo(f"{model}: {line}"))


def resume(model: OptionalModel = None) -> None:
    """Lets the executor send entries again after the kill switch; halts by the dashboard stay."""
    halts().resume(model)
    typer.echo(f"{model or 'all'}: the halt file is gone")


if __name__ == "__main__":
    typer.run(kill_switch)
