"""Hyperliquid's answers in the terms of the arena. Pure; a missing field raises one of UNREADABLE, nothing is guessed.

But a position stays one to protect when a figure beside its size is null: such a figure counts as 0, mark and entry
price stand in for each other. A position's row of size 0 is none. An order that can't be read hides no other one: it
counts as external, without coin or order id where those are null, and then can't be cancelled.

`coins` are the arena's: what is on another coin is external. Wire names (`px`, `sz`, `szi`, `coin`) end here.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from common.events import AccountOrder, ExternalPosition
from common.trading.instruments import Symbol
from common.trading.orders import OrderRole, OrderSide, Side
from executor.domain.account import AccountState, ExternalOrder, Fill, OrderStatus, Placement, Position
from executor.exchange.errors import UNREADABLE

Row = Mapping[str, Any]
USDC_TOKEN: Final = 0


def parse_account_state(answer: Row, coins: Collection[Symbol]) -> AccountState:
    """clearinghouseState."""
    summary = answer["marginSummary"]
    rows = [row["position"] for row in answer["assetPositions"] if Decimal(row["position"]["szi"]) != 0]
    positions = tuple(_position(row) for row in rows if row["coin"] in coins)
    equity = Decimal(summary["accountValue"])
    unrealized = sum((_number(row["unrealizedPnl"]) for row in rows), Decimal(0))
    return AccountState(
        equity_usd=equity,
        balance_usd=equity - unrealized,
        available_balance_usd=Decimal(answer["withdrawable"]),
        margin_used_usd=Decimal(summary["totalMarginUsed"]),
        total_notional_usd=Decimal(summary["totalNtlPos"]),
        time_ms=int(answer["time"]),
        positions=positions,
        external=tuple(_external_position(row) for row in rows if row["coin"] not in coins),
    )


def parse_pooled_balance(answer: Row, state: AccountState) -> AccountState:
    """The state with the balance that perpetuals and spot have in common, from spotClearinghouseState.

    Equity = the USDC total + unrealized profit of all positions; free is what no position or order holds, or, where
    the exchange says less, what is left after maintenance. Source: Hyperliquid docs, Account abstraction modes.
    """
    usdc = next((row for row in answer["balances"] if row.get("token") == USDC_TOKEN), None)
    total = Decimal(0) if usdc is None else Decimal(usdc["total"])
    free = Decimal(0) if usdc is None else total - Decimal(usdc["hold"])
    for token, available in answer.get("tokenToAvailableAfterMaintenance") or ():
        if token == USDC_TOKEN:
            free = min(free, Decimal(available))
    positions, external = state.positions, state.external
    all_held: list[Position | ExternalPosition] = [*positions, *external]
    unrealized = sum((held.unrealized_pnl_usd for held in all_held), Decimal(0))
    return replace(
        state,
        equity_usd=total + unrealized,
        balance_usd=total,
        available_balance_usd=max(Decimal(0), free),
        margin_used_usd=sum((held.margin_used_usd for held in positions), Decimal(0)),
        total_notional_usd=sum((held.notional_usd for held in all_held), Decimal(0)),
    )


def _number(value: str | None) -> Decimal:
    return Decimal(0) if value is None else Decimal(value)


def _external_position(row: Row) -> ExternalPosition:
    signed = Decimal(row["szi"])
    return ExternalPosition(
        coin=row["coin"],
        side=Side.LONG if signed > 0 else Side.SHORT,
        size_coin=abs(signed),
        notional_usd=abs(_number(row["positionValue"])),
        unrealized_pnl_usd=_number(row["unrealizedPnl"]),
    )


def _position(row: Row) -> Position:
    signed = Decimal(row["szi"])
    size = abs(signed)
    value = size * _number(row["entryPx"]) if row["positionValue"] is None else abs(Decimal(row["positionValue"]))
    liquidation, leverage, most = row["liquidationPx"], row["leverage"] or {}, row["maxLeverage"]
    multiple = int(leverage.get("value") or 1)
    return Position(
        symbol=Symbol(row["coin"]),
        side=Side.LONG if signed > 0 else Side.SHORT,
        size_coin=size,
        entry_price=value / size if row["entryPx"] is None else Decimal(row["entryPx"]),
        mark_price=value / size,
        leverage=multiple,
        is_isolated=leverage.get("type") == "isolated",
        notional_usd=value,
        unrealized_pnl_usd=_number(row["unrealizedPnl"]),
        margin_used_usd=_number(row["marginUsed"]),
        liquidation_price=None if liquidation is None else Decimal(liquidation),
        funding_since_open_usd=_number((row["cumFunding"] or {}).get("sinceOpen")),
        max_leverage=multiple if most is None else int(most),
    )


def parse_order_side(letter: str) -> OrderSide:
    return OrderSide.BUY if letter == "B" else OrderSide.SELL


def parse_fills(answer: Sequence[Row], coins: Collection[Symbol]) -> list[Fill]:
    """Fills of the arena's coins, oldest first. A row that can't be read hides no other one; `parse_external_fills`
    reports it."""
    fills: list[Fill] = []
    for row in answer:
        with suppress(*UNREADABLE):
            fills += [_fill(row)] if row["coin"] in coins else []
    return sorted(fills, key=lambda fill: (fill.time_ms, fill.trade_id))


def _fill(row: Row) -> Fill:
    return Fill(
        symbol=Symbol(row["coin"]),
        price=Decimal(row["px"]),
        size_coin=Decimal(row["sz"]),
        side=parse_order_side(row["side"]),
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


def parse_open_orders(
    answer: Sequence[Row], coins: Collection[Symbol], roles: Mapping[str, OrderRole]
) -> list[AccountOrder]:
    """Open orders of the arena's coins; `roles` by client order id."""
    orders: list[AccountOrder] = []
    for row in answer:
        with suppress(*UNREADABLE):
            orders += [_open_order(row, roles)] if row["coin"] in coins else []
    return orders


def _open_order(row: Row, roles: Mapping[str, OrderRole]) -> AccountOrder:
    client_order_id = row.get("cloid")
    return AccountOrder(
        order_id=int(row["oid"]),
        client_order_id=client_order_id,
        symbol=Symbol(row["coin"]),
        role=roles.get(client_order_id or "", OrderRole.UNKNOWN),
        side=parse_order_side(row["side"]),
        size_coin=Decimal(row["sz"]),
        price=_number(row["limitPx"]),
        trigger_price=Decimal(row["triggerPx"]) if row.get("isTrigger") else None,
        reduce_only=bool(row.get("reduceOnly")),
    )


def parse_external_orders(answer: Sequence[Row], coins: Collection[Symbol]) -> list[ExternalOrder]:
    """Open orders of all other perpetuals, and those of the arena's coins that can't be read."""
    return [
        ExternalOrder(row["coin"], None if row["oid"] is None else int(row["oid"]), bool(row.get("reduceOnly")))
        for row in answer
        if not is_spot(row["coin"] or "") and not (row["coin"] in coins and _is_readable(row))
    ]


def _is_readable(row: Row) -> bool:
    with suppress(*UNREADABLE):
        _open_order(row, {})
        return True
    return False


def is_spot(coin: str) -> bool:
    """A pair of the spot market, whose orders the exchange lists with the perpetuals' and which opens no position."""
    return coin.startswith("@") or "/" in coin


def parse_order_status(answer: Row) -> OrderStatus | None:
    """The order's status, or None for unknownOid."""
    if answer["status"] != "order":
        return None
    outer = answer["order"]
    order = outer["order"]
    return OrderStatus(
        status=outer["status"],
        order_id=int(order["oid"]),
        original_size_coin=Decimal(order["origSz"]),
        remaining_size_coin=Decimal(order["sz"]),
    )


def parse_action_error(answer: Row) -> str | None:
    """Why the exchange refused an action whole, or None when it took it in."""
    return str(answer["response"]) if answer["status"] == "err" else None


def parse_placements(answer: Row, count: int) -> list[Placement]:
    """What became of each of `count` orders; an action refused whole, or one error for a batch, fails all of them."""
    error = parse_action_error(answer)
    if error is not None:
        return [Placement(error=error)] * count
    placements = [_placement(status) for status in answer["response"]["data"]["statuses"]]
    if len(placements) == 1 and count > 1:
        return placements * count
    if not placements:
        raise ValueError(f"no status for any of {count} orders")
    return placements


def _placement(status: Any) -> Placement:
    if isinstance(status, str):
        return Placement(status=status)
    if "error" in status:
        return Placement(error=str(status["error"]))
    if "filled" in status:
        row = status["filled"]
        return Placement(
            order_id=int(row["oid"]),
            filled_size_coin=Decimal(row["totalSz"]),
            average_price=Decimal(row["avgPx"]),
            status="filled",
        )
    return Placement(order_id=int(status["resting"]["oid"]), status="resting")
