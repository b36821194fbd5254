"""Each rule alone: an input on which exactly this rule fails, and one at its edge on which every rule passes."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from common.events import Action, LeverageLimit
from common.trading.instruments import Symbol
from common.trading.orders import Side
from risk.gate.gate_input import Reservation, Snapshot
from risk.gate.halts import ALL_MODELS, ENDED_BY_RESUME, Halt, Reason
from risk.gate.rules.table import RULES
from risk.gate.verdict import judge
from support.risk_examples import MARKS, NOW_MS, a_decision, a_market, a_position, an_account, healthy_input

D = Decimal
CLOSE = a_decision(action=Action.CLOSE, symbol=Symbol.ETH, leverage=0, position_size_percent=D(0))
SMALL = a_decision(leverage=1, position_size_percent=D(1))
LOWERED = an_account(
    leverage_limits=(
        LeverageLimit(symbol=Symbol.BTC, lower_bound_usd=D(0), max_leverage=5),
        LeverageLimit(symbol=Symbol.ETH, lower_bound_usd=D(0), max_leverage=0),
    )
)
HELD_TWO = (a_position(Symbol.ETH), a_position(Symbol.SOL))


def entry(symbol: Symbol, side: Side = Side.LONG, **amounts: Decimal) -> Reservation:
    return Reservation(f"r-{symbol}", symbol, side, intent_kind=healthy_input().intent_kind, **amounts)


@dataclass(frozen=True, slots=True)
class Edge:
    """Changes of a healthy input: one that just breaks the rule, and one that just doesn't."""

    breaks: dict[str, Any]
    holds: dict[str, Any]


EDGES: dict[str, list[Edge]] = {
    "STATE_HALTED": [
        Edge({"halts": (Halt("deepseek", Reason.DRAWDOWN, 0),)}, {"halts": ()}),
        Edge({"halts": (Halt(ALL_MODELS, Reason.PERSON, 0),)}, {"halts": ()}),
    ],
    "STATE_REDUCING": [
        Edge({"halts": (Halt("deepseek", reason, 0),)}, {"halts": ()})
        for reason in Reason
        if reason not in ENDED_BY_RESUME
    ],
    "DISK_FULL": [
        Edge({"disk_free_percent": D("4.99")}, {"disk_free_percent": D(5)}),
        Edge({"disk_free_percent": D(0)}, {"disk_free_percent": None}),
    ],
    "STALE_MARK": [
        Edge(
            {"market": a_market(mark_received_ms=NOW_MS - 5_001)}, {"market": a_market(mark_received_ms=NOW_MS - 5_000)}
        ),
        Edge(
            {"market": a_market(mark_received_ms=NOW_MS + 2_001)}, {"market": a_market(mark_received_ms=NOW_MS + 2_000)}
        ),
    ],
    "STALE_BOOK": [
        Edge(
            {"market": a_market(book_received_ms=NOW_MS - 5_001)}, {"market": a_market(book_received_ms=NOW_MS - 5_000)}
        ),
    ],
    "STALE_ACCOUNT": [
        Edge(
            {"account": an_account(received_ms=NOW_MS - 15_001)}, {"account": an_account(received_ms=NOW_MS - 15_000)}
        ),
    ],
    "STALE_DECISION": [
        Edge({"answered_ms": NOW_MS - 30_001}, {"answered_ms": NOW_MS - 30_000}),
        Edge(
            {"snapshot": Snapshot(NOW_MS - 90_001, MARKS[Symbol.BTC])},
            {"snapshot": Snapshot(NOW_MS - 90_000, MARKS[Symbol.BTC])},
        ),
        # The mark is 100,000: 1 % of what the snapshot showed, and a little more.
        Edge({"snapshot": Snapshot(NOW_MS, D("99009"))}, {"snapshot": Snapshot(NOW_MS, D("99010"))}),
        Edge({"snapshot": Snapshot(NOW_MS, D("101011"))}, {"snapshot": Snapshot(NOW_MS, D("101010"))}),
    ],
    "CLOCK_SKEW": [
        Edge(
            {"market": a_market(time_ms=NOW_MS, recorded_ms=NOW_MS + skew_ms + (1 if skew_ms > 0 else -1))},
            {"market": a_market(time_ms=NOW_MS, recorded_ms=NOW_MS + skew_ms)},
        )
        for skew_ms in (2_000, -2_000)
    ]
    + [
        # However wrong this machine's clock is, what counts is how late the tick came by the exchange's.
        Edge(
            {
                "market": a_market(time_ms=NOW_MS + ahead_ms, recorded_ms=NOW_MS),
                "account": an_account(clock_ahead_ms=ahead_ms - 2_001),
            },
            {
                "market": a_market(time_ms=NOW_MS + ahead_ms, recorded_ms=NOW_MS),
                "account": an_account(clock_ahead_ms=ahead_ms),
            },
        )
        for ahead_ms in (12_000, -20_000, 60_000, -259_200_000)
    ],
    "SYMBOL_UNKNOWN": [
        Edge({"limits": {"allowed_symbols": "ETH,SOL"}}, {"limits": {"allowed_symbols": "ETH,BTC"}}),
    ],
    "ACTION_INVALID": [
        Edge({"decision": a_decision(stop_loss=D(0))}, {"decision": a_decision(stop_loss=D(1))}),
        Edge({"decision": a_decision(take_profit=D(-1))}, {"decision": a_decision(take_profit=D(1))}),
        Edge({"decision": a_decision(confidence=D("100.1"))}, {"decision": a_decision(confidence=D(100))}),
    ],
    "POSITION_HELD": [
        Edge(
            {"account": an_account(a_position(Symbol.BTC), a_position(Symbol.ETH))},
            {"account": an_account(a_position(Symbol.SOL), a_position(Symbol.ETH))},
        ),
        Edge({"reservations": (entry(Symbol.BTC),)}, {"reservations": (entry(Symbol.ETH),)}),
    ],
    "FLIP_WITHOUT_CLOSE": [
        Edge(
            {"account": an_account(a_position(Symbol.BTC, Side.SHORT))},
            {"account": an_account(a_position(Symbol.ETH, Side.SHORT))},
        ),
        Edge({"reservations": (entry(Symbol.BTC, Side.SHORT),)}, {"reservations": (entry(Symbol.SOL, Side.SHORT),)}),
    ],
    "NO_POSITION": [
        Edge(
            {"decision": CLOSE, "account": an_account(a_position(Symbol.SOL))},
            {"decision": CLOSE, "account": an_account(a_position(Symbol.ETH))},
        ),
    ],
    "SIZE_PERCENT": [
        Edge(
            {"decision": a_decision(position_size_percent=D("20.01"), leverage=1)},
            {"decision": a_decision(position_size_percent=D(20), leverage=1)},
        ),
    ],
    "LEVERAGE": [
        # A stop this near leaves any liquidation far enough, so that the leverage alone is judged.
        Edge(
            {"decision": a_decision(leverage=21, position_size_percent=D(1), stop_loss=D(99_000))},
            {"decision": a_decision(leverage=20, position_size_percent=D(1), stop_loss=D(99_000))},
        ),
        Edge(
            {"decision": a_decision(symbol=Symbol.BNB, leverage=11, position_size_percent=D(1), stop_loss=D(990))},
            {"decision": a_decision(symbol=Symbol.BNB, leverage=10, position_size_percent=D(1), stop_loss=D(990))},
        ),
        # The exchange has lowered its maximum; 0 forbids entries on a coin.
        Edge(
            {"account": LOWERED, "decision": a_decision(leverage=6, position_size_percent=D(1), stop_loss=D(99_000))},
            {"account": LOWERED, "decision": a_decision(leverage=5, position_size_percent=D(1), stop_loss=D(99_000))},
        ),
        Edge(
            {"account": LOWERED, "decision": a_decision(symbol=Symbol.ETH, leverage=1, position_size_percent=D(1))},
            {"decision": a_decision(symbol=Symbol.ETH, leverage=1, position_size_percent=D(1))},
        ),
    ],
    "LIQUIDATION_DISTANCE": [
        Edge(
            {"decision": a_decision(action=action, symbol=symbol, leverage=usable + 1, position_size_percent=D(1))},
            {"decision": a_decision(action=action, symbol=symbol, leverage=usable, position_size_percent=D(1))},
        )
        for action, of in ((Action.LONG, (11, 10, 10, 10, 8, 8)), (Action.SHORT, (11, 10, 9, 9, 7, 7)))
        for symbol, usable in zip(
            (Symbol.BTC, Symbol.ETH, Symbol.SOL, Symbol.XRP, Symbol.BNB, Symbol.DOGE), of, strict=True
        )
    ],
    "OPEN_POSITIONS": [
        Edge({"account": an_account(*HELD_TWO, a_position(Symbol.XRP))}, {"account": an_account(*HELD_TWO)}),
        Edge(
            {"account": an_account(*HELD_TWO), "reservations": (entry(Symbol.XRP),)},
            {"account": an_account(*HELD_TWO), "reservations": (entry(Symbol.SOL),)},
        ),
        Edge(
            {"account": an_account(*HELD_TWO, a_position(Symbol.XRP, intent_id=None))},
            {"account": an_account(a_position(Symbol.ETH), a_position(Symbol.XRP, intent_id=None))},
        ),
    ],
    "CONFIDENCE": [
        Edge({"decision": a_decision(confidence=D("59.99"))}, {"decision": a_decision(confidence=D(60))}),
    ],
    "DAILY_TRADES": [Edge({"entries_today": 50}, {"entries_today": 49})],
    "DAILY_LOSS": [
        # The loss budget is used up before the daily loss is hit; it has the same input, so both fail beyond the edge.
        Edge(
            {"account": an_account(equity_usd=D(9_000)), "decision": SMALL},
            {"account": an_account(equity_usd=D(9_010)), "decision": SMALL},
        ),
    ],
    "LOSS_BUDGET": [
        Edge(
            {"reservations": (entry(Symbol.ETH, loss_usd=D("674.74")),)},
            {"reservations": (entry(Symbol.ETH, loss_usd=D("674.73")),)},
        ),
        Edge({"account": an_account(equity_usd=D(9_302))}, {"account": an_account(equity_usd=D(9_303))}),
        # Without a confirmed stop all of a position's margin is at stake.
        Edge(
            {"account": an_account(a_position(Symbol.ETH, protected=False, margin_used_usd=D(665)))},
            {"account": an_account(a_position(Symbol.ETH, protected=False, margin_used_usd=D(660)))},
        ),
    ],
    "GROSS_EXPOSURE": [
        Edge(
            {"reservations": (entry(Symbol.ETH, notional_usd=D(95_001)),)},
            {"reservations": (entry(Symbol.ETH, notional_usd=D(95_000)),)},
        ),
    ],
    "DRAWDOWN": [Edge({"high_water_usd": D("16666.68")}, {"high_water_usd": D("16666.66")})],
    "MIN_NOTIONAL": [
        Edge(
            {"decision": a_decision(leverage=1, position_size_percent=D("0.1"))},
            {"decision": a_decision(leverage=1, position_size_percent=D("0.102"))},
        ),
    ],
    "MAX_NOTIONAL_USD": [
        # 0.04975 BTC at 100,500.
        Edge({"limits": {"max_notional_usd": D("4999.87")}}, {"limits": {"max_notional_usd": D("4999.875")}}),
    ],
    "INSUFFICIENT_MARGIN": [
        # 999.975 of margin and twice 0.045 % of 4,999.875.
        Edge(
            {"account": an_account(available_balance_usd=D("1004.474"))},
            {"account": an_account(available_balance_usd=D("1004.475"))},
        ),
        Edge(
            {"reservations": (entry(Symbol.ETH, margin_usd=D("8995.53")),)},
            {"reservations": (entry(Symbol.ETH, margin_usd=D("8995.52")),)},
        ),
    ],
    "PRICE_COLLAR": [
        Edge({"market": a_market(mid_price=D("101000.1"))}, {"market": a_market(mid_price=D(101_000))}),
        Edge({"market": a_market(mid_price=D("98999.9"))}, {"market": a_market(mid_price=D(99_000))}),
    ],
    "COOLDOWN": [Edge({"last_entry_ms": NOW_MS - 59_999}, {"last_entry_ms": NOW_MS - 60_000})],
    "RATE": [Edge({"orders_last_minute": 5}, {"orders_last_minute": 4})],
    "DUPLICATE": [
        Edge({"seen_before": True}, {"seen_before": False}),
        Edge(
            {"decision": CLOSE, "account": an_account(a_position(Symbol.ETH)), "seen_before": True},
            {"decision": CLOSE, "account": an_account(a_position(Symbol.ETH))},
        ),
    ],
}
FAIL_TOGETHER = {
    "DAILY_LOSS": {"DAILY_LOSS", "LOSS_BUDGET"},
    # Without a position there is no exit whose price could be judged.
    "NO_POSITION": {"NO_POSITION", "PRICE_COLLAR"},
}
CASES = [pytest.param(code, edge, id=f"{code}-{i}") for code, edges in EDGES.items() for i, edge in enumerate(edges)]


def failing(changes: dict[str, Any]) -> set[str]:
    return {result.code for result in judge(healthy_input(**changes)).rules if not result.passed}


def test_every_rule_has_its_edge_cases() -> None:
    assert set(EDGES) == {rule.code for rule in RULES}


@pytest.mark.parametrize(("code", "edge"), CASES)
def test_only_this_rule_fails_beyond_its_edge_and_none_at_it(code: str, edge: Edge) -> None:
    assert failing(edge.breaks) == FAIL_TOGETHER.get(code, {code})
    assert failing(edge.holds) == set()
