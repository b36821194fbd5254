"""The sets of fault profiles that seeds draw from: stock, whose seeds keep their meaning, hostile, and standby."""

from dataclasses import replace
from typing import Final

from simulation.faults import CALM, LOSSY, USER_STREAM, FaultProfile, fault_profile_of

STOCK, HOSTILE, STANDBY = "stock", "hostile", "standby"
FAULT_SETS: Final = (STOCK, HOSTILE, STANDBY)
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
STANDBY_PROFILES: Final = (
    FaultProfile("standby", standby=True, pauses_per_minute=1.0, price_gaps_per_minute=0.2),
    FaultProfile("standby, crashes", standby=True, pauses_per_minute=0.5, kill=0.0008),
    replace(_BASE, name="standby, troubles", standby=True, pauses_per_minute=0.5),
)
PAIR_PROFILE: Final = replace(CALM, name="pair")


def profile_of(fault_set: str, seed: int) -> FaultProfile:
    """Each profile of a set comes equally often."""
    if fault_set == STOCK:
        return fault_profile_of(seed)
    profiles = HOSTILE_PROFILES if fault_set == HOSTILE else STANDBY_PROFILES
    return profiles[seed % len(profiles)]
