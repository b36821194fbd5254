"""Sums of an account's cash, and how far the exchange's record is complete."""

from decimal import Decimal

from common.trading.durations import HOUR_MS
from executor.domain.cash_ledger import CashTotals, complete_until


def test_the_residual_is_what_no_entry_explains() -> None:
    totals = CashTotals(
        since_ms=1,
        start_cash_usd=Decimal(1000),
        closed_pnl_usd=Decimal(20),
        fees_usd=Decimal("1.5"),
        funding_usd=Decimal("-0.25"),
        transfers_usd=Decimal(100),
        movements_until_ms=1,
    )
    assert totals.residual_usd(Decimal("1118.25")) == 0
    assert totals.residual_usd(Decimal("1118.20")) == Decimal("-0.05")


def test_an_incomplete_liquidation_is_read_again_for_an_hour() -> None:
    assert complete_until(5_000, [], 6_000) == 5_000
    assert complete_until(5_000, [5_500, 2_000, 3_000], 6_000) == 2_000
    assert complete_until(2 * HOUR_MS, [HOUR_MS - 1, HOUR_MS + 1], 2 * HOUR_MS) == HOUR_MS + 1
    assert complete_until(2 * HOUR_MS, [HOUR_MS - 1], 2 * HOUR_MS) == 2 * HOUR_MS
