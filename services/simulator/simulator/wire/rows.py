"""Orders, fills and positions as /info and the streams print them."""

from decimal import Decimal
from typing import Any

from simulator.exchange.state.account import Account, Position, figures, liquidation_price, margin_used
from simulator.exchange.state.orders import Fill, Order, Twap
from simulator.market.coins import COINS
from simulator.numbers import number_text, rounded_text, truncated_text

ZERO_HASH = "0x" + "0" * 64


def basic_order(order: Order) -> dict[str, Any]:
    """The row of openOrders and orderUpdates; cloid and reduceOnly only when set."""
    row: dict[str, Any] = {
        "coin": order.coin,
        "side": "B" if order.is_buy else "A",
        "limitPx": number_text(order.price),
        "sz": number_text(order.size),
        "oid": order.oid,
        "timestamp": order.time_ms,
        "origSz": number_text(order.original_size),
    }
    if order.cloid:
        row["cloid"] = order.cloid
    if order.reduce_only:
        row["reduceOnly"] = True
    return row


def frontend_order(order: Order, orders: dict[int, Order]) -> dict[str, Any]:
    """The row of frontendOpenOrders, historicalOrders and orderStatus; a bracket's children appear inside it too."""
    children = [orders[oid] for oid in order.children if oid in orders]
    return {
        "coin": order.coin,
        "side": "B" if order.is_buy else "A",
        "limitPx": number_text(order.price),
        "sz": number_text(order.size),
        "oid": order.oid,
        "timestamp": order.time_ms,
        "triggerCondition": _condition(order),
        "isTrigger": order.trigger_price is not None,
        "triggerPx": number_text(order.trigger_price or Decimal(0)),
        "children": [frontend_order(child, orders) for child in children],
        "isPositionTpsl": order.is_position_tpsl,
        "reduceOnly": order.reduce_only,
        "orderType": order_type(order),
        "origSz": number_text(order.original_size),
        "tif": None if order.trigger_price is not None else order.tif,
        "cloid": order.cloid,
    }


def _condition(order: Order) -> str:
    if order.trigger_price is None:
        return "N/A"
    return f"Price {'above' if order.fires_above else 'below'} {format(order.trigger_price.normalize(), 'f')}"


def order_type(order: Order) -> str:
    """Hyperliquid's name of the kind of order."""
    if order.twap_id is not None:
        return "Twap Slice"
    if order.trigger_price is None:
        return "Limit"
    kind = "Stop" if order.trigger_kind == "sl" else "Take Profit"
    return f"{kind} {'Market' if order.trigger_is_market else 'Limit'}"


def fill_row(fill: Fill) -> dict[str, Any]:
    is_system = fill.twap_id is not None or fill.liquidation is not None or fill.is_deleveraging or fill.is_settlement
    row: dict[str, Any] = {
        "coin": fill.coin,
        "px": number_text(fill.price),
        "sz": number_text(fill.size),
        "side": "B" if fill.is_buy else "A",
        "time": fill.time_ms,
        "startPosition": number_text(fill.start_position),
        "dir": fill.direction,
        "closedPnl": rounded_text(fill.closed_pnl, 6),
        "hash": ZERO_HASH if is_system else f"0x{fill.tid:064x}",
        "oid": fill.oid,
        "crossed": fill.crossed,
        "fee": rounded_text(fill.fee, 6),
        "tid": fill.tid,
    }
    if fill.cloid:
        row["cloid"] = fill.cloid
    if fill.builder_fee:
        row["builderFee"] = rounded_text(fill.builder_fee, 6)
    if fill.liquidation:
        row["liquidation"] = fill.liquidation
    return row | {"feeToken": "USDC", "twapId": fill.twap_id}


def clearinghouse_state(account: Account | None, marks: dict[str, Decimal], now_ms: int) -> dict[str, Any]:
    """clearinghouseState; an unknown account has the zero state.

    Where perpetuals and spot have one balance, the sums contain no cash but what positions hold: zero without any.
    """
    account = account or Account("")
    sums = figures(account, marks)
    cash, withdrawable = account.raw_usd, sums.withdrawable
    value, cross_value = sums.account_value, sums.cross_value
    if account.is_pooled:
        cross = [position for position in account.positions.values() if position.is_cross]
        gain = sum((position.unrealized(marks[position.coin]) for position in cross), Decimal(0))
        cross_value, withdrawable = sums.cross_margin_used + gain, Decimal(0)
        value += cross_value - sums.cross_value
        cash += cross_value - sums.cross_value
    raw = value - sum((p.size * marks[p.coin] for p in account.positions.values()), Decimal(0))
    return {
        "marginSummary": _summary(value, sums.total_notional, raw, sums.margin_used),
        "crossMarginSummary": _summary(cross_value, sums.cross_notional, cash, sums.cross_margin_used),
        "crossMaintenanceMarginUsed": truncated_text(sums.cross_maintenance),
        "withdrawable": truncated_text(withdrawable),
        "assetPositions": [
            {"type": "oneWay", "position": _position(account, account.positions[name], marks)}
            for name in COINS
            if name in account.positions
        ],
        "time": now_ms,
    }


def _summary(value: Decimal, notional: Decimal, raw: Decimal, used: Decimal) -> dict[str, str]:
    return {
        "accountValue": truncated_text(value),
        "totalNtlPos": truncated_text(notional),
        "totalRawUsd": truncated_text(raw),
        "totalMarginUsed": truncated_text(used),
    }


def leverage_row(value: int, is_cross: bool, raw_usd: Decimal | None = None) -> dict[str, Any]:
    row: dict[str, Any] = {"type": "cross" if is_cross else "isolated", "value": value}
    return row if is_cross or raw_usd is None else row | {"rawUsd": truncated_text(raw_usd)}


def _position(account: Account, position: Position, marks: dict[str, Decimal]) -> dict[str, Any]:
    mark = marks[position.coin]
    liquidation = liquidation_price(account, position, marks)
    initial = abs(position.size) * position.entry_price / position.leverage
    return {
        "coin": position.coin,
        "szi": number_text(position.size),
        "leverage": leverage_row(position.leverage, position.is_cross, position.raw_usd),
        "entryPx": truncated_text(position.entry_price, COINS[position.coin].price_decimals),
        "positionValue": truncated_text(abs(position.size) * mark),
        "unrealizedPnl": truncated_text(position.unrealized(mark)),
        "returnOnEquity": rounded_text(position.unrealized(mark) / initial, 10),
        "liquidationPx": None if liquidation is None else rounded_text(liquidation, 10),
        "marginUsed": truncated_text(margin_used(position, mark)),
        "maxLeverage": COINS[position.coin].max_leverage,
        "cumFunding": {
            "allTime": truncated_text(position.funding_all),
            "sinceOpen": truncated_text(position.funding_open),
            "sinceChange": truncated_text(position.funding_change),
        },
    }


def twap_state(twap: Twap) -> dict[str, Any]:
    """A TWAP as twapHistory and the twapStates stream print it."""
    return {
        "coin": twap.coin,
        "user": twap.account,
        "side": "B" if twap.is_buy else "A",
        "sz": number_text(twap.size),
        "executedSz": number_text(twap.executed),
        "executedNtl": rounded_text(twap.executed_usd, 6),
        "minutes": twap.minutes,
        "reduceOnly": twap.reduce_only,
        "randomize": twap.randomize,
        "timestamp": twap.started_ms,
        "stopPx": None,
        "trigger": None,
    }


def twap_event(twap: Twap, at_ms: int) -> dict[str, Any]:
    """A change of a TWAP's status, with the state that it then had."""
    return {"time": at_ms // 1000, "state": twap_state(twap), "status": {"status": twap.status}, "twapId": twap.id}


def slice_row(fill: Fill) -> dict[str, Any]:
    """A fill of a TWAP's slice."""
    return {"fill": fill_row(fill), "twapId": fill.twap_id}


def rows_in_range(rows: list[dict[str, Any]], body: dict[str, Any], limit: int) -> list[dict[str, Any]]:
    """One page of the rows in a request's inclusive time range, oldest first; without a start, from the first row."""
    start, end = int(body.get("startTime") or 0), body.get("endTime")
    last = None if end is None else int(end)
    return [row for row in rows if start <= row["time"] and (last is None or row["time"] <= last)][:limit]
