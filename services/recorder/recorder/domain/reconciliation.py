"""Compares an account's cash with what its fills, funding and transfers add up to. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

SETTLE_MS: Final = 30_000
"""Streams are consumed side by side: a difference is missing money only once it has lasted that long."""
RESIDUAL_LIMIT_PERCENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class CashState:
    """An account state, by the id of its event; `start_cash` is the cash at `since_ms`, from which on rows count.

    `received_ms` is wall time, as the streams' delays are: the market may run many times faster.
    """

    id: str
    time_ms: int
    received_ms: int
    equity: Decimal
    unrealized_pnl: Decimal
    since_ms: int
    start_cash: Decimal

    @property
    def cash(self) -> Decimal:
        return self.equity - self.unrealized_pnl


@dataclass(frozen=True, slots=True)
class Movements:
    """Sums of the recorded rows since the start, USD. Fees were paid; the others are positive when received."""

    closed_pnl: Decimal
    fees: Decimal
    funding: Decimal
    transfers: Decimal
    other: Decimal

    @property
    def total(self) -> Decimal:
        return self.closed_pnl - self.fees + self.funding + self.transfers + self.other


@dataclass(frozen=True, slots=True)
class Excess:
    """Since when the residual has been above its limit, and the state whose alert reports it; None before each."""

    above_since_ms: int | None = None
    alerted_by: str | None = None


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The cash that no recorded row explains, and since when it has been above its limit."""

    residual: Decimal
    residual_percent: Decimal
    excess: Excess


def reconcile(state: CashState, movements: Movements, previous: Excess) -> Reconciliation:
    """Reconciles one state; `previous` is the excess at the state before it.

    The residual's first state above the limit starts the clock; the first one SETTLE_MS later alerts (its id becomes
    `alerted_by`), and no further state does until the residual has been within the limit again.
    """
    residual = state.cash - state.start_cash - movements.total
    percent = residual / state.equity * 100 if state.equity > 0 else Decimal(0)
    if abs(percent) <= RESIDUAL_LIMIT_PERCENT:
        return Reconciliation(residual, percent, Excess())
    above_since_ms = state.received_ms if previous.above_since_ms is None else previous.above_since_ms
    alerted_by = previous.alerted_by
    if alerted_by is None and state.received_ms - above_since_ms >= SETTLE_MS:
        alerted_by = state.id
    return Reconciliation(residual, percent, Excess(above_since_ms, alerted_by))
