"""What moves an account's cash, and the sums of it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from common.events import LedgerKind

ZERO = Decimal(0)
CENT = Decimal("0.01")
"""Less than that remains of a liquidation by the rounding of its prices alone."""
HALF_TOLD_MS = 3_600_000
"""How long the missing half of a liquidation is asked for."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement of cash, by the exchange's own keys; only the amounts that apply are set. Positive came in,
    but for `fee_usd`, which was paid."""

    id: str
    time_ms: int
    closed_pnl_usd: Decimal = ZERO
    fee_usd: Decimal = ZERO
    funding_usd: Decimal = ZERO
    transfer_usd: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Movement:
    """An entry that is told as account.ledger: everything but the fills of our coins."""

    entry: Entry
    kind: LedgerKind
    amount_usd: Decimal
    reason: str
    coin: str | None = None
    size_coin: Decimal | None = None
    rate_hourly: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Books:
    """An account's sums since `since_ms`, and up to when funding and transfers have been taken over."""

    since_ms: int
    start_cash_usd: Decimal
    closed_pnl_usd: Decimal
    fees_usd: Decimal
    funding_usd: Decimal
    transfers_usd: Decimal
    movements_until_ms: int

    def residual_usd(self, cash_usd: Decimal) -> Decimal:
        """What of the cash isn't explained."""
        moved = self.closed_pnl_usd - self.fees_usd + self.funding_usd + self.transfers_usd
        return cash_usd - self.start_cash_usd - moved


def complete_until(until_ms: int, half_told: Iterable[int], now_ms: int) -> int:
    """Up to when the record needn't be read again: not beyond a liquidation of late of which one half is missing."""
    return min([until_ms, *(time_ms for time_ms in half_told if now_ms - time_ms < HALF_TOLD_MS)])
