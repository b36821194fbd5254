"""How much an entry may ask for: size, leverage, slots, confidence, and entries a day."""

from common.trading.margin import liquidation_distance_fraction
from risk.gate.gate_input import GateInput
from risk.gate.rules.rule import Judgement, not_judged, rule
from risk.gate.sizing import NO_DRAFT, PERCENT, Draft


@rule(
    "SIZE_PERCENT",
    "position_size_percent, the share of equity that is the order's margin (or, by POSITION_SIZE_BASIS, its "
    "notional), is above 0 and at most the limit",
    settings=("max_position_size_percent", "position_size_basis"),
)
def size_percent(inputs: GateInput, draft: Draft | None) -> Judgement:
    asked, limit = inputs.decision.position_size_percent, inputs.limits.max_position_size_percent
    return Judgement(0 < asked <= limit, value=asked, limit=limit)


@rule(
    "LEVERAGE",
    "the leverage is at most the limit, the coin's maximum and its margin tier's",
    settings=("max_leverage",),
)
def leverage(inputs: GateInput, draft: Draft | None) -> Judgement:
    """The margin tier is that of the drafted order's notional; the exchange may allow less than the built-in one."""
    if inputs.decision.symbol is None:
        return not_judged("no coin")
    instrument = inputs.instrument(inputs.decision.symbol)
    of_coin = instrument.max_leverage
    if draft is not None:
        of_coin = min(of_coin, instrument.tier(draft.notional_usd).max_leverage)
    limit = min(inputs.limits.max_leverage, of_coin)
    asked = inputs.decision.leverage
    detail = f"{instrument.symbol} allows at most {of_coin}" if of_coin < inputs.limits.max_leverage else None
    return Judgement(1 <= asked <= limit, value=asked, limit=limit, detail=detail)


@rule(
    "LIQUIDATION_DISTANCE",
    "liquidation is at least this many times as far from the mark as the stop",
    settings=("min_liquidation_distance_ratio", "stop_loss_percent"),
)
def liquidation_distance(inputs: GateInput, draft: Draft | None) -> Judgement:
    """Both distances are measured from the mark, as fractions of it."""
    if draft is None or draft.leverage is None or draft.stop_loss_price is None:
        return not_judged(NO_DRAFT)
    liquidation = liquidation_distance_fraction(inputs.instrument(draft.symbol), draft.side, draft.leverage)
    stop = abs(draft.mark_price - draft.stop_loss_price) / draft.mark_price
    limit = inputs.limits.min_liquidation_distance_ratio
    return Judgement(
        liquidation >= limit * stop,
        value=liquidation / stop,
        limit=limit,
        detail=f"liquidation {liquidation * PERCENT:.2f} % away, stop {stop * PERCENT:.2f} %",
    )


@rule(
    "OPEN_POSITIONS",
    "coins that are held, whoever opened them, or have an unfinished entry are fewer than the limit",
    settings=("max_open_positions",),
)
def open_positions(inputs: GateInput, draft: Draft | None) -> Judgement:
    limit = inputs.limits.max_open_positions
    if inputs.account is None:
        return not_judged("no account state")
    coins = {held.symbol for held in inputs.account.positions} | {entry.symbol for entry in inputs.entries_reserved}
    return Judgement(len(coins) < limit, value=len(coins), limit=limit)


@rule("CONFIDENCE", "the stated confidence is at least the limit", settings=("min_confidence",))
def confidence(inputs: GateInput, draft: Draft | None) -> Judgement:
    stated, limit = inputs.decision.confidence, inputs.limits.min_confidence
    return Judgement(stated >= limit, value=stated, limit=limit)


@rule(
    "DAILY_TRADES",
    "entries that reached the exchange this UTC day, with those that still may, are fewer than the limit",
    settings=("max_daily_trades",),
)
def daily_trades(inputs: GateInput, draft: Draft | None) -> Judgement:
    count, limit = inputs.entries_today, inputs.limits.max_daily_trades
    return Judgement(count < limit, value=count, limit=limit)
