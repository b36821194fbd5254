"""Halts: why a model may not open positions. Each has a reason and an end of its own."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

ALL_MODELS: Final = "*"
"""The `model` of a halt that applies to all of them."""
RISK: Final = "risk"
"""The author of a halt that no person has made."""


class TradingState(StrEnum):
    """ACTIVE: entries allowed; REDUCING: exits only; HALTED: exits only until a person resumes."""

    ACTIVE = "ACTIVE"
    REDUCING = "REDUCING"
    HALTED = "HALTED"


class Reason(StrEnum):
    """What stopped the entries.

    PERSON and DRAWDOWN end by a person's resume, DAILY_LOSS at the next UTC day, STOPS after its pause, EXTERNAL and
    FLATTEN when the positions concerned are closed, ACCOUNT when the executor finds nothing wrong with the account any
    more, UNEXPLAINED when its equity is explained.
    """

    PERSON = "PERSON"
    DRAWDOWN = "DRAWDOWN"
    DAILY_LOSS = "DAILY_LOSS"
    STOPS = "STOPS"
    EXTERNAL = "EXTERNAL"
    FLATTEN = "FLATTEN"
    ACCOUNT = "ACCOUNT"
    UNEXPLAINED = "UNEXPLAINED"


ENDED_BY_RESUME: Final = frozenset({Reason.PERSON, Reason.DRAWDOWN})
_SEVERITY: Final = (TradingState.ACTIVE, TradingState.REDUCING, TradingState.HALTED)


@dataclass(frozen=True, slots=True)
class Halt:
    """One active reason, and who has given it. `until_ms` is None where an event ends the halt rather than time.

    Times are market time, but the `since_ms` of what a person may end (PERSON, DRAWDOWN) and of FLATTEN are wall times:
    a resume ends only what is older than itself.
    """

    model: str
    reason: Reason
    since_ms: int
    until_ms: int | None = None
    detail: str = ""
    author: str = RISK

    @property
    def state(self) -> TradingState:
        return TradingState.HALTED if self.reason in ENDED_BY_RESUME else TradingState.REDUCING


def applicable_to(model: str, halts: Iterable[Halt]) -> tuple[Halt, ...]:
    """The halts that apply to `model`: its own and those of all models."""
    return tuple(halt for halt in halts if halt.model in (model, ALL_MODELS))


def most_severe(halts: Iterable[Halt]) -> TradingState:
    """The most severe trading state that any of the halts asks for; ACTIVE without any."""
    return max((halt.state for halt in halts), key=_SEVERITY.index, default=TradingState.ACTIVE)
