"""The simulation itself: a seed always tells the same story, and each kind of weather is survived."""

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simulation.chaos import WEATHERS
from simulation.run import run_seed
from simulation.stage import Stage

TESTS = Path(__file__).parents[1]


def replayed(seed: int) -> dict[str, Any]:
    """What `make simulate SEED=…` prints, from a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(TESTS), "PYTHONHASHSEED": ""}
    done = subprocess.run(
        [sys.executable, "-m", "simulation", "--seed", str(seed)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-2])
    return found


def test_two_runs_of_a_seed_tell_the_same_story() -> None:
    first, second = replayed(7), replayed(7)
    assert first == second
    assert first["fills"] > 0
    assert first["digest"] != replayed(15)["digest"]


@pytest.mark.parametrize("seed", range(len(WEATHERS)), ids=[weather.name for weather in WEATHERS])
def test_each_weather_is_survived_and_traded_in(seed: int) -> None:
    result = run_seed(seed)
    assert result.failure is None, "\n".join(result.story[-40:])
    assert result.fills > 0


async def no_database(stage: Stage) -> None:
    """Three minutes without PostgreSQL, once something is held, its stops gone with it."""
    accounts = stage.exchange.world.exchange.accounts
    while not any(account.positions for account in accounts.values()):
        await asyncio.sleep(1)
    held = [(address, coin) for address, account in accounts.items() for coin in account.positions]
    away = asyncio.ensure_future(stage.lose_database(180, stops_go=True))
    await asyncio.sleep(60)
    stage.chaos.happened["naked position closed"] += sum(coin not in accounts[whose].positions for whose, coin in held)
    await away


@pytest.mark.parametrize("seed", [0, 9, 18])
def test_a_position_that_loses_its_stop_leaves_while_the_database_is_away(seed: int) -> None:
    result = run_seed(seed, storm_s=420.0, script=no_database)
    assert result.failure is None, "\n".join(result.story[-40:])
    assert result.happened["database outage"] == 1
    assert result.happened["naked position closed"] > 0


OUTAGE_S = 40 * 60.0
BEFORE_S, AFTER_S = 120.0, 120.0


async def a_long_outage(stage: Stage) -> None:
    """Forty minutes in which some orders arrive, and no answer to them can be believed."""
    await asyncio.sleep(BEFORE_S)
    stage.chaos.weather = replace(stage.chaos.weather, requests={"lie": 0.01}, gaps_a_minute=0.2)
    stage.chaos.outage_until_s = stage.loop.time() + OUTAGE_S


@pytest.mark.parametrize("seed", [0, 8])
def test_forty_minutes_of_lies_double_nothing_and_leave_nothing_unprotected(seed: int) -> None:
    result = run_seed(seed, storm_s=BEFORE_S + OUTAGE_S + AFTER_S, script=a_long_outage, max_daily_trades=1_000)
    assert result.failure is None, "\n".join(result.story[-40:])
    assert result.virtual_s > OUTAGE_S
    assert result.happened["request lie"] > 20
    assert result.fills > 0
