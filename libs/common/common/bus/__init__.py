"""How events travel: one port, Redis Streams behind it, and an in-memory implementation of the same contract."""

from common.bus.port import (
    Bus,
    Commit,
    CommitResult,
    Delivery,
    Failure,
    Fence,
    Fenced,
    Handled,
    Trimmed,
    Unavailable,
)

__all__ = [
    "Bus",
    "Commit",
    "CommitResult",
    "Delivery",
    "Failure",
    "Fence",
    "Fenced",
    "Handled",
    "Trimmed",
    "Unavailable",
]
