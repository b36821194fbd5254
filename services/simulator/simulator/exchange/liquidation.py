"""An account whose equity is below its maintenance margin. Source: Hyperliquid docs, Liquidations.

First a market order into the book; below two thirds of the maintenance margin the backstop takes everything; when the
loss is larger than the margin, profitable traders of the other side are deleveraged before the house bears the rest.
"""

from decimal import Decimal
from typing import Any

from simulator.exchange.deleveraging import deleverage
from simulator.exchange.state.account import Account, Figures, Position, figures, maintenance_usd
from simulator.exchange.state.exchange import Exchange
from simulator.exchange.state.orders import ZERO, Order, Request
from simulator.exchange.trading.matching import take
from simulator.exchange.trading.order_close import cancel_all, finish, follow_position
from simulator.exchange.trading.order_entry import make_order
from simulator.exchange.trading.settlement import book_fill, new_tid
from simulator.market.coins import COINS
from simulator.numbers import number_text

PARTIAL_ABOVE_USD = 100_000
PARTIAL_SHARE = Decimal("0.2")
COOLDOWN_MS = 30_000
BACKSTOP_SHARE = Decimal(2) / 3

Marks = dict[str, Decimal]


def liquidate(exchange: Exchange, now_ms: int) -> None:
    """Looks at every account at the mark prices of now."""
    marks = exchange.marks()
    for account in list(exchange.accounts.values()):
        if account.positions:
            _liquidate_cross(exchange, account, marks, now_ms)
            for position in list(account.positions.values()):
                if not position.is_cross:
                    _liquidate_isolated(exchange, account, position, marks, now_ms)
        _absorb(exchange, account)


def _absorb(exchange: Exchange, account: Account) -> None:
    """Nobody owes the exchange anything: what is below zero once nothing is held any more is the house's loss."""
    if account.raw_usd < 0 and not any(position.is_cross for position in account.positions.values()):
        exchange.house.raw_usd += account.raw_usd
        account.raw_usd = ZERO
        exchange.changes.accounts.add(account.address)


def _is_short(sums: Figures) -> bool:
    return sums.cross_notional != 0 and sums.cross_value < sums.cross_maintenance


def _liquidate_cross(exchange: Exchange, account: Account, marks: Marks, now_ms: int) -> None:
    sums = figures(account, marks)
    if not _is_short(sums):
        return
    cross = [position for position in account.positions.values() if position.is_cross]
    is_hopeless = sums.cross_value < sums.cross_maintenance * BACKSTOP_SHARE
    if not is_hopeless and all(_pauses(account, position, marks[position.coin], now_ms) for position in cross):
        return
    _announce(exchange, account, cross, sums.cross_notional, sums.cross_value, now_ms)
    cancel_all(exchange, account.address, now_ms, "liquidatedCanceled")
    if is_hopeless:
        for position in cross:
            share = abs(position.size) * marks[position.coin] / sums.cross_notional
            deficit = min(ZERO, sums.cross_value) * share
            _hand_over(exchange, account, position, marks, deficit, now_ms)
        exchange.house.raw_usd += account.raw_usd
        account.raw_usd = ZERO
        return
    for position in sorted(cross, key=lambda p: p.unrealized(marks[p.coin])):
        now = figures(account, marks)
        if not _is_short(now):
            return
        _sell(exchange, account, position, marks, now.cross_value, now_ms)


def _liquidate_isolated(exchange: Exchange, account: Account, position: Position, marks: Marks, now_ms: int) -> None:
    mark = marks[position.coin]
    notional, equity = abs(position.size) * mark, position.equity(mark)
    needed = maintenance_usd(COINS[position.coin], notional)
    is_hopeless = equity < needed * BACKSTOP_SHARE
    if equity >= needed or (not is_hopeless and _pauses(account, position, mark, now_ms)):
        return
    _announce(exchange, account, [position], notional, equity, now_ms)
    cancel_all(exchange, account.address, now_ms, "liquidatedCanceled", position.coin)
    if is_hopeless:
        _hand_over(exchange, account, position, marks, min(ZERO, equity), now_ms)
    else:
        _sell(exchange, account, position, marks, equity, now_ms)


def _pauses(account: Account, position: Position, mark: Decimal, now_ms: int) -> bool:
    """Whether a large position has just given up its first part."""
    last_ms = account.liquidated_ms.get(position.coin)
    return last_ms is not None and now_ms - last_ms < COOLDOWN_MS and _is_large(position, mark)


def _is_large(position: Position, mark: Decimal) -> bool:
    return abs(position.size) * mark > PARTIAL_ABOVE_USD


def _announce(
    exchange: Exchange, account: Account, positions: list[Position], notional: Decimal, value: Decimal, now_ms: int
) -> None:
    """Tells the account's socket and its ledger, before anything is sold."""
    delta = {
        "type": "liquidation",
        "liquidatedNtlPos": number_text(round(notional, 6)),
        "accountValue": number_text(round(value, 6)),
        "leverageType": "Cross" if positions[0].is_cross else "Isolated",
        "liquidatedPositions": [{"coin": each.coin, "szi": number_text(each.size)} for each in positions],
    }
    exchange.log(account.address, now_ms, delta)
    exchange.changes.liquidations.append(
        (
            account.address,
            {
                "lid": new_tid(exchange),
                "liquidator": "0x" + "0" * 40,
                "liquidated_user": account.address,
                "liquidated_ntl_pos": delta["liquidatedNtlPos"],
                "liquidated_account_value": delta["accountValue"],
            },
        )
    )


def _forced(
    exchange: Exchange, account: Account, position: Position, size: Decimal, price: Decimal, method: str, now_ms: int
) -> Order:
    """The liquidation's own order."""
    request = Request(COINS[position.coin], position.size < 0, price, size, True, "Ioc")
    order = make_order(exchange, account.address, request, now_ms)
    mark = exchange.market.coins[position.coin].mark_price
    order.liquidation = _note(account, mark, method)
    return order


def _note(account: Account, mark: Decimal, method: str) -> dict[str, Any]:
    return {"liquidatedUser": account.address, "markPx": number_text(mark), "method": method}


def _sell(exchange: Exchange, account: Account, position: Position, marks: Marks, equity: Decimal, now_ms: int) -> None:
    """A market order into the book: a large position gives up a fifth first and the rest after a pause.

    It reaches down to the price at which nothing of `equity` would be left; what the book doesn't take until then
    stays for the next look.
    """
    mark = marks[position.coin]
    if _pauses(account, position, mark, now_ms):
        return
    if _is_large(position, mark) and position.coin not in account.liquidated_ms:
        step = COINS[position.coin].lot
        size = max(step, (abs(position.size) * PARTIAL_SHARE).quantize(step))
        account.liquidated_ms[position.coin] = now_ms
    else:
        size = abs(position.size)
        account.liquidated_ms.pop(position.coin, None)
    order = _forced(exchange, account, position, size, mark - equity / position.size, "market", now_ms)
    take(exchange, order, now_ms)
    finish(exchange, order, "filled" if order.size == 0 else "canceled", now_ms)
    follow_position(exchange, account.address, order.coin, order, now_ms)


def _hand_over(
    exchange: Exchange, account: Account, position: Position, marks: Marks, deficit: Decimal, now_ms: int
) -> None:
    """The backstop takes the whole position at the mark price, a deficit (below zero) by deleveraging first."""
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
        order = _forced(exchange, account, position, size, mark, "backstop", now_ms)
        book_fill(exchange, order, mark, size, crossed=True, now_ms=now_ms)
        finish(exchange, order, "filled", now_ms)
    account.liquidated_ms.pop(coin, None)
