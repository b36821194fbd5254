"""One recorded cycle of one contender, and what its market did afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from common.events import AgentDecision, Event, MarketSnapshot
from common.trading.durations import MINUTE_MS
from common.trading.instruments import Symbol

HORIZONS_MIN: Final = (15, 60, 240)
"""After how many minutes of market time a decision's return is taken."""


@dataclass(frozen=True, slots=True)
class StoredCycle:
    """A contender's decision as it was recorded, the snapshot that it answers, and the verdict on it.

    `denial_code` is None where the decision was approved, or needed no verdict.
    """

    snapshot: Event[MarketSnapshot]
    decision: Event[AgentDecision]
    denial_code: str | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """A coin at a cycle's boundary: mid price in USD, hourly funding rate as a fraction, spread in basis points."""

    mid_price: Decimal
    funding_rate_hourly: Decimal
    spread_bps: float


class QuotePath:
    """The recorded quotes of all coins, by boundary (market ms)."""

    def __init__(self, quotes: Mapping[int, Mapping[Symbol, Quote]], interval_ms: int = MINUTE_MS) -> None:
        self._quotes, self._interval_ms = quotes, interval_ms

    def at(self, boundary_ms: int, symbol: Symbol) -> Quote | None:
        """The quote at the boundary, or at the next one where that cycle was missed; None where both are."""
        for moment in (boundary_ms, boundary_ms + self._interval_ms):
            if (quote := self._quotes.get(moment, {}).get(symbol)) is not None:
                return quote
        return None
