"""What moves an account's cash, and the sums of it. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Final

from common.events import LedgerKind

ZERO: Final = Decimal(0)
CENT: Final = Decimal("0.01")
"""Differences below a cent come from rounding."""
JUMP_FRACTION: Final = Decimal("0.01")
JUMP_USD: Final = Decimal(1)
"""From so much of the equity on, and so much money, what no entry explains is a jump of the equity."""
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
    """An account's sums since `since_ms`, and up to when funding and transfers have been entered.

    `mode` is the account's mode in which its cash was counted last; None in a ledger of an earlier version.
    `unknown_movement` is the type of a ledger row that may have moved an unknown sum, until the cash is explained.
    """

    since_ms: int
    start_cash_usd: Decimal
    closed_pnl_usd: Decimal
    fees_usd: Decimal
    funding_usd: Decimal
    transfers_usd: Decimal
    movements_until_ms: int
    mode: str | None = None
    unknown_movement: str | None = None

    def residual_usd(self, balance_usd: Decimal) -> Decimal:
        """What of the cash no entry explains."""
        moved = self.closed_pnl_usd - self.fees_usd + self.funding_usd + self.transfers_usd
        return balance_usd - self.start_cash_usd - moved

    def is_explained(self, balance_usd: Decimal, equity_usd: Decimal) -> bool:
        """Whether the entries explain the cash, but for what is too little to judge a profit or a loss by.

        After a movement of unknown size every cent counts.
        """
        residual_usd = abs(self.residual_usd(balance_usd))
        if self.unknown_movement is not None:
            return residual_usd < CENT
        expected_usd = abs(equity_usd - self.residual_usd(balance_usd))
        return residual_usd < max(JUMP_USD, JUMP_FRACTION * max(expected_usd, abs(equity_usd)))


def find_sum(movements: Sequence[CashMovement], amount_usd: Decimal) -> Sequence[CashMovement]:
    """The fewest of these movements, at most three, that come to that amount; none when none do."""
    for size in range(1, 4):
        for some in combinations(movements, size):
            if abs(sum((each.amount_usd for each in some), ZERO) - amount_usd) < CENT:
                return some
    return ()


def complete_until(until_ms: int, incomplete_ms: Iterable[int], now_ms: int) -> int:
    """Up to when the exchange's record need not be read again.

    Not beyond a liquidation of the last hour whose record is incomplete.
    """
    return min([until_ms, *(time_ms for time_ms in incomplete_ms if now_ms - time_ms < HALF_RECORD_MS)])
