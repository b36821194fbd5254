"""An account whose equity is below its maintenance margin. Source: Hyperliquid docs, Liquidations."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from simulator.coins import COINS
from simulator.exchange.account import Account, Position, figures, maintenance_usd
from simulator.exchange.ending import cancel_all, finish, follow_position
from simulator.exchange.exchange import Exchange
from simulator.exchange.matching import available
from simulator.exchange.orders import ZERO, Order, Request
from simulator.exchange.placing import make_order
from simulator.exchange.settle import book_fill, new_tid
from simulator.wire.formats import text

PARTIAL_ABOVE_USD = 100_000
PARTIAL_SHARE = Decimal("0.2")
COOLDOWN_MS = 30_000
BACKSTOP_SHARE = Decimal(2) / 3

Marks = Mapping[str, Decimal]


def liquidate(exchange: Exchange, now_ms: int) -> None:
    """Looks at every account at the mark prices of now."""
    marks = exchange.marks()
    for account in list(exchange.accounts.values()):
        if not account.positions:
            continue
        _liquidate_cross(exchange, account, marks, now_ms)
        for position in list(account.positions.values()):
            if not position.is_cross:
                _liquidate_isolated(exchange, account, position, marks, now_ms)


def _liquidate_cross(exchange: Exchange, account: Account, marks: Marks, now_ms: int) -> None:
    sums = figures(account, dict(marks))
    if sums.cross_notional == 0 or sums.cross_value >= sums.cross_maintenance:
        return
    _announce(exchange, account, sums.cross_notional, sums.cross_value, now_ms)
    cross = [position for position in account.positions.values() if position.is_cross]
    if sums.cross_value < sums.cross_maintenance * BACKSTOP_SHARE:
        for position in cross:
            _hand_over(exchange, account, position, marks, now_ms)
        exchange.house.raw_usd += account.raw_usd
        account.raw_usd = ZERO
        return
    for position in sorted(cross, key=lambda p: p.unrealised(marks[p.coin])):
        _sell(exchange, account, position, marks, now_ms)


def _liquidate_isolated(exchange: Exchange, account: Account, position: Position, marks: Marks, now_ms: int) -> None:
    mark = marks[position.coin]
    notional, equity = abs(position.size) * mark, position.equity(mark)
    needed = maintenance_usd(COINS[position.coin], notional)
    if equity >= needed:
        return
    _announce(exchange, account, notional, equity, now_ms)
    if equity >= needed * BACKSTOP_SHARE:
        _sell(exchange, account, position, marks, now_ms)
        return
    exchange.house.raw_usd += equity
    position.raw_usd -= equity
    _hand_over(exchange, account, position, marks, now_ms)


def _announce(exchange: Exchange, account: Account, notional: Decimal, value: Decimal, now_ms: int) -> None:
    exchange.changes.liquidations.append(
        (
            account.address,
            {
                "lid": new_tid(exchange),
                "liquidator": "0x" + "0" * 40,
                "liquidated_user": account.address,
                "liquidated_ntl_pos": text(round(notional, 6)),
                "liquidated_account_value": text(round(value, 6)),
            },
        )
    )


def _forced(exchange: Exchange, account: Account, position: Position, size: Decimal, now_ms: int) -> Order:
    """The liquidation's own order; the account's open orders of the coin go first."""
    cancel_all(exchange, account.address, now_ms, "liquidatedCanceled", position.coin)
    price = exchange.market.coins[position.coin].mark_price
    request = Request(COINS[position.coin], position.size < 0, price, size, True, "Ioc")
    return make_order(exchange, account.address, request, now_ms)


def _note(account: Account, mark: Decimal, method: str) -> dict[str, Any]:
    return {"liquidatedUser": account.address, "markPx": text(mark), "method": method}


def _sell(exchange: Exchange, account: Account, position: Position, marks: Marks, now_ms: int) -> None:
    """A market order into the book: a large position gives up a fifth first and the rest after a pause."""
    mark = marks[position.coin]
    last_ms = account.liquidated_ms.get(position.coin)
    is_large = abs(position.size) * mark > PARTIAL_ABOVE_USD
    if is_large and last_ms is None:
        step = Decimal(1).scaleb(-COINS[position.coin].size_decimals)
        size = max(step, (abs(position.size) * PARTIAL_SHARE).quantize(step))
        account.liquidated_ms[position.coin] = now_ms
    elif is_large and last_ms is not None and now_ms - last_ms < COOLDOWN_MS:
        return
    else:
        size = abs(position.size)
        account.liquidated_ms.pop(position.coin, None)
    order = _forced(exchange, account, position, size, now_ms)
    books, side = exchange.books, not order.is_buy
    while order.size > 0:
        levels = books.levels(order.coin, side)
        part = min(order.size, available(exchange, order.coin, side, levels[0]))
        if part <= 0:
            break
        note = _note(account, mark, "market")
        book_fill(exchange, order, levels[0].price, part, crossed=True, now_ms=now_ms, liquidation=note)
        books.took(order.coin, side, levels[0], part)
    finish(exchange, order, "filled" if order.size == 0 else "canceled", now_ms)
    follow_position(exchange, account.address, order.coin, order, now_ms)


def _hand_over(exchange: Exchange, account: Account, position: Position, marks: Marks, now_ms: int) -> None:
    """The backstop takes the whole position at the mark price."""
    mark = marks[position.coin]
    order = _forced(exchange, account, position, abs(position.size), now_ms)
    note = _note(account, mark, "backstop")
    book_fill(exchange, order, mark, order.size, crossed=True, now_ms=now_ms, liquidation=note)
    finish(exchange, order, "filled", now_ms)
    account.liquidated_ms.pop(order.coin, None)
