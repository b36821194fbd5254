"""How much may be lost, and how much may be at stake: in a day, at the stops, in all, since the high-water mark."""

from decimal import Decimal

from common.trading.losses import loss_at_stop_usd, loss_of_position_usd
from common.trading.margin import notional_usd
from risk.gate.gate_input import GateInput
from risk.gate.rules.rule import Judgement, not_judged, rule
from risk.gate.sizing import NO_DRAFT, PERCENT, Draft


@rule(
    "DAILY_LOSS",
    "equity has lost less than the limit since the UTC day began; when hit, exits only until the next day",
    settings=("max_daily_loss_percent", "flatten_on_daily_loss"),
)
def daily_loss(inputs: GateInput, draft: Draft | None) -> Judgement:
    start_usd, limit = inputs.day_start_equity_usd, inputs.limits.max_daily_loss_percent
    if inputs.account is None or start_usd is None or start_usd <= 0:
        return not_judged("no equity at the day's start")
    loss_percent = loss_since_percent(start_usd, inputs.account.equity_usd)
    return Judgement(loss_percent < limit, value=loss_percent, limit=limit)


@rule(
    "LOSS_BUDGET",
    "if all stops were hit now, this entry's too (filled at its limit price), with fees and slippage, the day's loss "
    "would stay within its limit",
    settings=("max_daily_loss_percent", "stop_loss_percent", "slippage_allowance_percent"),
)
def loss_budget(inputs: GateInput, draft: Draft | None) -> Judgement:
    start_usd = inputs.day_start_equity_usd
    if inputs.account is None or start_usd is None:
        return not_judged("no equity at the day's start")
    if draft is None or draft.stop_loss_price is None:
        return not_judged(NO_DRAFT)
    floor_usd = start_usd * (1 - inputs.limits.max_daily_loss_percent / PERCENT)
    budget_usd = inputs.account.equity_usd - floor_usd
    at_stake_usd = loss_at_stop_usd(
        inputs.limits,
        draft.side,
        size_coin=draft.size_coin,
        limit_price=draft.limit_price,
        stop_loss_price=draft.stop_loss_price,
    )
    at_stake_usd += sum((entry.loss_usd for entry in inputs.entries_reserved), Decimal(0))
    for held in inputs.account.positions:
        at_stake_usd += loss_of_position_usd(
            inputs.limits,
            held.side,
            size_coin=held.size_coin,
            mark_price=inputs.mark_of(held),
            stop_loss_price=held.confirmed_stop_price,
            margin_used_usd=held.margin_used_usd,
        )
    return Judgement(at_stake_usd <= budget_usd, value=at_stake_usd, limit=budget_usd)


@rule(
    "GROSS_EXPOSURE",
    "the notional of all positions, unfinished entries and this one is at most this many times equity",
    settings=("max_gross_exposure_ratio",),
)
def gross_exposure(inputs: GateInput, draft: Draft | None) -> Judgement:
    limit = inputs.limits.max_gross_exposure_ratio
    if inputs.account is None or draft is None:
        return not_judged(NO_DRAFT)
    equity_usd = inputs.account.equity_usd
    if equity_usd <= 0:
        return Judgement(passed=False, value=equity_usd, limit=limit, detail="no equity")
    total_usd = draft.notional_usd + sum((entry.notional_usd for entry in inputs.entries_reserved), Decimal(0))
    for held in inputs.account.positions:
        total_usd += notional_usd(held.size_coin, inputs.mark_of(held))
    return Judgement(total_usd <= limit * equity_usd, value=total_usd / equity_usd, limit=limit)


@rule(
    "DRAWDOWN",
    "equity has fallen less than the limit from its high-water mark; when hit, halted until a person resumes",
    settings=("max_drawdown_percent",),
)
def drawdown(inputs: GateInput, draft: Draft | None) -> Judgement:
    peak_usd, limit = inputs.high_water_usd, inputs.limits.max_drawdown_percent
    if inputs.account is None or peak_usd is None or peak_usd <= 0:
        return not_judged("no high-water mark yet")
    fall_percent = loss_since_percent(peak_usd, inputs.account.equity_usd)
    return Judgement(fall_percent < limit, value=fall_percent, limit=limit)


def loss_since_percent(then_usd: Decimal, now_usd: Decimal) -> Decimal:
    """The loss from a positive equity to the present one, as a percentage of the former; a gain is negative."""
    return (then_usd - now_usd) / then_usd * PERCENT
