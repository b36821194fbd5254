"""What moves an account's cash, and the sums of it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from common.events import LedgerKind

ZERO: Final = Decimal(0)
CENT: Final = Decimal("0.01")
"""Differences below a cent come from rounding."""
HALF_RECORD_MS: Final = 3_600_000
"""How long the missing half of a liquidation's record is asked for."""


@dataclass(frozen=True, slots=True)
class CashEntry:
    """One movement of cash, by the exchange's own keys; only the amounts that apply are set. Positive came in, except
    `fee_usd`, which was paid."""

    id: str
    time_ms: int
    closed_pnl_usd: Decimal = ZERO
    fee_usd: Decimal = ZERO
    funding_usd: Decimal = ZERO
    transfer_usd: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class CashMovement:
    """An entry that is published as account.ledger: everything but the fills of the arena's coins."""

    entry: CashEntry
    kind: LedgerKind
    amount_usd: Decimal
    reason: str
    coin: str | None = None
    size_coin: Decimal | None = None
    rate_hourly: Decimal | None = None


@dataclass(frozen=True, slots=True)
class CashTotals:
    """An account's sums since `since_ms`, and up to when funding and transfers have been entered."""

    since_ms: int
    start_cash_usd: Decimal
    closed_pnl_usd: Decimal
    fees_usd: Decimal
    funding_usd: Decimal
    transfers_usd: Decimal
    movements_until_ms: int

    def residual_usd(self, balance_usd: Decimal) -> Decimal:
        """What of the cash no entry explains."""
        moved = self.closed_pnl_usd - self.fees_usd + self.funding_usd + self.transfers_usd
        return balance_usd - self.start_cash_usd - moved


def complete_until(until_ms: int, incomplete_ms: Iterable[int], now_ms: int) -> int:
    """Up to when the exchange's record need not be read again.

    Not beyond a liquidation of the last hour whose record is incomplete.
    """
    return min([until_ms, *(time_ms for time_ms in incomplete_ms if now_ms - time_ms < HALF_RECORD_MS)])
