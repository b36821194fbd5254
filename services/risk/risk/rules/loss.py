"""How much may be lost: to liquidation, to the stops, in a day, since the best day."""

from decimal import Decimal

from common.events import RuleResult
from common.trading.instruments import INSTRUMENTS
from common.trading.margin import liquidation_distance_fraction
from risk.codes import Code
from risk.gate_input import GateInput
from risk.rules.results import judged, not_judged
from risk.sizing import PERCENT, Draft, loss_at_stop_usd, loss_of_position_usd


def liquidation_distance(given: GateInput, draft: Draft | None) -> RuleResult:
    """Both distances are measured from the mark, as fractions of it."""
    code, setting = Code.LIQUIDATION_DISTANCE, "MIN_LIQUIDATION_DISTANCE_RATIO"
    if draft is None or draft.leverage is None or draft.stop_loss_price is None:
        return not_judged(code, "no order could be drafted", setting)
    liquidation = liquidation_distance_fraction(INSTRUMENTS[draft.symbol], draft.side, draft.leverage)
    stop = abs(draft.mark_price - draft.stop_loss_price) / draft.mark_price
    limit = given.limits.min_liquidation_distance_ratio
    return judged(
        code,
        liquidation >= limit * stop,
        value=liquidation / stop,
        limit=limit,
        setting=setting,
        detail=f"liquidation {liquidation * PERCENT:.2f} % away, stop {stop * PERCENT:.2f} %",
    )


def daily_loss(given: GateInput, draft: Draft | None) -> RuleResult:
    """Equity, with everything unrealized, against the equity with which the UTC day began."""
    start_usd, limit = given.day_start_equity_usd, given.limits.max_daily_loss_percent
    if given.account is None or start_usd is None or start_usd <= 0:
        return not_judged(Code.DAILY_LOSS, "no equity at the day's start", "MAX_DAILY_LOSS_PERCENT")
    loss_percent = loss_since_percent(start_usd, given.account.equity_usd)
    return judged(
        Code.DAILY_LOSS, loss_percent < limit, value=loss_percent, limit=limit, setting="MAX_DAILY_LOSS_PERCENT"
    )


def loss_budget(given: GateInput, draft: Draft | None) -> RuleResult:
    """If every stop fired now, this entry's included, the day's loss would stay within its limit."""
    start_usd, setting = given.day_start_equity_usd, "MAX_DAILY_LOSS_PERCENT"
    if given.account is None or start_usd is None:
        return not_judged(Code.LOSS_BUDGET, "no equity at the day's start", setting)
    if draft is None or draft.stop_loss_price is None:
        return not_judged(Code.LOSS_BUDGET, "no order could be drafted", setting)
    floor_usd = start_usd * (1 - given.limits.max_daily_loss_percent / PERCENT)
    budget_usd = given.account.equity_usd - floor_usd
    at_stake_usd = loss_at_stop_usd(
        given.limits,
        draft.side,
        size_coin=draft.size_coin,
        limit_price=draft.limit_price,
        stop_loss_price=draft.stop_loss_price,
    )
    at_stake_usd += sum((entry.loss_usd for entry in given.entries_reserved), Decimal(0))
    for held in given.account.positions:
        at_stake_usd += loss_of_position_usd(given.limits, held, given.mark_of(held))
    return judged(Code.LOSS_BUDGET, at_stake_usd <= budget_usd, value=at_stake_usd, limit=budget_usd, setting=setting)


def drawdown(given: GateInput, draft: Draft | None) -> RuleResult:
    peak_usd, limit = given.high_water_usd, given.limits.max_drawdown_percent
    if given.account is None or peak_usd is None or peak_usd <= 0:
        return not_judged(Code.DRAWDOWN, "no high-water mark yet", "MAX_DRAWDOWN_PERCENT")
    fall_percent = loss_since_percent(peak_usd, given.account.equity_usd)
    return judged(Code.DRAWDOWN, fall_percent < limit, value=fall_percent, limit=limit, setting="MAX_DRAWDOWN_PERCENT")


def loss_since_percent(then_usd: Decimal, now_usd: Decimal) -> Decimal:
    """The loss from a positive equity to the present one, as a percentage of the former; a gain is negative."""
    return (then_usd - now_usd) / then_usd * PERCENT
