"""The exchange's answers in our terms; recorded ones where they are at hand."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from common.events import OrderRole
from common.trading.instruments import Symbol
from common.trading.orders import OrderSide, Side
from executor.domain.account import ExternalOrder
from executor.exchange.parse import (
    parse_account_state,
    parse_action_error,
    parse_external_orders,
    parse_fills,
    parse_open_orders,
    parse_order_status,
    parse_placements,
)

RECORDED = Path(__file__).parents[4] / "shared" / "data" / "hyperliquid"
needs_recorded = pytest.mark.skipif(not RECORDED.exists(), reason="recorded payloads are not at hand")
D = Decimal


@pytest.fixture
def recorded() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((RECORDED / "recorded_payloads_2026.json").read_text(encoding="utf-8"))
    return content


@needs_recorded
def test_a_recorded_account_state_keeps_its_meaning(recorded: dict[str, Any]) -> None:
    state = parse_account_state(recorded["info.clearinghouseState cross (account also held other collateral)"])
    assert state.equity_usd == D("38252.7")
    assert state.withdrawable_usd == D("486.0")
    assert state.margin_used_usd == D("37766.7")
    assert state.total_notional_usd == D("377667.0")
    assert state.time_ms == 1790360864964
    assert state.maintenance_margin_usd == D("4720.8375")
    [position] = state.positions
    assert (position.symbol, position.side, position.size_coin) == (Symbol.BTC, Side.LONG, D("4.5"))
    assert position.mark_price == D("83926")
    assert position.leverage == 10
    assert not position.is_isolated
    assert position.liquidation_price == D("74501.802790436")
    assert position.funding_since_open_usd == D("982.43637")


@needs_recorded
def test_a_position_that_nothing_liquidates_has_no_liquidation_price(recorded: dict[str, Any]) -> None:
    row = recorded["info.clearinghouseState position small cross (testnet 2026-09-07)"]
    summary = {"accountValue": "100.0", "totalNtlPos": "11.9163", "totalMarginUsed": "2.38326"}
    answer = {"marginSummary": summary, "withdrawable": "97.0", "assetPositions": [{"position": row}], "time": 1}
    [position] = parse_account_state(answer).positions
    assert position.liquidation_price is None


@needs_recorded
def test_coins_we_do_not_trade_count_in_the_sums_only() -> None:
    path = RECORDED / "http_recorded" / "get_frontend_open_orders__0_frontendOpenOrders.json"
    assert parse_open_orders(json.loads(path.read_text(encoding="utf-8"))["response"], {}) == []


@needs_recorded
def test_recorded_orders_and_fills(recorded: dict[str, Any]) -> None:
    [fill] = parse_fills(recorded["ws.user(userEvents) fill"]["data"]["fills"])
    assert (fill.symbol, fill.side, fill.price, fill.size_coin) == (
        Symbol.BTC,
        OrderSide.SELL,
        D("66653.0"),
        D("0.001"),
    )
    assert fill.is_liquidation
    assert not fill.crossed
    assert fill.start_position_coin == D("-0.0213")
    assert fill.fee_usd == D("0.009997")
    assert fill.trade_id == 745210434703679
    assert fill.client_order_id == "0xe8d5fd7ebbb4c3cff4d1803472a11463"
    [order] = parse_open_orders(recorded["info.openOrders reduce-only (testnet)"], {})
    assert order.reduce_only
    assert order.trigger_price is None
    assert order.role is OrderRole.UNKNOWN


@needs_recorded
def test_recorded_answers_to_orders(recorded: dict[str, Any]) -> None:
    entry, stop, target = parse_placements(recorded["exchange.order bracket (ccxt static test, normalTpsl)"], 3)
    assert (entry.filled_size_coin, entry.average_price, entry.order_id) == (D("1.0"), D("39.9351"), 211341310459)
    assert stop.status == target.status == "waitingForTrigger"
    assert stop.error is None
    [resting] = parse_placements(recorded["exchange.order resting"], 1)
    assert (resting.status, resting.order_id, resting.filled_size_coin) == ("resting", 556696349186, D(0))
    [refused] = parse_placements(recorded["exchange.order error"], 1)
    assert refused.error == "Reduce only order would increase position. asset=3"
    whole = parse_placements(recorded["exchange.err"], 2)
    assert [p.error for p in whole] == [parse_action_error(recorded["exchange.err"])] * 2


def test_one_error_for_a_batch_fails_all_of_it() -> None:
    answer = {"status": "ok", "response": {"type": "order", "data": {"statuses": [{"error": "Invalid TP/SL price."}]}}}
    assert [p.error for p in parse_placements(answer, 3)] == ["Invalid TP/SL price."] * 3


def test_an_answer_without_any_status_says_nothing() -> None:
    with pytest.raises(ValueError, match="no status"):
        parse_placements({"status": "ok", "response": {"type": "order", "data": {"statuses": []}}}, 3)


def test_orders_of_the_spot_market_are_none_of_ours() -> None:
    rows = [{"coin": coin, "oid": 7} for coin in ("@107", "PURR/USDC", "BTC", "WIF")]
    assert parse_external_orders(rows) == [ExternalOrder("WIF", 7, False)]


def test_an_unknown_order_is_none_and_a_known_one_says_what_was_filled() -> None:
    assert parse_order_status({"status": "unknownOid"}) is None
    row = {"oid": 7, "origSz": "1.5", "sz": "0.5"}
    state = parse_order_status({"status": "order", "order": {"order": row, "status": "canceled", "statusTimestamp": 3}})
    assert state is not None
    assert state.filled_size_coin == 1
    assert not state.is_live
    assert not state.is_refused


@pytest.mark.parametrize("status", ["rejected", "iocCancelRejected", "perpMarginRejected", "badAloPxRejected"])
def test_a_refused_order_never_filled(status: str) -> None:
    row = {"oid": 7, "origSz": "1.5", "sz": "1.5"}
    state = parse_order_status({"status": "order", "order": {"order": row, "status": status, "statusTimestamp": 3}})
    assert state is not None
    assert state.is_refused


def test_a_missing_field_is_an_error_not_a_guess() -> None:
    with pytest.raises(KeyError):
        parse_account_state({"marginSummary": {"accountValue": "1"}, "assetPositions": [], "time": 1})
