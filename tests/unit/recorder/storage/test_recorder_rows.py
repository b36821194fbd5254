"""Each event becomes a row of plain columns, whatever a model or an exchange wrote into it."""

from decimal import Decimal

from recorder_examples import approved, decided, filled

from common.events import (
    AccountLedger,
    LedgerKind,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    RiskDenied,
    RuleResult,
    derive,
    originate,
)
from common.trading.instruments import Symbol
from common.trading.orders import IntentKind, OrderRole, OrderSide
from recorder.storage import rows

D = Decimal
DECISION = decided("qwen", "c1", 1_000)
APPROVAL = approved(DECISION, leverage=7)


def test_a_decision_without_answer_has_no_parsed_columns() -> None:
    data = DECISION.data.model_copy(update={"decision": None, "prompt": None, "usage": None, "failure_code": "TIMEOUT"})
    row = rows.decision_row(originate(data, keys=("x",), time_ms=1, now_ms=2))
    assert row.keys() == rows.decision_row(DECISION).keys()
    empty = ("action", "symbol", "confidence", "reasoning", "prompt_hash", "usage", "market_data")
    assert [row[name] for name in empty] == [None] * len(empty)
    assert (row["failure_code"], row["cycle_id"]) == ("TIMEOUT", row["id"])


def test_nul_characters_are_replaced_in_every_text() -> None:
    assert DECISION.data.decision is not None
    answer = DECISION.data.decision.model_copy(update={"reasoning": "a\x00b"})
    data = DECISION.data.model_copy(update={"decision": answer, "dropped_keys": ("k\x00",)})
    row = rows.decision_row(originate(data, keys=("x",), time_ms=1, now_ms=2))
    assert (row["reasoning"], row["dropped_keys"]) == ("a\ufffdb", ["k\ufffd"])


def test_a_decision_keeps_what_the_model_was_shown() -> None:
    market_data = rows.decision_row(DECISION)["market_data"].obj
    assert market_data == {"boundary_ms": 1_000, "mid_prices": {"BTC": "1"}, "prompt_hash": "p"}


def test_verdicts_have_the_symbol_of_the_intent_or_of_the_denial() -> None:
    row = rows.verdict_row(APPROVAL)
    assert (row["verdict"], row["denial_code"], row["symbol"], row["intent_kind"]) == ("APPROVED", None, "BTC", "entry")
    assert row["intent"].obj["leverage"] == 7
    rule = RuleResult(code="LEVERAGE", passed=False, value="12", limit="10", setting="MAX_LEVERAGE")
    denial = RiskDenied(
        model="qwen",
        intent_kind=IntentKind.ENTRY,
        decision_id=DECISION.id,
        symbol=None,
        denial_code="LEVERAGE",
        rules=(rule,),
    )
    row = rows.verdict_row(derive(DECISION, denial, 5))
    assert (row["verdict"], row["denial_code"], row["symbol"], row["intent"]) == ("DENIED", "LEVERAGE", None, None)
    assert row["rules"].obj[0]["limit"] == "10"


def test_order_events_share_columns_and_leave_unknown_ones_empty() -> None:
    identity = {"model": "qwen", "intent_id": "i", "client_order_id": "0x1", "symbol": Symbol.BTC}
    accepted = OrderAccepted(
        **identity,
        role=OrderRole.STOP,
        order_id=7,
        side=OrderSide.SELL,
        size_coin=D(2),
        price=D(95),
        trigger_price=D(96),
        reduce_only=True,
        status="open",
    )
    cancelled = OrderCancelled(
        **identity, role=OrderRole.STOP, order_id=7, reason="IOC_REMAINDER", filled_size_coin=D(0)
    )
    rejected = OrderRejected(**identity, role=OrderRole.STOP, reason="tick size")
    first, second, third = (rows.order_row(derive(APPROVAL, each, 5)) for each in (accepted, cancelled, rejected))
    assert first.keys() == second.keys() == third.keys()
    assert [row["status"] for row in (first, second, third)] == ["accepted", "canceled", "rejected"]
    assert first["status_rank"] == third["status_rank"] < second["status_rank"]
    assert (first["trigger_price"], second["trigger_price"], third["order_id"]) == (D(96), None, None)


def test_a_fill_completes_its_order_unless_it_is_external() -> None:
    fill = filled("qwen", Symbol.BTC, 9, 1_000, D("-2"), D(100), D(2), fee=D("0.1"))
    row = rows.fill_row(fill)
    assert (row["side"], row["size"], row["start_position"], row["fee"]) == ("SELL", D(2), D(2), D("0.1"))
    assert rows.filled_order_row(fill) is None
    placed: OrderFilled = fill.data.model_copy(update={"client_order_id": "0x1"})
    order = rows.filled_order_row(originate(placed, keys=("f",), time_ms=1_000, now_ms=1_001))
    assert order is not None
    assert (order["status"], order["order_id"], order["size"]) == ("filled", 9, None)


def test_a_ledger_entry_is_positive_when_received() -> None:
    entry = AccountLedger(model="qwen", kind=LedgerKind.FUNDING, amount_usd=D("-0.5"), reason="funding", coin="BTC")
    row = rows.movement_row(originate(entry, keys=("m",), time_ms=3, now_ms=4))
    assert (row["kind"], row["amount"], row["coin"], row["time_ms"]) == ("funding", D("-0.5"), "BTC", 3)
