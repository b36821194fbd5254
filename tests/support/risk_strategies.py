"""Hypothesis strategies for decisions and gate inputs, around the examples."""

from decimal import Decimal

from hypothesis import strategies as st

from common.events import Action, Decision, IntentKind
from common.runtime.roster import read_roster
from common.trading.instruments import Symbol
from common.trading.orders import Side
from risk.gate.gate_input import GateInput, Reservation, Snapshot
from risk.gate.halts import Halt, Reason
from support.risk_examples import MARKS, NOW_MS, a_market, a_position, an_account, healthy_input

D = Decimal
ROSTER = read_roster(None)


def decimals(low: str, high: str, places: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(D(low), D(high), places=places, allow_nan=False, allow_infinity=False)


PRICES = {
    Symbol.BTC: decimals("5000", "400000", 1),
    Symbol.ETH: decimals("200", "20000", 2),
    Symbol.SOL: decimals("5", "900", 4),
    Symbol.BNB: decimals("50", "3000", 3),
    Symbol.DOGE: decimals("0.01", "3", 6),
    Symbol.XRP: decimals("0.1", "20", 6),
}
SIDES = {Action.LONG: Side.LONG, Action.SHORT: Side.SHORT}


@st.composite
def priced(draw: st.DrawFn) -> tuple[Symbol, Decimal]:
    symbol = draw(st.sampled_from(ROSTER.coins))
    return symbol, draw(PRICES[symbol])


@st.composite
def decisions(draw: st.DrawFn, *, sane: bool = False) -> Decision:
    """Any decision that fits its type; `sane` ones stay near the limits, so that many pass."""
    symbol = draw(st.sampled_from(ROSTER.coins) if sane else st.one_of(st.none(), st.sampled_from(ROSTER.coins)))
    actions = [Action.LONG, Action.SHORT, Action.CLOSE] if sane else list(Action)
    near = D(0) if symbol is None else MARKS[symbol]
    trigger = st.one_of(st.none(), decimals("0.9", "1.1", 4).map(lambda ratio: near * ratio))
    return Decision(
        action=draw(st.sampled_from(actions)),
        symbol=symbol,
        leverage=draw(st.integers(1, 14) if sane else st.integers(-5, 100)),
        position_size_percent=draw(decimals("0.05", "24", 2) if sane else decimals("-50", "500", 2)),
        confidence=draw(decimals("50", "100", 0) if sane else decimals("-10", "200", 1)),
        reasoning="generated",
        stop_loss=draw(trigger),
        take_profit=draw(trigger),
    )


@st.composite
def inputs(draw: st.DrawFn) -> GateInput:
    """A healthy input of which up to four parts are anything, many of them at the limits' edges."""
    decision = draw(st.one_of(decisions(), decisions(sane=True), decisions(sane=True)))
    age = st.integers(-3_000, 100_000)
    mark = MARKS[decision.symbol or Symbol.BTC] * draw(decimals("0.98", "1.02", 4))
    held = [
        a_position(symbol, draw(st.sampled_from(list(Side))), size_coin=D(draw(st.integers(1, 9_000))) / MARKS[symbol])
        for symbol in draw(st.lists(st.sampled_from(ROSTER.coins), unique=True, max_size=4))
    ]
    reserved = tuple(
        Reservation(f"r{symbol}", symbol, Side.LONG, draw(st.sampled_from([IntentKind.ENTRY, IntentKind.EXIT])), *draw(
            st.tuples(*[decimals("0", "5000", 0)] * 3)
        ))
        for symbol in draw(st.lists(st.sampled_from(ROSTER.coins), unique=True, max_size=3))
    )  # fmt: skip
    anything = {
        "intent_kind": st.sampled_from(list(IntentKind)),
        "answered_ms": st.one_of(st.none(), age.map(lambda a: NOW_MS - a // 2)),
        "snapshot": st.sampled_from([Snapshot(None, None), Snapshot(NOW_MS - 2_000, mark)]),
        "market": st.one_of(
            st.none(),
            st.builds(
                a_market,
                st.just(mark),
                mid_price=decimals("0.98", "1.02", 4).map(lambda ratio: mark * ratio),
                mark_received_ms=age.map(lambda a: NOW_MS - a // 10),
                book_received_ms=age.map(lambda a: NOW_MS - a // 10),
                time_ms=st.integers(NOW_MS - 3_000, NOW_MS + 100),
            ),
        ),
        "account": st.one_of(
            st.none(),
            st.builds(
                lambda equity, late: an_account(*held, equity_usd=D(equity), received_ms=NOW_MS - late),
                st.integers(-100, 30_000),
                age.map(lambda a: a // 4),
            ),
        ),
        "reservations": st.just(reserved),
        "halts": st.sampled_from([(), (Halt("deepseek", Reason.PERSON, 0),)]),
        "day_start_equity_usd": st.one_of(st.none(), decimals("0", "33000", 0)),
        "high_water_usd": st.one_of(st.none(), decimals("0", "50000", 0)),
        "entries_today": st.integers(0, 60),
        "last_entry_ms": st.one_of(st.none(), age.map(lambda a: NOW_MS - a)),
        "orders_last_minute": st.integers(0, 7),
        "seen_before": st.booleans(),
    }
    changed = draw(st.lists(st.sampled_from(sorted(anything)), unique=True, max_size=4))
    return healthy_input(decision=decision, **{name: draw(anything[name]) for name in changed})
