"""What a decision would have earned by holding it for a while, net of costs, in basis points of equity.

An entry is bought or sold at the cycle's mid price and valued at the mid price some minutes later, less the taker fee
on both sides, the spread, and the funding paid at each full hour between. Its stop, its target and later decisions are
not followed: the figure judges the decision, not how the position was led. A CLOSE earns what the position lost
afterwards: its fee and spread come sooner or later, so they don't count. HOLD, an answer without a decision, and a
decision that is denied earn nothing.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from common.events import AccountUpdated, Action, Decision
from common.trading.durations import HOUR_MS, MINUTE_MS
from common.trading.instruments import Symbol
from common.trading.limits import Limits
from common.trading.margin import TAKER_FEE_FRACTION
from common.trading.orders import Side
from replay.domain.cycle import Quote, QuotePath

BPS: Final = 10_000.0
ENTRY_SIDES: Final = {Action.LONG: Side.LONG, Action.SHORT: Side.SHORT}


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a decision changes: `ratio` is the notional in shares of equity, `sign` 1 for long and -1 for short."""

    symbol: Symbol
    sign: int
    ratio: float
    is_entry: bool


def exposure_of(decision: Decision | None, account: AccountUpdated, limits: Limits) -> Exposure | None:
    """The exposure that a decision adds or ends; None where it changes nothing."""
    if decision is None or decision.symbol is None or account.equity_usd <= 0:
        return None
    if (side := ENTRY_SIDES.get(decision.action)) is not None:
        leverage = decision.leverage if limits.position_size_basis == "margin" else 1
        ratio = float(decision.position_size_percent) / 100 * leverage
        return Exposure(decision.symbol, side.sign, ratio, is_entry=True)
    if decision.action is Action.CLOSE:
        held = next((each for each in account.positions if each.symbol is decision.symbol), None)
        if held is not None:
            ratio = float(held.notional_usd / account.equity_usd)
            return Exposure(decision.symbol, -held.side.sign, ratio, is_entry=False)
    return None


def return_bps(exposure: Exposure | None, boundary_ms: int, minutes: int, path: QuotePath) -> float | None:
    """The return after `minutes` in basis points of equity; None where the market was not recorded at either end."""
    if exposure is None:
        return 0.0
    end_ms = boundary_ms + minutes * MINUTE_MS
    first, last = path.at(boundary_ms, exposure.symbol), path.at(end_ms, exposure.symbol)
    if first is None or last is None or first.mid_price <= 0:
        return None
    moved_bps = exposure.sign * float(last.mid_price / first.mid_price - 1) * BPS
    funding_bps = exposure.sign * _funding_fraction(exposure.symbol, boundary_ms, end_ms, path, first) * BPS
    costs_bps = _round_trip_bps(first, last) if exposure.is_entry else 0.0
    return exposure.ratio * (moved_bps - funding_bps - costs_bps)


def _round_trip_bps(first: Quote, last: Quote) -> float:
    """Both taker fees and half of the spread at each end."""
    return 2 * float(TAKER_FEE_FRACTION) * BPS + (first.spread_bps + last.spread_bps) / 2


def _funding_fraction(symbol: Symbol, boundary_ms: int, end_ms: int, path: QuotePath, first: Quote) -> float:
    """What a long pays at the full hours after `boundary_ms` up to `end_ms`, as a fraction of its notional."""
    total = Decimal(0)
    hour_ms = (boundary_ms // HOUR_MS + 1) * HOUR_MS
    while hour_ms <= end_ms:
        total += (path.at(hour_ms, symbol) or first).funding_rate_hourly
        hour_ms += HOUR_MS
    return float(total)
