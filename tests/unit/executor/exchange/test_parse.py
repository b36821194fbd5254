"""The exchange's answers in our terms. Payloads have the keys and number formats of recorded ones."""

from decimal import Decimal
from typing import Any

import pytest

from common.trading.instruments import Symbol
from common.trading.orders import OrderRole, OrderSide, Side
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

D = Decimal
COINS = frozenset({Symbol.BTC, Symbol.ETH})
POSITION = {
    "coin": "BTC",
    "szi": "2.5",
    "leverage": {"type": "cross", "value": 10},
    "entryPx": "80000.0",
    "positionValue": "202500.0",
    "unrealizedPnl": "2500.0",
    "returnOnEquity": "0.125",
    "liquidationPx": "72123.5",
    "marginUsed": "20250.0",
    "maxLeverage": 40,
    "cumFunding": {"allTime": "91.5", "sinceOpen": "12.25", "sinceChange": "0.0"},
}


def account_state(*positions: dict[str, Any]) -> dict[str, Any]:
    summary = {
        "accountValue": "30000.5",
        "totalNtlPos": "202500.0",
        "totalRawUsd": "-1.0",
        "totalMarginUsed": "20250.0",
    }
    return {
        "marginSummary": summary,
        "crossMarginSummary": summary,
        "crossMaintenanceMarginUsed": "2531.25",
        "withdrawable": "486.0",
        "assetPositions": [{"type": "oneWay", "position": position} for position in positions],
        "time": 1790360864964,
    }


def test_an_account_state_keeps_its_meaning() -> None:
    state = parse_account_state(account_state(POSITION), COINS)
    assert (state.equity_usd, state.cash_usd, state.withdrawable_usd) == (D("30000.5"), D("27500.5"), D("486.0"))
    assert (state.margin_used_usd, state.total_notional_usd) == (D("20250.0"), D("202500.0"))
    assert state.time_ms == 1790360864964
    assert state.maintenance_margin_usd == D("2531.25")
    [position] = state.positions
    assert (position.symbol, position.side, position.size_coin) == (Symbol.BTC, Side.LONG, D("2.5"))
    assert (position.mark_price, position.leverage, position.is_isolated) == (D(81_000), 10, False)
    assert position.liquidation_price == D("72123.5")
    assert position.funding_since_open_usd == D("12.25")
    assert state.signed_sizes == {Symbol.BTC: D("2.5")}


def test_a_position_that_nothing_liquidates_has_no_price_for_it() -> None:
    [position] = parse_account_state(account_state(POSITION | {"liquidationPx": None}), COINS).positions
    assert position.liquidation_price is None


def test_a_coin_outside_the_roster_is_external_and_in_the_sums() -> None:
    external = POSITION | {"coin": "ATOM", "szi": "-3.0", "positionValue": "12.3", "unrealizedPnl": "0.5"}
    state = parse_account_state(account_state(external), COINS)
    assert [(each.coin, each.side, each.size_coin) for each in state.external] == [("ATOM", Side.SHORT, D(3))]
    assert state.positions == ()
    assert (state.cash_usd, state.unrealized_pnl_usd) == (D(30_000), D("0.5"))
    seventh = POSITION | {"coin": "HYPE"}
    assert parse_account_state(account_state(seventh), COINS).external
    assert parse_account_state(account_state(seventh), COINS | {Symbol.HYPE}).positions


def test_a_fill_keeps_its_meaning() -> None:
    row = {
        "coin": "BTC",
        "px": "66653.0",
        "sz": "0.002",
        "side": "A",
        "time": 1781528065899,
        "startPosition": "-0.0213",
        "dir": "Open Short",
        "closedPnl": "0.0",
        "hash": "0xe2",
        "oid": 55,
        "crossed": False,
        "fee": "0.009997",
        "tid": 745210434703679,
        "cloid": "0x17",
        "liquidation": {"liquidatedUser": "0x36", "markPx": "66607.0", "method": "market"},
        "feeToken": "USDC",
        "twapId": None,
    }
    later = {key: value for key, value in row.items() if key not in ("liquidation", "cloid")} | {"time": 1781528065900}
    fill, second = parse_fills([later, row | {"coin": "WIF"}, row], COINS)
    assert (fill.symbol, fill.side, fill.price, fill.size_coin) == (
        Symbol.BTC,
        OrderSide.SELL,
        D("66653.0"),
        D("0.002"),
    )
    assert (fill.is_liquidation, fill.crossed, fill.start_position_coin) == (True, False, D("-0.0213"))
    assert (fill.fee_usd, fill.trade_id, fill.client_order_id) == (D("0.009997"), 745210434703679, "0x17")
    assert (second.is_liquidation, second.client_order_id, second.time_ms) == (False, None, 1781528065900)


def test_an_open_order_has_the_role_that_the_tables_give_it() -> None:
    plain = {
        "coin": "BTC",
        "side": "A",
        "limitPx": "96161.0",
        "sz": "0.1",
        "oid": 5,
        "origSz": "0.1",
        "reduceOnly": True,
    }
    trigger = plain | {"coin": "ETH", "isTrigger": True, "triggerPx": "10.004", "cloid": "0x17"}
    first, second = parse_open_orders([plain, trigger, plain | {"coin": "INJ"}], COINS, {"0x17": OrderRole.STOP})
    assert (first.reduce_only, first.trigger_price, first.role) == (True, None, OrderRole.UNKNOWN)
    assert (second.symbol, second.trigger_price, second.role) == (Symbol.ETH, D("10.004"), OrderRole.STOP)


def test_an_answer_says_what_became_of_each_order() -> None:
    filled = {"filled": {"totalSz": "1.0", "avgPx": "39.9351", "oid": 211}}
    statuses = [filled, "waitingForTrigger", {"resting": {"oid": 556}}, {"error": "no"}]
    answer = {"status": "ok", "response": {"type": "order", "data": {"statuses": statuses}}}
    entry, stop, resting, refused = parse_placements(answer, 4)
    assert (entry.filled_size_coin, entry.average_price, entry.order_id) == (D("1.0"), D("39.9351"), 211)
    assert (stop.status, stop.error) == ("waitingForTrigger", None)
    assert (resting.status, resting.order_id, resting.filled_size_coin) == ("resting", 556, D(0))
    assert refused.error == "no"
    assert parse_action_error(answer) is None


def test_an_action_refused_whole_fails_every_order() -> None:
    answer = {"status": "err", "response": "User or API Wallet 0xc0 does not exist."}
    assert [each.error for each in parse_placements(answer, 2)] == [parse_action_error(answer)] * 2


def test_one_error_for_a_batch_fails_all_of_it() -> None:
    answer = {"status": "ok", "response": {"type": "order", "data": {"statuses": [{"error": "Invalid TP/SL price."}]}}}
    assert [p.error for p in parse_placements(answer, 3)] == ["Invalid TP/SL price."] * 3


def test_an_answer_without_any_status_says_nothing() -> None:
    with pytest.raises(ValueError, match="no status"):
        parse_placements({"status": "ok", "response": {"type": "order", "data": {"statuses": []}}}, 3)


def test_an_order_of_the_spot_market_is_not_external() -> None:
    rows = [{"coin": coin, "oid": 7} for coin in ("@107", "PURR/USDC", "BTC", "WIF")]
    assert parse_external_orders(rows, COINS) == [ExternalOrder("WIF", 7, False)]


def test_an_unknown_order_is_none_and_a_known_one_says_what_was_filled() -> None:
    assert parse_order_status({"status": "unknownOid"}) is None
    row = {"oid": 7, "origSz": "1.5", "sz": "0.5"}
    status_of = parse_order_status(
        {"status": "order", "order": {"order": row, "status": "canceled", "statusTimestamp": 3}}
    )
    assert status_of is not None
    assert status_of.filled_size_coin == 1
    assert not status_of.is_live
    assert not status_of.is_rejected


@pytest.mark.parametrize("status", ["rejected", "iocCancelRejected", "perpMarginRejected", "badAloPxRejected"])
def test_a_rejected_order_never_filled(status: str) -> None:
    row = {"oid": 7, "origSz": "1.5", "sz": "1.5"}
    status_of = parse_order_status({"status": "order", "order": {"order": row, "status": status, "statusTimestamp": 3}})
    assert status_of is not None
    assert status_of.is_rejected


def test_a_missing_field_is_an_error_not_a_guess() -> None:
    with pytest.raises(KeyError):
        parse_account_state({"marginSummary": {"accountValue": "1"}, "assetPositions": [], "time": 1}, COINS)
