"""Hyperliquid's answers in our terms. Pure; a field that is missing raises, nothing is guessed."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from common.events import AccountOrder, ExternalPosition, OrderRole
from common.trading.orders import OrderSide, Side
from common.trading.symbols import SYMBOLS
from executor.domain.account import ForeignOrder, OrderState, Placed, WireFill, WirePosition, WireState

_SYMBOLS = {symbol.value: symbol for symbol in SYMBOLS}


def state_of(answer: Mapping[str, Any]) -> WireState:
    """Coins that we don't trade stand apart from the positions; the sums hold them."""
    summary = answer["marginSummary"]
    rows = [row["position"] for row in answer["assetPositions"]]
    positions = tuple(_position(row) for row in rows if row["coin"] in _SYMBOLS)
    value = Decimal(summary["accountValue"])
    unrealized = sum((Decimal(row["unrealizedPnl"]) for row in rows), Decimal(0))
    return WireState(
        equity_usd=value,
        cash_usd=value - unrealized,
        withdrawable_usd=Decimal(answer["withdrawable"]),
        margin_used_usd=Decimal(summary["totalMarginUsed"]),
        total_notional_usd=Decimal(summary["totalNtlPos"]),
        time_ms=int(answer["time"]),
        positions=positions,
        foreign=tuple(_foreign(row) for row in rows if row["coin"] not in _SYMBOLS),
    )


def _foreign(row: Mapping[str, Any]) -> ExternalPosition:
    signed = Decimal(row["szi"])
    return ExternalPosition(
        coin=row["coin"],
        side=Side.LONG if signed > 0 else Side.SHORT,
        size_coin=abs(signed),
        notional_usd=abs(Decimal(row["positionValue"])),
        unrealized_pnl_usd=Decimal(row["unrealizedPnl"]),
    )


def _position(row: Mapping[str, Any]) -> WirePosition:
    signed, value = Decimal(row["szi"]), abs(Decimal(row["positionValue"]))
    size = abs(signed)
    liquidation = row["liquidationPx"]
    return WirePosition(
        symbol=_SYMBOLS[row["coin"]],
        side=Side.LONG if signed > 0 else Side.SHORT,
        size_coin=size,
        entry_price=Decimal(row["entryPx"]),
        mark_price=value / size,
        leverage=int(row["leverage"]["value"]),
        is_isolated=row["leverage"]["type"] == "isolated",
        notional_usd=value,
        unrealized_pnl_usd=Decimal(row["unrealizedPnl"]),
        margin_used_usd=Decimal(row["marginUsed"]),
        liquidation_price=None if liquidation is None else Decimal(liquidation),
        funding_since_open_usd=Decimal(row["cumFunding"]["sinceOpen"]),
        max_leverage=int(row["maxLeverage"]),
    )


def order_side(letter: str) -> OrderSide:
    return OrderSide.BUY if letter == "B" else OrderSide.SELL


def fills_of(answer: list[Mapping[str, Any]]) -> list[WireFill]:
    """Fills of our six coins, oldest first."""
    fills = [_fill(row) for row in answer if row["coin"] in _SYMBOLS]
    return sorted(fills, key=lambda fill: (fill.time_ms, fill.trade_id))


def _fill(row: Mapping[str, Any]) -> WireFill:
    return WireFill(
        symbol=_SYMBOLS[row["coin"]],
        price=Decimal(row["px"]),
        size_coin=Decimal(row["sz"]),
        side=order_side(row["side"]),
        time_ms=int(row["time"]),
        start_position_coin=Decimal(row["startPosition"]),
        direction=row["dir"],
        closed_pnl_usd=Decimal(row["closedPnl"]),
        order_id=int(row["oid"]),
        crossed=bool(row["crossed"]),
        fee_usd=Decimal(row["fee"]),
        trade_id=int(row["tid"]),
        client_order_id=row.get("cloid"),
        is_liquidation=row.get("liquidation") is not None,
    )


def open_orders_of(answer: list[Mapping[str, Any]], roles: Mapping[str, OrderRole]) -> list[AccountOrder]:
    """Open orders of our six coins; `roles` by client order id."""
    orders = []
    for row in answer:
        if row["coin"] not in _SYMBOLS:
            continue
        cloid = row.get("cloid")
        orders.append(
            AccountOrder(
                order_id=int(row["oid"]),
                client_order_id=cloid,
                symbol=_SYMBOLS[row["coin"]],
                role=roles.get(cloid or "", OrderRole.UNKNOWN),
                side=order_side(row["side"]),
                size_coin=Decimal(row["sz"]),
                price=Decimal(row["limitPx"]),
                trigger_price=Decimal(row["triggerPx"]) if row.get("isTrigger") else None,
                reduce_only=bool(row.get("reduceOnly")),
            )
        )
    return orders


def foreign_orders_of(answer: list[Mapping[str, Any]]) -> list[ForeignOrder]:
    """Open orders of all other perpetuals."""
    return [
        ForeignOrder(row["coin"], int(row["oid"]), bool(row.get("reduceOnly")))
        for row in answer
        if row["coin"] not in _SYMBOLS and not is_spot(row["coin"])
    ]


def is_spot(coin: str) -> bool:
    """A pair of the spot market, whose orders the exchange lists with the perpetuals' and which opens no position."""
    return coin.startswith("@") or "/" in coin


def order_state_of(answer: Mapping[str, Any]) -> OrderState | None:
    """The order's state, or None for unknownOid."""
    if answer["status"] != "order":
        return None
    outer = answer["order"]
    order = outer["order"]
    return OrderState(
        status=outer["status"],
        order_id=int(order["oid"]),
        original_size_coin=Decimal(order["origSz"]),
        remaining_size_coin=Decimal(order["sz"]),
        time_ms=int(outer["statusTimestamp"]),
    )


def refusal_of(answer: Mapping[str, Any]) -> str | None:
    """Why the exchange refused an action whole, or None when it took it in."""
    return str(answer["response"]) if answer["status"] == "err" else None


def placed_of(answer: Mapping[str, Any], count: int) -> list[Placed]:
    """What became of each of `count` orders; an action refused whole, or one error for a batch, fails all of them."""
    refusal = refusal_of(answer)
    if refusal is not None:
        return [Placed(error=refusal)] * count
    statuses = [_placed(status) for status in answer["response"]["data"]["statuses"]]
    if len(statuses) == 1 and count > 1:
        return statuses * count
    if not statuses:
        raise ValueError(f"no status for any of {count} orders")
    return statuses


def _placed(status: Any) -> Placed:
    if isinstance(status, str):
        return Placed(status=status)
    if "error" in status:
        return Placed(error=str(status["error"]))
    if "filled" in status:
        row = status["filled"]
        return Placed(
            order_id=int(row["oid"]),
            filled_size_coin=Decimal(row["totalSz"]),
            average_price=Decimal(row["avgPx"]),
            status="filled",
        )
    return Placed(order_id=int(status["resting"]["oid"]), status="resting")
