"""One seed from start to end: a time with faults, a recovery, a moment without a market, then the final checks."""

import asyncio
import gc
import os
import random
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from simulation import disturbances
from simulation.checks.final_state import check_final_state
from simulation.checks.invariants import Invariants
from simulation.failure import SimulationFailed
from simulation.faults import FaultProfile
from simulation.figures import exchange_figures
from simulation.harness import Harness
from simulation.hostile.profiles import HOSTILE, PAIR_PROFILE, STOCK, profile_of
from simulation.hostile.schedule import FIRST_PAIR_SEED, PAIR_LENGTH_S, pair_of, pause_executors, run_pair, run_troubles
from simulation.loop import VirtualLoop

FAULTS_S = 240.0
RECOVERY_S = 90.0
MARKET_CLOSED_S = 5.0
CHECK_EVERY_S = 0.5
MEMORY_FOLDER = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""Where a run's folder lies, if this machine has such a one."""
PAIR_LIMITS: dict[str, Any] = {"entry_cooldown_s": 0, "max_orders_per_minute": 30, "max_daily_trades": 1_000}

Script = Callable[[Harness], Awaitable[None]]


@dataclass(slots=True)
class Result:
    """How a seed ended. `digest` is the hash over everything that happened, `figures` what the exchange holds of the
    accounts in the end, `unprotected_s` how long positions had no stop, `trace` the last lines of what happened."""

    seed: int
    profile: str
    failure: str | None = None
    digest: str = ""
    fault_set: str = STOCK
    pair: int | None = None
    entries: int = 0
    virtual_s: float = 0.0
    wall_s: float = 0.0
    steps: int = 0
    checks: int = 0
    fills: int = 0
    orders: int = 0
    fault_counts: dict[str, int] = field(default_factory=dict)
    unprotected_s: list[float] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    trace: list[str] = field(default_factory=list)


def run_seed(
    seed: int,
    *,
    fault_set: str = STOCK,
    faults_s: float = FAULTS_S,
    profile: FaultProfile | None = None,
    script: Script | None = None,
    keeps_trace: bool = False,
    **limits: Any,
) -> Result:
    """Runs one seed. `script` acts on the harness beside the faults of the profile.

    The trace is kept where the run fails, and with `keeps_trace` always.
    """
    profile = profile or profile_of(fault_set, seed)
    rng = random.Random(seed)
    random.seed(seed)
    result = Result(seed, profile.name, fault_set=fault_set)
    loop = VirtualLoop(random.Random(rng.random()))
    asyncio.set_event_loop(loop)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="aicoin-simulation-", dir=MEMORY_FOLDER) as folder, _one_collection():
        harness = Harness(loop, rng, seed, profile, Path(folder), **(_draw_limits(rng) | limits))
        invariants = Invariants(harness)
        loop.set_exception_handler(lambda _, context: harness.trace.crashes.append(_described(context)))
        try:
            loop.run_until_complete(_drive(harness, invariants, faults_s, script))
        except SimulationFailed as failure:
            result.failure = f"at {loop.time():.3f} s: {failure}"
        finally:
            _close(loop)
    if keeps_trace or result.failure:
        result.trace = list(harness.trace.lines)
    world = harness.exchange.world
    result.digest, result.entries = harness.trace.digest, harness.trace.entries
    result.virtual_s, result.wall_s, result.steps = loop.time(), time.perf_counter() - began, loop.steps
    result.checks, result.orders = invariants.checks, len(world.histories.orders)
    result.fills = sum(len(fills) for fills in world.histories.fills.values())
    result.fault_counts = dict(harness.faults.counts)
    result.unprotected_s = invariants.episodes_s
    result.figures = exchange_figures(harness.exchange, harness.addresses.values())
    return result


def run_pair_of_troubles(number: int, *, keeps_trace: bool = False) -> Result:
    """Runs a numbered pair of troubles."""
    profile = replace(PAIR_PROFILE, name=" + ".join(trouble.name for trouble in pair_of(number)))
    result = run_seed(
        FIRST_PAIR_SEED + number,
        fault_set=HOSTILE,
        faults_s=PAIR_LENGTH_S,
        profile=profile,
        script=partial(run_pair, number),
        keeps_trace=keeps_trace,
        **PAIR_LIMITS,
    )
    result.pair = number
    return result


@contextmanager
def _one_collection() -> Iterator[None]:
    """Collects garbage once, afterwards: doing so all the time would take an eighth of a run, for little memory."""
    was_enabled = gc.isenabled()
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        gc.collect()
        gc.unfreeze()
        if was_enabled:
            gc.enable()


def _draw_limits(rng: random.Random) -> dict[str, Any]:
    """Most runs trade faster than the defaults allow, so that more happens."""
    return {
        "entry_cooldown_s": rng.choice((0, 0, 10, 60)),
        "max_orders_per_minute": rng.choice((5, 30, 60)),
        "max_open_positions": rng.choice((1, 3, 6)),
        "max_daily_trades": rng.choice((3, 50, 1_000)),
        "max_stops_per_day": rng.choice((3, 1_000)),
        "max_leverage": rng.choice((5, 20)),
        "flatten_on_daily_loss": rng.choice((True, False)),
    }


async def _drive(harness: Harness, invariants: Invariants, faults_s: float, script: Script | None) -> None:
    """Starts processes, models and disturbances in a fixed order: each task's number is part of what a seed decides."""
    for process in harness.processes.values():
        process.start()
    work = [
        disturbances.send_commands(harness),
        disturbances.disconnect_exchange(harness),
        disturbances.wipe_redis(harness),
        disturbances.disconnect_database(harness),
        *([run_troubles(harness)] if harness.faults.profile.troubles_per_minute else []),
        *([pause_executors(harness)] if harness.faults.profile.pauses_per_minute else []),
        *(harness.run_model(model) for model in harness.models),
    ]
    if script is not None:
        work.append(script(harness))  # type: ignore[arg-type]
    market = asyncio.create_task(disturbances.run_market(harness))
    tasks = [market, *(asyncio.create_task(each) for each in work)]
    try:
        await _check_for(harness, invariants, tasks, faults_s)
        harness.faults.stop_faults()
        harness.exchange.world.exchange.deviations.clear()
        harness.are_models_deciding = False
        harness.trace.record("harness", "faults stopped")
        await _check_for(harness, invariants, tasks, RECOVERY_S)
        market.cancel()  # A stop may have fired with its last step: the services need time to process it.
        await _check_for(harness, invariants, tasks, MARKET_CLOSED_S)
        invariants.check()
        check_final_state(harness)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await harness.end()


async def _check_for(
    harness: Harness, invariants: Invariants, tasks: list[asyncio.Task[None]], length_s: float
) -> None:
    """Checks at every multiple of half a second; requests to the exchange bring checks of their own."""
    until_s = harness.loop.time() + length_s
    while harness.loop.time() < until_s:
        invariants.check()
        for task in tasks:
            if task.done() and not task.cancelled() and task.exception() is not None:
                task.result()
        await asyncio.sleep(CHECK_EVERY_S)


def _described(context: dict[str, Any]) -> str:
    return f"{context.get('message')}: {context.get('exception')!r}"


def _close(loop: VirtualLoop) -> None:
    try:
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        asyncio.set_event_loop(None)
        loop.close()
