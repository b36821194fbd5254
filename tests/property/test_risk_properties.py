"""No generated input or stream of decisions ever breaks a limit; roundings and triggers behave for all prices."""

from collections import Counter
from decimal import Decimal
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from common.events import AccountPosition, AccountUpdated, Action, IgnoreReason, IntentKind, RiskApproved
from common.runtime.roster import read_roster
from common.trading.instruments import INSTRUMENTS, Symbol
from common.trading.limits import Limits
from common.trading.margin import (
    TAKER_FEE_FRACTION,
    initial_margin_usd,
    isolated_liquidation_price,
    liquidation_distance_fraction,
    maintenance_margin_usd,
    unrealized_pnl_usd,
    usable_leverage,
)
from common.trading.orders import OrderSide, Side
from risk.gate.gate_input import GateInput
from risk.gate.rules.table import RULES
from risk.gate.sizing import Draft, draft_entry, draft_exit, target_notional_usd
from risk.gate.verdict import intent_of, judge
from risk.handlers import RiskHandlers
from support.risk_examples import (
    MARKS,
    NOW_MS,
    a_decision,
    a_decision_event,
    a_position,
    a_tick_event,
    an_account,
    an_account_event,
)
from support.risk_strategies import SIDES, decimals, decisions, inputs, priced

D = Decimal
ROSTER = read_roster(None)


def test_every_input_has_a_verdict_and_approvals_keep_every_limit() -> None:
    approved = Counter[IntentKind]()

    @given(inputs())
    @settings(max_examples=800, deadline=None)
    def holds(case: GateInput) -> None:
        verdict = judge(case)
        failing = [result.code for result in verdict.rules if not result.passed]
        assert verdict.denial_code == (failing[0] if failing else None)
        assert len(verdict.rules) == sum(rule.applies_to(case.intent_kind) for rule in RULES)
        if verdict.denial_code is None:
            approved[case.intent_kind] += 1
            assert verdict.draft is not None
            within_limits(case, verdict.draft)

    holds()
    # The test must not pass because nothing was approved.
    assert approved[IntentKind.ENTRY] > 10


def within_limits(case: GateInput, order: Draft) -> None:
    """The limits once more, written independently of the rules."""
    limits, account = case.limits, case.account
    assert account is not None
    if case.intent_kind is not IntentKind.ENTRY:
        assert case.position is not None
        assert order.size_coin == case.position.size_coin
        return
    assert case.market is not None
    assert order.leverage is not None
    assert case.halts == ()
    assert not case.seen_before
    assert case.entries_today < limits.max_daily_trades
    assert case.decision.confidence >= limits.min_confidence
    assert order.margin_usd <= account.equity_usd * limits.max_position_size_percent / 100
    assert order.leverage <= min(limits.max_leverage, INSTRUMENTS[order.symbol].max_leverage)
    taken = {p.symbol for p in account.positions} | {r.symbol for r in case.entries_reserved}
    assert order.symbol not in taken
    assert len(taken) < limits.max_open_positions
    assert account.available_balance_usd >= order.margin_usd
    assert abs(order.limit_price / order.mark_price - 1) <= D("0.005")


@given(priced(), st.sampled_from(list(SIDES)), decimals("0.01", "100", 2), st.integers(1, 40), st.integers(0, 10**6))
@settings(max_examples=500, deadline=None)
def test_rounding_never_raises_the_notional_at_any_fill_price(
    coin: tuple[Symbol, Decimal], action: Action, percent: Decimal, leverage: int, equity: int
) -> None:
    symbol, mark = coin
    decision = a_decision(action=action, symbol=symbol, position_size_percent=percent, leverage=leverage)
    side = SIDES[action]
    order = draft_entry(Limits(), decision, side, equity_usd=D(equity), mark_price=mark, mid_price=mark)
    target = target_notional_usd(Limits(), decision, D(equity))
    instrument = INSTRUMENTS[symbol]
    assert order.size_coin * max(mark, order.limit_price) <= target
    assert order.notional_usd <= target
    assert order.size_coin == instrument.round_size(order.size_coin)
    for price in (order.limit_price, order.stop_loss_price, order.take_profit_price):
        assert price is not None
        assert instrument.is_valid_price(price)
    assert order.stop_loss_price is not None
    assert order.take_profit_price is not None
    assert 0 < side.sign * (mark - order.stop_loss_price) <= mark * D("0.05")
    assert 0 < side.sign * (order.take_profit_price - mark) <= mark * D("0.10")
    assert 0 <= side.sign * (order.limit_price - mark) <= mark * D("0.005")


@given(priced(), st.sampled_from(list(SIDES)), st.integers(1, 40), st.integers(1, 40), decimals("0.8", "1.2", 4))
@settings(max_examples=300, deadline=None)
def test_trigger_prices_do_not_depend_on_the_leverage(
    coin: tuple[Symbol, Decimal], action: Action, one: int, other: int, ratio: Decimal
) -> None:
    symbol, mark = coin
    orders = [
        draft_entry(
            Limits(),
            a_decision(
                action=action, symbol=symbol, leverage=leverage, stop_loss=mark * ratio, take_profit=mark / ratio
            ),
            SIDES[action],
            equity_usd=D(10_000),
            mark_price=mark,
            mid_price=mark,
        )
        for leverage in (one, other)
    ]
    assert len({(order.stop_loss_price, order.take_profit_price, order.limit_price) for order in orders}) == 1


@given(priced(), st.sampled_from(list(SIDES)), decimals("0.8", "1.2", 4), decimals("0.8", "1.2", 4))
@settings(max_examples=300, deadline=None)
def test_a_stop_or_target_is_used_or_named_as_ignored(
    coin: tuple[Symbol, Decimal], action: Action, stop_ratio: Decimal, target_ratio: Decimal
) -> None:
    symbol, mark = coin
    asked = {"stop_loss": mark * stop_ratio, "take_profit": mark * target_ratio}
    order = draft_entry(
        Limits(),
        a_decision(action=action, symbol=symbol, **asked),
        SIDES[action],
        equity_usd=D(10_000),
        mark_price=mark,
        mid_price=mark,
    )
    ignored = {each.field: each for each in order.ignored_stops}
    assert len(ignored) == len(order.ignored_stops)
    for field, price in (("stop_loss", order.stop_loss_price), ("take_profit", order.take_profit_price)):
        assert price is not None
        is_used = abs(price - asked[field]) < INSTRUMENTS[symbol].price_step(asked[field])
        assert is_used or (ignored[field].asked_price, ignored[field].used_price) == (asked[field], price)
        # An asked price within a step of the default may count as either.
        assert not (is_used and field in ignored) or ignored[field].reason is IgnoreReason.TOO_FAR


@given(priced(), st.sampled_from(list(Side)), st.integers(1, 10**6))
@settings(max_examples=300, deadline=None)
def test_an_exit_is_reduce_only_and_never_larger_than_the_position(
    coin: tuple[Symbol, Decimal], side: Side, lots: int
) -> None:
    symbol, mark = coin
    size = lots * INSTRUMENTS[symbol].size_step_coin
    intent = intent_of(draft_exit(Limits(), a_position(symbol, side, size_coin=size), mark), valid_until_ms=0)
    assert intent.reduce_only
    assert intent.size_coin == size
    assert intent.side is (OrderSide.SELL if side is Side.LONG else OrderSide.BUY)
    assert INSTRUMENTS[symbol].is_valid_price(intent.limit_price)
    assert abs(intent.limit_price / mark - 1) <= D("0.03")


@given(priced(), st.sampled_from(list(SIDES)), st.integers(1, 20))
@settings(max_examples=300, deadline=None)
def test_an_approved_stop_always_fires_before_liquidation(
    coin: tuple[Symbol, Decimal], action: Action, leverage: int
) -> None:
    symbol, mark = coin
    side, instrument = SIDES[action], INSTRUMENTS[symbol]
    assume(leverage <= usable_leverage(instrument, side, D("0.05"), D("1.5"), 20))
    decision = a_decision(action=action, symbol=symbol, leverage=leverage)
    order = draft_entry(Limits(), decision, side, equity_usd=D(10_000), mark_price=mark, mid_price=mark)
    assert order.stop_loss_price is not None
    for fill in (mark, order.limit_price):
        liquidation = isolated_liquidation_price(instrument, side, D(1), fill, leverage)
        assert liquidation is None or side.sign * (order.stop_loss_price - liquidation) > 0


class Exchange:
    """A small exchange of one account, independent of the gate: fills within the limit price, marks, fees."""

    def __init__(self) -> None:
        self.cash = D(10_000)
        self.held: dict[Symbol, dict[str, Any]] = {}
        self.marks = dict(MARKS)
        self.covers: list[str] = []
        self.sent: list[int] = []

    def fill(self, event_id: str, intent: Any, now_ms: int, share: Decimal) -> None:
        mark = self.marks[intent.symbol]
        price = mark + (intent.limit_price - mark) * share
        self.covers.append(event_id)
        self.cash -= intent.size_coin * price * TAKER_FEE_FRACTION
        if intent.reduce_only:
            held = self.held.pop(intent.symbol)
            self.cash += unrealized_pnl_usd(held["side"], held["size"], held["entry"], price)
            return
        side = Side.LONG if intent.side is OrderSide.BUY else Side.SHORT
        self.sent.append(now_ms)
        self.held[intent.symbol] = {
            "side": side, "size": intent.size_coin, "entry": price, "leverage": intent.leverage,
            "stop": intent.stop_loss_price, "id": event_id,
        }  # fmt: skip

    def move(self, symbol: Symbol, ratio: Decimal) -> None:
        self.marks[symbol] = INSTRUMENTS[symbol].round_price(self.marks[symbol] * ratio)

    def trigger_stops(self) -> None:
        for symbol, held in list(self.held.items()):
            if held["side"].sign * (held["stop"] - self.marks[symbol]) >= 0:
                del self.held[symbol]
                self.cash += unrealized_pnl_usd(held["side"], held["size"], held["entry"], self.marks[symbol])

    def position(self, symbol: Symbol) -> AccountPosition:
        held, mark = self.held[symbol], self.marks[symbol]
        return a_position(
            symbol,
            held["side"],
            size_coin=held["size"],
            entry_price=held["entry"],
            mark_price=mark,
            leverage=held["leverage"],
            margin_used_usd=held["size"] * held["entry"] / held["leverage"],
            stop_loss_price=held["stop"],
            intent_id=held["id"],
        )

    def account(self) -> AccountUpdated:
        positions = [self.position(symbol) for symbol in self.held]
        pnl = sum((unrealized_pnl_usd(p.side, p.size_coin, p.entry_price, p.mark_price) for p in positions), D(0))
        return an_account(*positions, equity_usd=self.cash + pnl, covers=tuple(self.covers))


STEPS = st.lists(
    st.tuples(
        decisions(sane=True),
        st.integers(5, 600),
        st.sampled_from(ROSTER.coins),
        decimals("0.96", "1.04", 3),
        decimals("0", "1", 2),
        st.booleans(),
    ),
    min_size=5,
    max_size=40,
)


@given(STEPS)
@settings(max_examples=120, deadline=None)
def test_no_stream_of_decisions_breaks_a_limit_on_the_exchange(steps: list[tuple[Any, ...]]) -> None:
    limits = Limits(max_daily_trades=4)
    handlers, exchange, now_ms = RiskHandlers(limits, ROSTER), Exchange(), NOW_MS
    waiting: list[Any] = []
    for number, (decision, seconds, moved, ratio, share, settles) in enumerate(steps):
        now_ms += seconds * 1000
        exchange.move(moved, ratio)
        exchange.trigger_stops()
        if settles:
            # Approved orders may be filled late; their reservations must have kept their room meanwhile.
            for event in waiting:
                if not event.data.intent.reduce_only or event.data.intent.symbol in exchange.held:
                    exchange.fill(event.id, event.data.intent, now_ms, share)
            waiting = []
        handlers.on_account_updated(an_account_event(exchange.account(), at_ms=now_ms), now_ms)
        for symbol in ROSTER.coins:
            handlers.on_market_tick(a_tick_event(symbol, mark_price=exchange.marks[symbol], at_ms=now_ms), now_ms)
        equity = exchange.account().equity_usd
        cause = a_decision_event(
            decision, cycle=f"c{number}", at_ms=now_ms, mark_price=exchange.marks[decision.symbol or Symbol.BTC]
        )
        for event in handlers.on_agent_decision(cause, now_ms):
            if isinstance(event.data, RiskApproved):
                waiting.append(event)
                assert event.data.intent.initial_margin_usd <= equity * limits.max_position_size_percent / 100
        open_coins = {*exchange.held} | {e.data.intent.symbol for e in waiting if not e.data.intent.reduce_only}
        assert len(open_coins) <= limits.max_open_positions
        today = [at_ms for at_ms in exchange.sent if at_ms // 86_400_000 == now_ms // 86_400_000]
        assert len(today) <= limits.max_daily_trades
        for symbol, held in exchange.held.items():
            assert held["leverage"] <= min(limits.max_leverage, INSTRUMENTS[symbol].max_leverage)


@given(priced(), st.integers(0, 10**12))
@settings(max_examples=300, deadline=None)
def test_sizes_and_prices_are_rounded_where_they_should_be(coin: tuple[Symbol, Decimal], micro: int) -> None:
    symbol, price = coin
    instrument, size = INSTRUMENTS[symbol], D(micro) / 10**6
    rounded = instrument.round_size(size)
    assert 0 <= size - rounded < instrument.size_step_coin
    down, up, near = (instrument.round_price(price, way) for way in ("down", "up", "nearest"))
    assert down <= price <= up
    assert down <= near <= up
    assert all(map(instrument.is_valid_price, (down, up, near)))
    # Rounding up may reach the next power of ten, where the step is coarser; never more than one step away.
    assert up - down <= instrument.price_step(price)


@given(st.sampled_from(ROSTER.coins), st.sampled_from(list(Side)), st.integers(1, 39), decimals("1", "400000000", 0))
@settings(max_examples=300, deadline=None)
def test_margin_grows_with_notional_and_liquidation_nears_by_leverage(
    symbol: Symbol, side: Side, leverage: int, notional: Decimal
) -> None:
    instrument = INSTRUMENTS[symbol]
    assert 0 < maintenance_margin_usd(instrument, notional) <= maintenance_margin_usd(instrument, notional + 1)
    assert initial_margin_usd(notional, leverage) > initial_margin_usd(notional, leverage + 1)
    if leverage < instrument.max_leverage:
        nearer = liquidation_distance_fraction(instrument, side, leverage + 1)
        assert 0 < nearer <= liquidation_distance_fraction(instrument, side, leverage)
