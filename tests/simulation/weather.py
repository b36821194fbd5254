"""The weathers of a run: stock, in which seeds keep their meaning, hostile, and pairs of two drawn troubles."""

import asyncio
import random
from dataclasses import replace
from typing import Final

from simulation.faults import CALM, LOSSY, USER_STREAM, FaultProfile, fault_profile_of
from simulation.harness import STEP_S, Harness
from simulation.troubles import TROUBLES, Trouble, begin_trouble, cancel_by_hand

STOCK, HOSTILE = "stock", "hostile"
WEATHERS: Final = (STOCK, HOSTILE)
_BASE = FaultProfile("troubles", troubles_per_minute=2.0, price_gaps_per_minute=0.2)
HOSTILE_PROFILES: Final = (
    _BASE,
    replace(
        _BASE,
        name="troubles, lossy network",
        requests={kind: share / 2 for kind, share in LOSSY.items()},
        user_stream=USER_STREAM,
    ),
    replace(_BASE, name="troubles, crashes", kill=0.0008),
    replace(_BASE, name="many troubles", troubles_per_minute=5.0),
)
PAIR_PROFILE: Final = replace(CALM, name="pair")
PAIR_LENGTH_S = 150.0
FIRST_PAIR_SEED = 1_000_000
HELD_LIMIT_S = 60.0
APART_S, BY_HAND_S = 8.0, 10.0


def profile_of(weather: str, seed: int) -> FaultProfile:
    """Each profile of a weather comes equally often."""
    return fault_profile_of(seed) if weather == STOCK else HOSTILE_PROFILES[seed % len(HOSTILE_PROFILES)]


async def run_troubles(harness: Harness) -> None:
    """Begins troubles at the profile's rate; they overlap as they come."""
    rng = harness.faults.rng
    while True:
        await asyncio.sleep(STEP_S)
        share = harness.faults.profile.troubles_per_minute
        if share and rng.random() < share * STEP_S / 60:
            begin_trouble(harness, rng.choice(list(TROUBLES.values())), rng)


def pair_of(number: int) -> tuple[Trouble, Trouble]:
    """The two troubles of a numbered pair."""
    rng = random.Random(f"pair {number}")
    first, second = rng.sample(list(TROUBLES.values()), 2)
    return first, second


async def run_pair(number: int, harness: Harness) -> None:
    """Once a position is held, both troubles overlap, and a person cancels what protects it."""
    rng = random.Random(f"course of pair {number}")
    accounts = harness.exchange.world.exchange.accounts
    first, second = pair_of(number)
    while harness.loop.time() < HELD_LIMIT_S and not any(account.positions for account in accounts.values()):
        await asyncio.sleep(STEP_S)
    begin_trouble(harness, first, rng)
    await asyncio.sleep(rng.uniform(0, APART_S))
    begin_trouble(harness, second, rng)
    await asyncio.sleep(rng.uniform(0, BY_HAND_S))
    cancel_by_hand(harness, rng)
