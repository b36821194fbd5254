"""The two sets of fault profiles that seeds draw from: stock, whose seeds keep their meaning, and hostile."""

from dataclasses import replace
from typing import Final

from simulation.faults import CALM, LOSSY, USER_STREAM, FaultProfile, fault_profile_of

STOCK, HOSTILE = "stock", "hostile"
FAULT_SETS: Final = (STOCK, HOSTILE)
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


def profile_of(fault_set: str, seed: int) -> FaultProfile:
    """Each profile of a set comes equally often."""
    return fault_profile_of(seed) if fault_set == STOCK else HOSTILE_PROFILES[seed % len(HOSTILE_PROFILES)]
