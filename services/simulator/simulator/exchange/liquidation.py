"""Liquidation of accounts whose equity is below the maintenance margin. Source: Hyperliquid docs, Liquidations.

First by a market order into the book. Below two thirds of the maintenance margin the backstop takes the positions.
When the loss exceeds the margin, profitable opposite positions are deleveraged and the house account bears the rest.
"""

from decimal import Decimal
from typing import Any

from simulator.exchange.deleveraging import deleverage
from simulator.exchange.order_status import OrderStatus
from simulator.exchange.state.account import Account, Figures, Position, figures, maintenance_usd
from simulator.exchange.state.exchange import Exchange
from simulator.exchange.state.orders import ZERO, Order, Request
from simulator.exchange.trading.matching import take
from simulator.exchange.trading.order_close import adjust_reduce_only_orders, cancel_all, finish
from simulator.exchange.trading.order_entry import make_order
from simulator.exchange.trading.settlement import book_fill, next_trade_id
from simulator.market.coins import COINS
from simulator.numbers import number_text

PARTIAL_ABOVE_USD = 100_000
PARTIAL_SHARE = Decimal("0.2")
COOLDOWN_MS = 30_000
BACKSTOP_SHARE = Decimal(2) / 3

Marks = dict[str, Decimal]


def liquidate(exchange: Exchange, now_ms: int) -> None:
    """Checks every account at the current mark prices."""
    marks = exchange.marks()
    for account in list(exchange.accounts.values()):
        if account.positions:
            _liquidate_cross(exchange, account, marks, now_ms)
            for position in list(account.positions.values()):
                if not position.is_cross:
                    _liquidate_isolated(exchange, account, position, marks, now_ms)
        _absorb_debt(exchange, account)


def _absorb_debt(exchange: Exchange, account: Account) -> None:
    """Charges the negative cash of an account without cross positions to the house: no account keeps a debt."""
    if account.raw_usd < 0 and not any(position.is_cross for position in account.positions.values()):
        exchange.house.raw_usd += account.raw_usd
        account.raw_usd = ZERO
        exchange.changes.accounts.add(account.address)


def _is_below_maintenance(sums: Figures) -> bool:
    return sums.cross_notional != 0 and sums.cross_value < sums.cross_maintenance


def _liquidate_cross(exchange: Exchange, account: Account, marks: Marks, now_ms: int) -> None:
    sums = figures(account, marks)
    if not _is_below_maintenance(sums):
        return
    cross = [position for position in account.positions.values() if position.is_cross]
    needs_backstop = sums.cross_value < sums.cross_maintenance * BACKSTOP_SHARE
    if not needs_backstop and all(
        _is_cooling_down(account, position, marks[position.coin], now_ms) for position in cross
    ):
        return
    _record_liquidation(exchange, account, cross, sums.cross_notional, sums.cross_value, now_ms)
    cancel_all(exchange, account.address, now_ms, OrderStatus.LIQUIDATED_CANCELED)
    if needs_backstop:
        for position in cross:
            share = abs(position.size) * marks[position.coin] / sums.cross_notional
            deficit = min(ZERO, sums.cross_value) * share
            _transfer_to_backstop(exchange, account, position, marks, deficit, now_ms)
        exchange.house.raw_usd += account.raw_usd
        account.raw_usd = ZERO
        return
    for position in sorted(cross, key=lambda p: p.unrealized(marks[p.coin])):
        now = figures(account, marks)
        if not _is_below_maintenance(now):
            return
        _liquidate_into_book(exchange, account, position, marks, now.cross_value, now_ms)


def _liquidate_isolated(exchange: Exchange, account: Account, position: Position, marks: Marks, now_ms: int) -> None:
    mark = marks[position.coin]
    notional, equity = abs(position.size) * mark, position.equity(mark)
    needed = maintenance_usd(COINS[position.coin], notional)
    needs_backstop = equity < needed * BACKSTOP_SHARE
    if equity >= needed or (not needs_backstop and _is_cooling_down(account, position, mark, now_ms)):
        return
    _record_liquidation(exchange, account, [position], notional, equity, now_ms)
    cancel_all(exchange, account.address, now_ms, OrderStatus.LIQUIDATED_CANCELED, position.coin)
    if needs_backstop:
        _transfer_to_backstop(exchange, account, position, marks, min(ZERO, equity), now_ms)
    else:
        _liquidate_into_book(exchange, account, position, marks, equity, now_ms)


def _is_cooling_down(account: Account, position: Position, mark: Decimal, now_ms: int) -> bool:
    """Whether a large position was partially liquidated less than COOLDOWN_MS ago."""
    last_ms = account.liquidated_ms.get(position.coin)
    return last_ms is not None and now_ms - last_ms < COOLDOWN_MS and _is_large(position, mark)


def _is_large(position: Position, mark: Decimal) -> bool:
    return abs(position.size) * mark > PARTIAL_ABOVE_USD


def _record_liquidation(
    exchange: Exchange, account: Account, positions: list[Position], notional: Decimal, value: Decimal, now_ms: int
) -> None:
    """Records the liquidation for the account's ledger and event stream, with the figures before it."""
    delta = {
        "type": "liquidation",
        "liquidatedNtlPos": number_text(round(notional, 6)),
        "accountValue": number_text(round(value, 6)),
        "leverageType": "Cross" if positions[0].is_cross else "Isolated",
        "liquidatedPositions": [{"coin": each.coin, "szi": number_text(each.size)} for each in positions],
    }
    exchange.append_ledger(account.address, now_ms, delta)
    exchange.changes.liquidations.append(
        (
            account.address,
            {
                "lid": next_trade_id(exchange),
                "liquidator": "0x" + "0" * 40,
                "liquidated_user": account.address,
                "liquidated_ntl_pos": delta["liquidatedNtlPos"],
                "liquidated_account_value": delta["accountValue"],
            },
        )
    )


def _liquidation_order(
    exchange: Exchange, account: Account, position: Position, size: Decimal, price: Decimal, method: str, now_ms: int
) -> Order:
    """The order by which the exchange closes `size` of a position."""
    request = Request(
        coin=COINS[position.coin], is_buy=position.size < 0, price=price, size=size, reduce_only=True, tif="Ioc"
    )
    order = make_order(exchange, account.address, request, now_ms)
    mark = exchange.market.coins[position.coin].mark_price
    order.liquidation = _note(account, mark, method)
    return order


def _note(account: Account, mark: Decimal, method: str) -> dict[str, Any]:
    return {"liquidatedUser": account.address, "markPx": number_text(mark), "method": method}


def _liquidate_into_book(
    exchange: Exchange, account: Account, position: Position, marks: Marks, equity: Decimal, now_ms: int
) -> None:
    """A market order into the book: of a large position a fifth first, the rest after COOLDOWN_MS.

    Its limit is the price at which `equity` would be used up; a remainder that the book doesn't fill until there
    waits for the next check.
    """
    mark = marks[position.coin]
    if _is_cooling_down(account, position, mark, now_ms):
        return
    if _is_large(position, mark) and position.coin not in account.liquidated_ms:
        step = COINS[position.coin].lot
        size = max(step, (abs(position.size) * PARTIAL_SHARE).quantize(step))
        account.liquidated_ms[position.coin] = now_ms
    else:
        size = abs(position.size)
        account.liquidated_ms.pop(position.coin, None)
    order = _liquidation_order(exchange, account, position, size, mark - equity / position.size, "market", now_ms)
    take(exchange, order, now_ms)
    finish(exchange, order, OrderStatus.FILLED if order.size == 0 else OrderStatus.CANCELED, now_ms)
    adjust_reduce_only_orders(exchange, account.address, order.coin, order, now_ms)


def _transfer_to_backstop(
    exchange: Exchange, account: Account, position: Position, marks: Marks, deficit: Decimal, now_ms: int
) -> None:
    """Transfers the position to the backstop at the mark price; a negative `deficit` is deleveraged first."""
    mark = marks[position.coin]
    coin, size = position.coin, abs(position.size)
    if deficit < 0:
        price = mark - deficit / position.size
        size -= deleverage(exchange, account, position, price, _note(account, mark, "backstop"), marks, now_ms)
    if size > 0:
        if not position.is_cross:
            equity = position.equity(mark)
            exchange.house.raw_usd += equity
            position.raw_usd -= equity
        order = _liquidation_order(exchange, account, position, size, mark, "backstop", now_ms)
        book_fill(exchange, order, mark, size, crossed=True, now_ms=now_ms)
        finish(exchange, order, OrderStatus.FILLED, now_ms)
    account.liquidated_ms.pop(coin, None)
