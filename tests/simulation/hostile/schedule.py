"""When troubles begin: at random moments of a seed, or two drawn ones that overlap, a pair."""

import asyncio
import random

from simulation.harness import STEP_S, Harness
from simulation.hostile.troubles import TROUBLES, Trouble, begin_trouble, cancel_by_hand, held_positions
from simulator.exchange.interventions import ALL, STOPS

PAIR_LENGTH_S = 150.0
FIRST_PAIR_SEED = 1_000_000
HELD_LIMIT_S = 60.0
APART_S, BY_HAND_S = 8.0, 10.0


async def run_troubles(harness: Harness) -> None:
    """Begins troubles at the profile's rate; they overlap as they come."""
    rng = harness.faults.rng
    while True:
        await asyncio.sleep(STEP_S)
        share = harness.faults.profile.troubles_per_minute
        if share and rng.random() < share * STEP_S / 60:
            begin_trouble(harness, rng.choice(list(TROUBLES.values())), rng)


async def pause_executors(harness: Harness) -> None:
    """Times at which one of the two executors, most often the owner, doesn't run; stops are cancelled meanwhile."""
    rng = harness.faults.rng
    while True:
        await asyncio.sleep(STEP_S)
        share = harness.faults.profile.pauses_per_minute
        if share and rng.random() < share * STEP_S / 60:
            process, length_s = rng.choice(harness.executors), rng.uniform(5, 60)
            harness.faults.counts["executor paused"] += 1
            harness.trace.record("trouble", "paused", process=process.name, length_s=round(length_s, 3))
            process.pause(length_s)
            harness.faults.at_end(harness.loop, length_s, process.resume)
            await asyncio.sleep(rng.uniform(0, 3))
            cancel_by_hand(harness, held_positions(harness), STOPS)


def pair_of(number: int) -> tuple[Trouble, Trouble]:
    """The two troubles of a numbered pair."""
    rng = random.Random(f"pair {number}")
    first, second = rng.sample(list(TROUBLES.values()), 2)
    return first, second


async def run_pair(number: int, harness: Harness) -> None:
    """Once a position is held, both troubles overlap, and a person cancels every stop, later every order."""
    rng = random.Random(f"course of pair {number}")
    accounts = harness.exchange.world.exchange.accounts
    first, second = pair_of(number)
    while harness.loop.time() < HELD_LIMIT_S and not any(account.positions for account in accounts.values()):
        await asyncio.sleep(STEP_S)
    begin_trouble(harness, first, rng)
    await asyncio.sleep(rng.uniform(0, APART_S))
    begin_trouble(harness, second, rng)
    for what in (STOPS, ALL):
        await asyncio.sleep(rng.uniform(0, BY_HAND_S))
        cancel_by_hand(harness, held_positions(harness), what)
