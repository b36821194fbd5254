"""Orders, fills and positions as /info and the streams print them."""

from decimal import Decimal
from typing import Any

from simulator.coins import COINS
from simulator.exchange.account import Account, Position, figures, liquidation_price, margin_used
from simulator.exchange.orders import Fill, Order, Twap
from simulator.wire.formats import MAX_DECIMALS, rounded, text, truncated

ZERO_HASH = "0x" + "0" * 64


def basic_order(order: Order) -> dict[str, Any]:
    """The row of openOrders and orderUpdates; cloid and reduceOnly only when set."""
    row: dict[str, Any] = {
        "coin": order.coin,
        "side": "B" if order.is_buy else "A",
        "limitPx": text(order.price),
        "sz": text(order.size),
        "oid": order.oid,
        "timestamp": order.time_ms,
        "origSz": text(order.original_size),
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
        "limitPx": text(order.price),
        "sz": text(order.size),
        "oid": order.oid,
        "timestamp": order.time_ms,
        "triggerCondition": _condition(order),
        "isTrigger": order.trigger_price is not None,
        "triggerPx": text(order.trigger_price or Decimal(0)),
        "children": [frontend_order(child, orders) for child in children],
        "isPositionTpsl": order.is_position_tpsl,
        "reduceOnly": order.reduce_only,
        "orderType": order_type(order),
        "origSz": text(order.original_size),
        "tif": None if order.trigger_price is not None else order.tif,
        "cloid": order.cloid,
    }


def _condition(order: Order) -> str:
    if order.trigger_price is None:
        return "N/A"
    return f"Price {'above' if order.fires_above else 'below'} {format(order.trigger_price.normalize(), 'f')}"


def order_type(order: Order) -> str:
    """Hyperliquid's name of the kind of order."""
    if order.trigger_price is None:
        return "Limit"
    kind = "Stop" if order.trigger_kind == "sl" else "Take Profit"
    return f"{kind} {'Market' if order.trigger_is_market else 'Limit'}"


def fill_row(fill: Fill) -> dict[str, Any]:
    is_system = fill.twap_id is not None or fill.liquidation is not None or fill.is_deleveraging
    row: dict[str, Any] = {
        "coin": fill.coin,
        "px": text(fill.price),
        "sz": text(fill.size),
        "side": "B" if fill.is_buy else "A",
        "time": fill.time_ms,
        "startPosition": text(fill.start_position),
        "dir": fill.direction,
        "closedPnl": rounded(fill.closed_pnl, 6),
        "hash": ZERO_HASH if is_system else f"0x{fill.tid:064x}",
        "oid": fill.oid,
        "crossed": fill.crossed,
        "fee": rounded(fill.fee, 6),
        "tid": fill.tid,
    }
    if fill.cloid:
        row["cloid"] = fill.cloid
    if fill.builder_fee:
        row["builderFee"] = rounded(fill.builder_fee, 6)
    if fill.liquidation:
        row["liquidation"] = fill.liquidation
    return row | {"feeToken": "USDC", "twapId": fill.twap_id}


def clearinghouse_state(account: Account | None, marks: dict[str, Decimal], now_ms: int) -> dict[str, Any]:
    """clearinghouseState; an unknown account has the zero state."""
    account = account or Account("")
    sums = figures(account, marks)
    raw = sums.account_value - sum((p.size * marks[p.coin] for p in account.positions.values()), Decimal(0))
    return {
        "marginSummary": _summary(sums.account_value, sums.total_notional, raw, sums.margin_used),
        "crossMarginSummary": _summary(sums.cross_value, sums.cross_notional, account.raw_usd, sums.cross_margin_used),
        "crossMaintenanceMarginUsed": truncated(sums.cross_maintenance),
        "withdrawable": truncated(sums.withdrawable),
        "assetPositions": [
            {"type": "oneWay", "position": _position(account, account.positions[name], marks)}
            for name in COINS
            if name in account.positions
        ],
        "time": now_ms,
    }


def _summary(value: Decimal, notional: Decimal, raw: Decimal, used: Decimal) -> dict[str, str]:
    return {
        "accountValue": truncated(value),
        "totalNtlPos": truncated(notional),
        "totalRawUsd": truncated(raw),
        "totalMarginUsed": truncated(used),
    }


def leverage_row(value: int, is_cross: bool, raw_usd: Decimal | None = None) -> dict[str, Any]:
    row: dict[str, Any] = {"type": "cross" if is_cross else "isolated", "value": value}
    return row if is_cross or raw_usd is None else row | {"rawUsd": truncated(raw_usd)}


def _position(account: Account, position: Position, marks: dict[str, Decimal]) -> dict[str, Any]:
    mark = marks[position.coin]
    liquidation = liquidation_price(account, position, marks)
    initial = abs(position.size) * position.entry_price / position.leverage
    return {
        "coin": position.coin,
        "szi": text(position.size),
        "leverage": leverage_row(position.leverage, position.is_cross, position.raw_usd),
        "entryPx": truncated(position.entry_price, MAX_DECIMALS - COINS[position.coin].size_decimals),
        "positionValue": truncated(abs(position.size) * mark),
        "unrealizedPnl": truncated(position.unrealized(mark)),
        "returnOnEquity": rounded(position.unrealized(mark) / initial, 10),
        "liquidationPx": None if liquidation is None else rounded(liquidation, 10),
        "marginUsed": truncated(margin_used(position, mark)),
        "maxLeverage": COINS[position.coin].max_leverage,
        "cumFunding": {
            "allTime": truncated(position.funding_all),
            "sinceOpen": truncated(position.funding_open),
            "sinceChange": truncated(position.funding_change),
        },
    }


def twap_state(twap: Twap) -> dict[str, Any]:
    """A TWAP as twapHistory and the twapStates stream print it."""
    return {
        "coin": twap.coin,
        "user": twap.account,
        "side": "B" if twap.is_buy else "A",
        "sz": text(twap.size),
        "executedSz": text(twap.executed),
        "executedNtl": rounded(twap.executed_usd, 6),
        "minutes": twap.minutes,
        "reduceOnly": twap.reduce_only,
        "randomize": twap.randomize,
        "timestamp": twap.started_ms,
    }


def within(rows: list[dict[str, Any]], body: dict[str, Any], most: int) -> list[dict[str, Any]]:
    """Rows of a request's inclusive time range, oldest first, one page; without a start, from the first."""
    start, end = int(body.get("startTime") or 0), body.get("endTime")
    last = None if end is None else int(end)
    return [row for row in rows if start <= row["time"] and (last is None or row["time"] <= last)][:most]
