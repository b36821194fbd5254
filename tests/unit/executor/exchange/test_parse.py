"""The exchange's answers in the executor's terms.

The answers are the in-process simulator's, whose shapes are those of recorded ones (test_simulator_shapes.py). What is
expected of each is computed from its JSON.
"""

import json
from decimal import Decimal
from typing import Any

import pytest
from signing_trader import NOW, SigningTrader

from common.trading.durations import HOUR_MS
from common.trading.instruments import Symbol
from common.trading.orders import OrderRole, OrderSide, Side
from executor.domain.account import ExternalOrder, Position
from executor.exchange.parse import (
    parse_account_state,
    parse_action_error,
    parse_external_orders,
    parse_fills,
    parse_open_orders,
    parse_order_status,
    parse_placements,
    parse_pooled_balance,
)

D = Decimal
COINS = frozenset({Symbol.BTC, Symbol.ETH})
ENTRY_ID, STOP_ID = "0x" + "17" * 16, "0x" + "18" * 16


@pytest.fixture(scope="module")
def trader() -> SigningTrader:
    """An account with a long and a short position, a bracket and resting orders, changed after a funding.

    Tests only read it.
    """
    trader = SigningTrader()
    entry = trader.wire(5, 1.02, "Ioc", c=ENTRY_ID)
    bracket = trader.trigger(-5, 1.3, "tp"), trader.trigger(-5, 0.7, "sl", c=STOP_ID)
    trader.order(entry, *bracket, grouping="normalTpsl")
    trader.order(trader.wire(-2, 0.98, "Ioc", coin="ETH"))
    trader.order(trader.wire(0.01, 0.7), trader.wire(-0.01, 1.4, r=True))
    trader.now_ms = NOW + HOUR_MS
    trader.world.step(trader.now_ms)
    trader.order(trader.wire(0.1, 1.02, "Ioc"))
    trader.world.take_changes()
    return trader


def asked(trader: SigningTrader, kind: str, **more: Any) -> Any:
    """The answer of /info as a client decodes it."""
    return json.loads(json.dumps(trader.info(kind, **more)))


def placed(*orders: dict[str, Any], grouping: str = "na", trader: SigningTrader) -> Any:
    """The answer to a batch of orders as a client decodes it."""
    return json.loads(json.dumps(trader.act({"type": "order", "orders": list(orders), "grouping": grouping})))


def with_positions(state: dict[str, Any], *positions: dict[str, Any]) -> dict[str, Any]:
    return state | {"assetPositions": [{"type": "oneWay", "position": position} for position in positions]}


def test_an_account_state_keeps_its_meaning(trader: SigningTrader) -> None:
    answer = asked(trader, "clearinghouseState")
    rows = [row["position"] for row in answer["assetPositions"]]
    state = parse_account_state(answer, COINS)
    equity = D(answer["marginSummary"]["accountValue"])
    assert (state.equity_usd, state.available_balance_usd) == (equity, D(answer["withdrawable"]))
    assert state.balance_usd == equity - D(rows[0]["unrealizedPnl"]) - D(rows[1]["unrealizedPnl"])
    assert state.margin_used_usd == D(answer["marginSummary"]["totalMarginUsed"])
    assert state.total_notional_usd == D(answer["marginSummary"]["totalNtlPos"])
    assert state.time_ms == answer["time"] == trader.now_ms
    assert state.maintenance_margin_usd == D(answer["crossMaintenanceMarginUsed"])
    assert state.signed_sizes == {Symbol.BTC: D(rows[0]["szi"]), Symbol.ETH: D(rows[1]["szi"])}
    assert [each.side for each in state.positions] == [Side.LONG, Side.SHORT]
    for position, row in zip(state.positions, rows, strict=True):
        assert_same_position(position, row)


def assert_same_position(position: Position, row: dict[str, Any]) -> None:
    size, value = abs(D(row["szi"])), D(row["positionValue"])
    assert (position.symbol, position.size_coin, position.notional_usd) == (row["coin"], size, value)
    assert (position.entry_price, position.mark_price) == (D(row["entryPx"]), value / size)
    assert (position.leverage, position.is_isolated) == (row["leverage"]["value"], False)
    assert position.max_leverage == row["maxLeverage"]
    assert position.liquidation_price == (None if row["liquidationPx"] is None else D(row["liquidationPx"]))
    assert position.unrealized_pnl_usd == D(row["unrealizedPnl"])
    assert position.margin_used_usd == D(row["marginUsed"])
    assert position.funding_since_open_usd == D(row["cumFunding"]["sinceOpen"]) != 0


def test_a_position_that_nothing_liquidates_has_no_price_for_it(trader: SigningTrader) -> None:
    answer = asked(trader, "clearinghouseState")
    long = answer["assetPositions"][0]["position"]
    [priced] = parse_account_state(with_positions(answer, long), COINS).positions
    [unpriced] = parse_account_state(with_positions(answer, long | {"liquidationPx": None}), COINS).positions
    assert (priced.liquidation_price, unpriced.liquidation_price) == (D(long["liquidationPx"]), None)


@pytest.mark.parametrize("name", ["positionValue", "leverage", "cumFunding", "maxLeverage", "entryPx", "marginUsed"])
def test_a_position_stays_one_without_a_figure_beside_its_size(trader: SigningTrader, name: str) -> None:
    answer = asked(trader, "clearinghouseState")
    long, short = (row["position"] for row in answer["assetPositions"])
    found = parse_account_state(with_positions(answer, long | {name: None}, short), COINS).positions
    assert [held.size_coin for held in found] == [abs(D(row["szi"])) for row in (long, short)]


def test_a_position_without_any_price_stays_one_to_protect(trader: SigningTrader) -> None:
    answer = asked(trader, "clearinghouseState")
    long, short = (row["position"] for row in answer["assetPositions"])
    found = parse_account_state(with_positions(answer, long | {"entryPx": None, "positionValue": None}, short), COINS)
    assert [held.size_coin for held in found.positions] == [abs(D(row["szi"])) for row in (long, short)]
    assert (found.positions[0].mark_price, found.positions[0].entry_price) == (0, 0)


@pytest.mark.parametrize("name", ["coin", "oid"])
def test_an_order_without_its_name_hides_no_other_one(trader: SigningTrader, name: str) -> None:
    target, stop, *others = asked(trader, "frontendOpenOrders")
    rows = [target, stop | {name: None}, *others]
    assert [each.order_id for each in parse_open_orders(rows, COINS, {})] == [row["oid"] for row in (target, *others)]
    [left] = parse_external_orders(rows, COINS)
    assert (left.coin, left.order_id) == (rows[1]["coin"], rows[1]["oid"])


@pytest.mark.parametrize("name", ["sz", "triggerPx", "cloid"])
def test_an_order_that_cannot_be_read_hides_no_other_one(trader: SigningTrader, name: str) -> None:
    target, stop, *others = asked(trader, "frontendOpenOrders")
    rows = [target, stop | {name: [] if name == "cloid" else None}, *others]
    orders = parse_open_orders(rows, COINS, {})
    assert [each.order_id for each in orders] == [row["oid"] for row in (target, *others)]
    assert parse_external_orders(rows, COINS) == [ExternalOrder("BTC", stop["oid"], reduce_only=True)]


def test_a_coin_outside_the_roster_is_external_and_in_the_sums(trader: SigningTrader) -> None:
    answer = asked(trader, "clearinghouseState")
    long, short = (row["position"] for row in answer["assetPositions"])
    state = parse_account_state(with_positions(answer, short | {"coin": "ATOM"}), COINS)
    size = abs(D(short["szi"]))
    assert [(each.coin, each.side, each.size_coin) for each in state.external] == [("ATOM", Side.SHORT, size)]
    assert state.positions == ()
    assert state.unrealized_pnl_usd == D(short["unrealizedPnl"])
    assert state.balance_usd == D(answer["marginSummary"]["accountValue"]) - D(short["unrealizedPnl"])
    seventh = with_positions(answer, long | {"coin": "HYPE"})
    assert parse_account_state(seventh, COINS).external
    assert parse_account_state(seventh, COINS | {Symbol.HYPE}).positions


def test_a_fill_keeps_its_meaning(trader: SigningTrader) -> None:
    row = next(row for row in asked(trader, "userFills") if row.get("cloid") == ENTRY_ID)
    forced = {"liquidation": {"liquidatedUser": trader.user, "markPx": row["px"], "method": "market"}}
    later = {key: value for key, value in row.items() if key != "cloid"} | {"time": row["time"] + 1, "side": "A"}
    fill, second = parse_fills([later, row | {"coin": "WIF"}, row | forced], COINS)
    assert (fill.symbol, fill.side) == (Symbol.BTC, OrderSide.BUY)
    assert (fill.price, fill.size_coin) == (D(row["px"]), D(row["sz"]))
    assert (fill.is_liquidation, fill.crossed, fill.direction) == (True, True, "Open Long")
    assert (fill.start_position_coin, fill.closed_pnl_usd) == (D(row["startPosition"]), D(row["closedPnl"]))
    assert (fill.fee_usd, fill.trade_id, fill.order_id) == (D(row["fee"]), row["tid"], row["oid"])
    assert fill.client_order_id == ENTRY_ID
    assert (second.is_liquidation, second.client_order_id) == (False, None)
    assert (second.side, second.time_ms) == (OrderSide.SELL, row["time"] + 1)


def test_an_open_order_has_the_role_that_the_tables_give_it(trader: SigningTrader) -> None:
    rows = asked(trader, "frontendOpenOrders")
    external = rows[0] | {"coin": "INJ"}
    orders = parse_open_orders([external, *rows], COINS, {STOP_ID: OrderRole.STOP})
    assert [each.order_id for each in orders] == [row["oid"] for row in rows]
    target, stop, resting, closing = orders
    target_row, stop_row, resting_row, closing_row = rows
    assert (target.role, stop.role, resting.role) == (OrderRole.UNKNOWN, OrderRole.STOP, OrderRole.UNKNOWN)
    assert target.trigger_price == D(target_row["triggerPx"])
    assert (stop.trigger_price, stop.price) == (D(stop_row["triggerPx"]), D(stop_row["limitPx"]))
    assert (stop.side, stop.size_coin, stop.reduce_only) == (OrderSide.SELL, D(stop_row["sz"]), True)
    assert (resting.trigger_price, resting.price) == (None, D(resting_row["limitPx"]))
    assert (resting.side, resting.reduce_only) == (OrderSide.BUY, False)
    assert (closing.trigger_price, closing.price, closing.reduce_only) == (None, D(closing_row["limitPx"]), True)


def test_an_answer_says_what_became_of_each_order() -> None:
    trader = SigningTrader()
    bracket = trader.wire(0.5, 1.02, "Ioc"), trader.trigger(-0.5, 1.3, "tp"), trader.trigger(-0.5, 0.7, "sl")
    answer = placed(*bracket, grouping="normalTpsl", trader=trader)
    more = placed(trader.wire(0.01, 0.9), trader.wire(0.01, 0.9, "Ioc"), trader=trader)
    (filled, *_), (rested, failed) = (each["response"]["data"]["statuses"] for each in (answer, more))
    entry, *children = parse_placements(answer, 3)
    size, price = D(filled["filled"]["totalSz"]), D(filled["filled"]["avgPx"])
    assert (entry.filled_size_coin, entry.average_price) == (size, price)
    assert entry.order_id == filled["filled"]["oid"]
    assert [(each.status, each.error) for each in children] == [("waitingForTrigger", None)] * 2
    resting, refused = parse_placements(more, 2)
    assert (resting.status, resting.order_id) == ("resting", rested["resting"]["oid"])
    assert resting.filled_size_coin == 0
    assert refused.error == failed["error"]
    assert parse_action_error(answer) is None


def test_an_action_refused_whole_fails_every_order() -> None:
    trader = SigningTrader()
    answer = json.loads(json.dumps(trader.act({"type": "noop"}, wallet=SigningTrader(key=0x18).wallet)))
    assert parse_action_error(answer) == answer["response"]
    assert [each.error for each in parse_placements(answer, 2)] == [answer["response"]] * 2


def test_one_error_for_a_batch_fails_all_of_it() -> None:
    answer = {"status": "ok", "response": {"type": "order", "data": {"statuses": [{"error": "Invalid TP/SL price."}]}}}
    assert [p.error for p in parse_placements(answer, 3)] == ["Invalid TP/SL price."] * 3


def test_an_answer_without_any_status_says_nothing() -> None:
    with pytest.raises(ValueError, match="no status"):
        parse_placements({"status": "ok", "response": {"type": "order", "data": {"statuses": []}}}, 3)


def test_a_pooled_balance_is_the_spot_states_usdc(trader: SigningTrader) -> None:
    """A recorded answer; an outcome's row has no token; the lower of what is free by both figures counts."""
    state = parse_account_state(asked(trader, "clearinghouseState"), COINS)
    usdc = {"coin": "USDC", "token": 0, "total": "21401.03695889", "hold": "1613.426835", "entryNtl": "0.0"}
    outcome = {"coin": "+92260", "total": "3.0", "hold": "0.0", "entryNtl": "0.0"}
    answer = {"balances": [outcome, usdc], "tokenToAvailableAfterMaintenance": [[0, "19787.61012389"]]}
    pooled = parse_pooled_balance(answer, state)
    unrealized = sum((position.unrealized_pnl_usd for position in state.positions), D(0))
    assert pooled.balance_usd == D("21401.03695889")
    assert pooled.equity_usd == D("21401.03695889") + unrealized
    assert pooled.unrealized_pnl_usd == unrealized
    assert pooled.available_balance_usd == D("19787.61012389")
    assert (pooled.positions, pooled.time_ms) == (state.positions, state.time_ms)
    assert pooled.total_notional_usd == sum((position.notional_usd for position in state.positions), D(0))
    less = parse_pooled_balance(answer | {"tokenToAvailableAfterMaintenance": [[0, "100.5"]]}, state)
    assert less.available_balance_usd == D("100.5")
    assert parse_pooled_balance({"balances": []}, state).equity_usd == unrealized


def test_an_order_of_the_spot_market_is_not_external(trader: SigningTrader) -> None:
    rows = [{"coin": coin, "oid": 7} for coin in ("@107", "PURR/USDC", "WIF")]
    rows += asked(trader, "frontendOpenOrders")
    assert parse_external_orders(rows, COINS) == [ExternalOrder("WIF", 7, False)]


def test_an_unknown_order_is_none_and_a_known_one_says_what_was_filled(trader: SigningTrader) -> None:
    assert parse_order_status(asked(trader, "orderStatus", oid=5)) is None
    answer = asked(trader, "orderStatus", oid=ENTRY_ID)
    row = answer["order"]["order"]
    filled = parse_order_status(answer)
    assert filled is not None
    assert filled.order_id == row["oid"]
    assert filled.filled_size_coin == D(row["origSz"]) - D(row["sz"]) == 5
    assert (filled.is_live, filled.is_rejected) == (False, False)
    answer["order"] |= {"order": row | {"sz": "1.5"}, "status": "canceled"}
    partial = parse_order_status(answer)
    assert partial is not None
    assert (partial.is_live, partial.filled_size_coin) == (False, D("3.5"))
    live = parse_order_status(asked(trader, "orderStatus", oid=STOP_ID))
    assert live is not None
    assert (live.is_live, live.filled_size_coin) == (True, D(0))


@pytest.mark.parametrize("status", ["rejected", "iocCancelRejected", "perpMarginRejected", "badAloPxRejected"])
def test_a_rejected_order_never_filled(trader: SigningTrader, status: str) -> None:
    answer = asked(trader, "orderStatus", oid=STOP_ID)
    answer["order"]["status"] = status
    rejected = parse_order_status(answer)
    assert rejected is not None
    assert rejected.is_rejected


def test_a_position_without_its_figures_is_still_one_to_protect(trader: SigningTrader) -> None:
    answer = asked(trader, "clearinghouseState")
    row = next(each["position"] for each in answer["assetPositions"] if each["position"]["coin"] == "ETH")
    nulls = ("entryPx", "unrealizedPnl", "marginUsed", "returnOnEquity", "liquidationPx")
    row |= dict.fromkeys(nulls) | {"announcedYesterday": {"value": None}}
    position = next(each for each in parse_account_state(answer, COINS).positions if each.symbol is Symbol.ETH)
    mark_price = D(row["positionValue"]) / abs(D(row["szi"]))
    assert (position.side, position.size_coin) == (Side.SHORT, abs(D(row["szi"])))
    assert (position.entry_price, position.mark_price) == (mark_price, mark_price)
    assert (position.unrealized_pnl_usd, position.margin_used_usd) == (0, 0)


@pytest.mark.parametrize("coin", ["ETH", "xyz:GOLD"])
def test_a_row_of_size_zero_is_no_position(trader: SigningTrader, coin: str) -> None:
    answer = asked(trader, "clearinghouseState")
    empty = dict.fromkeys(("entryPx", "positionValue", "unrealizedPnl", "leverage"))
    known = parse_account_state(answer, COINS)
    answer["assetPositions"].append({"type": "oneWay", "position": {"coin": coin, "szi": "0.0", **empty}})
    assert parse_account_state(answer, COINS) == known


def test_an_open_order_without_a_limit_is_still_one(trader: SigningTrader) -> None:
    rows = asked(trader, "frontendOpenOrders")
    rows[0] |= {"limitPx": None, "children": None}
    assert len(parse_open_orders(rows, COINS, {})) == len(rows)


def test_a_missing_field_is_an_error_not_a_guess() -> None:
    with pytest.raises(KeyError):
        parse_account_state({"marginSummary": {"accountValue": "1"}, "assetPositions": [], "time": 1}, COINS)
