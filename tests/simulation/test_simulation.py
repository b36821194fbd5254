"""The simulation itself: a seed always has the same trace, and the invariants hold under every fault profile."""

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aicoin_local.development.checks import SIMULATIONS
from simulation.checks.invariants import is_covered
from simulation.disturbances import lose_database
from simulation.faults import FAULT_PROFILES
from simulation.harness import Harness
from simulation.run import run_seed

TESTS = Path(__file__).parents[1]


def replayed(seed: int, *options: str) -> dict[str, Any]:
    """What `make simulate SEED=…` prints, run as a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(TESTS), "PYTHONHASHSEED": ""}
    done = subprocess.run(
        [sys.executable, "-m", "simulation", "--seed", str(seed), *options],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-2])
    return found


def test_two_runs_of_a_seed_have_the_same_digest(tmp_path: Path) -> None:
    trace = tmp_path / "trace.txt"
    first, second = replayed(7), replayed(7, "--trace", str(trace))
    assert first == second
    assert first["fills"] > 0
    assert first["digest"] != replayed(15)["digest"]
    assert "faults stopped" in trace.read_text(encoding="utf-8")


@pytest.mark.parametrize("seed", range(len(FAULT_PROFILES)), ids=[profile.name for profile in FAULT_PROFILES])
def test_the_invariants_hold_under_each_fault_profile(seed: int) -> None:
    result = run_seed(seed)
    assert result.failure is None, "\n".join(result.trace[-40:])
    assert result.fills > 0


def test_the_check_of_make_test_goes_on_after_these_seeds() -> None:
    options = SIMULATIONS["simulation"]
    assert int(options[options.index("--first") + 1]) == len(FAULT_PROFILES)


async def without_database(harness: Harness) -> None:
    """Three minutes without PostgreSQL from the first position on; its stops are cancelled as well."""
    accounts = harness.exchange.world.exchange.accounts
    while not any(account.positions for account in accounts.values()):
        await asyncio.sleep(1)
    held = [(address, coin) for address, account in accounts.items() for coin in account.positions]
    outage = asyncio.ensure_future(lose_database(harness, 180, cancels_stops=True))
    await asyncio.sleep(60)
    exchange = harness.exchange.world.exchange
    for address, coin in held:
        position = accounts[address].positions.get(coin)
        is_safe = position is None or is_covered(exchange, accounts[address], coin, position.size)
        harness.faults.counts["protected again"] += is_safe
    await outage


@pytest.mark.parametrize("seed", [0, 9, 18])
def test_a_position_gets_its_stop_again_without_a_database(seed: int) -> None:
    result = run_seed(seed, faults_s=420.0, script=without_database)
    assert result.failure is None, "\n".join(result.trace[-40:])
    assert result.fault_counts["database outage"] == 1
    assert result.fault_counts["protected again"] > 0


OUTAGE_S = 40 * 60.0
BEFORE_S, AFTER_S = 120.0, 120.0


async def long_outage(harness: Harness) -> None:
    """Forty minutes in which some orders arrive, and their answers may be false."""
    await asyncio.sleep(BEFORE_S)
    harness.faults.profile = replace(
        harness.faults.profile, requests={"false_rejection": 0.01}, price_gaps_per_minute=0.2
    )
    harness.faults.outage_until_s = harness.loop.time() + OUTAGE_S


@pytest.mark.parametrize("seed", [0, 8])
def test_forty_minutes_of_false_answers_break_no_invariant(seed: int) -> None:
    result = run_seed(seed, faults_s=BEFORE_S + OUTAGE_S + AFTER_S, script=long_outage, max_daily_trades=1_000)
    assert result.failure is None, "\n".join(result.trace[-40:])
    assert result.virtual_s > OUTAGE_S
    assert result.fault_counts["request false_rejection"] > 20
    assert result.fills > 0
