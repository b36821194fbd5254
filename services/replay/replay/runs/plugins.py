"""What a replay takes from services without importing them: the clients of models, and the gate. By entry points."""

from importlib.metadata import entry_points
from typing import Final

from replay.runs.ask import Gate

GATES: Final = "aicoin.gate"
"""Group of the one function that judges a decision on a recorded state; risk registers it."""


def load_gate() -> Gate | None:
    """The gate of the installed risk service, or None where it is not installed."""
    found = list(entry_points(group=GATES))
    gate: Gate | None = found[0].load() if found else None
    return gate
