"""The rules as data, in the order in which they are judged; the documentation's table is made from it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from common.events import RuleResult
from risk.codes import Code
from risk.gate_input import GateInput
from risk.rules import decision, freshness, loss, order, pace, position, state
from risk.sizing import Draft

Check = Callable[[GateInput, Draft | None], RuleResult]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `settings` are field names of Limits; `text` is its line in the documentation."""

    code: Code
    check: Check
    text: str
    settings: tuple[str, ...] = ()
    for_entries: bool = True
    for_exits: bool = False


RULES: Final = (
    Rule(
        Code.STATE_HALTED,
        state.state_halted,
        "no active reason halts the model or everyone: a person's halt or a drawdown, ended by a person's resume",
    ),
    Rule(
        Code.STATE_REDUCING,
        state.state_reducing,
        "no active reason allows exits only: the daily loss until the next UTC day, a pause after stops, an external "
        "position until it is gone, a flatten under way",
        ("max_stops_per_day", "stops_pause_hours"),
    ),
    Rule(Code.STALE_MARK, freshness.stale_mark, "the mark price is recent", ("max_mark_age_ms",)),
    Rule(Code.STALE_BOOK, freshness.stale_book, "the order book is recent", ("max_book_age_ms",)),
    Rule(Code.STALE_ACCOUNT, freshness.stale_account, "the account state is recent", ("max_account_age_ms",)),
    Rule(
        Code.STALE_DECISION,
        freshness.stale_decision,
        "the answer and its snapshot are recent, and the mark is still near the snapshot's",
        ("max_decision_age_ms", "max_snapshot_age_ms", "max_snapshot_drift_percent"),
    ),
    Rule(
        Code.CLOCK_SKEW,
        freshness.clock_skew,
        "the exchange's clock and ours agree; judged at market speed 1 only",
        ("max_clock_skew_ms", "market_speed"),
    ),
    Rule(
        Code.SYMBOL_UNKNOWN,
        decision.symbol_unknown,
        "the coin is on the list; an exit needs only a coin that exists",
        ("allowed_symbols",),
        for_exits=True,
    ),
    Rule(
        Code.ACTION_INVALID,
        decision.action_invalid,
        "the action fits and its numbers are finite and in their ranges",
        for_exits=True,
    ),
    Rule(
        Code.POSITION_HELD,
        position.position_held,
        "the coin is neither held on this side, nor under way, nor left with old orders",
    ),
    Rule(
        Code.FLIP_WITHOUT_CLOSE,
        position.flip_without_close,
        "the coin is neither held nor under way on the other side",
    ),
    Rule(
        Code.NO_POSITION,
        position.no_position,
        "there is a position to close, by the last known account state",
        for_entries=False,
        for_exits=True,
    ),
    Rule(
        Code.SIZE_PERCENT,
        decision.size_percent,
        "position_size_percent, a share of equity on the basis set, is at most the limit",
        ("max_position_size_percent", "position_size_basis"),
    ),
    Rule(
        Code.LEVERAGE,
        decision.leverage,
        "the leverage is at most the limit, the coin's maximum and its margin tier's",
        ("max_leverage",),
    ),
    Rule(
        Code.LIQUIDATION_DISTANCE,
        loss.liquidation_distance,
        "liquidation is at least this many times as far from the mark as the stop",
        ("min_liquidation_distance_ratio", "stop_loss_percent"),
    ),
    Rule(
        Code.OPEN_POSITIONS,
        position.open_positions,
        "coins held or under way, whoever opened them, are fewer than the limit",
        ("max_open_positions",),
    ),
    Rule(Code.CONFIDENCE, decision.confidence, "the stated confidence is at least the limit", ("min_confidence",)),
    Rule(
        Code.DAILY_TRADES,
        pace.daily_trades,
        "entries that reached the exchange this UTC day, with those that still may, are fewer than the limit",
        ("max_daily_trades",),
    ),
    Rule(
        Code.DAILY_LOSS,
        loss.daily_loss,
        "equity with everything unrealized has lost less than the limit since the UTC day began; when hit, exits only "
        "until the next day",
        ("max_daily_loss_percent", "flatten_on_daily_loss"),
    ),
    Rule(
        Code.LOSS_BUDGET,
        loss.loss_budget,
        "if every stop fired now, with fees and slippage, this entry's from its limit price included, the day's loss "
        "would stay within its limit",
        ("max_daily_loss_percent", "stop_loss_percent", "slippage_allowance_percent"),
    ),
    Rule(
        Code.GROSS_EXPOSURE,
        order.gross_exposure,
        "the notional of all positions, entries under way and this one is at most this many times equity",
        ("max_gross_exposure_ratio",),
    ),
    Rule(
        Code.DRAWDOWN,
        loss.drawdown,
        "equity has fallen less than the limit from its high-water mark; when hit, halted until a person resumes",
        ("max_drawdown_percent",),
    ),
    Rule(
        Code.MIN_NOTIONAL,
        order.min_notional,
        "after rounding down, the order is worth at least the exchange's minimum",
        ("min_notional_usd",),
    ),
    Rule(
        Code.MAX_NOTIONAL_USD,
        order.max_notional,
        "the order is worth at most the cap; off on paper, required on mainnet",
        ("max_notional_usd",),
    ),
    Rule(
        Code.INSUFFICIENT_MARGIN,
        order.insufficient_margin,
        "margin and fees fit into what is free after all reservations",
    ),
    Rule(
        Code.PRICE_COLLAR,
        order.price_collar,
        "the limit price is near the mark, for entries and for exits; for entries mark and mid agree",
        ("entry_collar_percent", "exit_collar_percent", "max_mark_mid_gap_percent"),
        for_exits=True,
    ),
    Rule(
        Code.COOLDOWN,
        pace.cooldown,
        "the latest entry on this coin is long enough ago, in market time",
        ("entry_cooldown_s",),
    ),
    Rule(
        Code.RATE,
        pace.rate,
        "the model's approved orders within one minute of market time are fewer than the limit",
        ("max_orders_per_minute",),
    ),
    Rule(
        Code.DUPLICATE,
        pace.duplicate,
        "this model has not had an order of this intent_kind in this cycle",
        for_exits=True,
    ),
)
