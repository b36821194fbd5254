"""Auto-deleveraging: a position that has lost more than its margin is closed against profitable opposite positions.

Source: Hyperliquid docs, Auto-deleveraging: ranked by profit and leverage. The price is the one at which the liquidated
account ends with zero equity, so that no debt is left; the docs' "previous mark price" would leave one after a gap.
"""

from decimal import Decimal
from typing import Any

from simulator.exchange.order_status import OrderStatus
from simulator.exchange.state.account import Account, Position, figures
from simulator.exchange.state.exchange import Exchange
from simulator.exchange.state.orders import Order, Request
from simulator.exchange.trading.order_close import adjust_reduce_only_orders, finish
from simulator.exchange.trading.order_entry import make_order
from simulator.exchange.trading.settlement import book_fill, next_trade_id
from simulator.market.coins import COINS

Marks = dict[str, Decimal]


def deleverage(
    exchange: Exchange,
    loser: Account,
    position: Position,
    price: Decimal,
    note: dict[str, Any],
    marks: Marks,
    now_ms: int,
) -> Decimal:
    """Closes the position at `price` against winners, as far as they hold the other side; returns the size closed."""
    coin, is_long, left = position.coin, position.size > 0, abs(position.size)
    whole = left
    for winner in winners(exchange, coin, not is_long, marks):
        if left <= 0 or price <= 0:
            break
        size = min(left, abs(winner.position_size(coin)))
        tid = next_trade_id(exchange)
        for account, other, is_buy in ((loser, winner, not is_long), (winner, loser, is_long)):
            order = _order(exchange, account, coin, is_buy, size, price, now_ms)
            is_loser = account is loser
            order.liquidation, order.is_deleveraging = note if is_loser else None, not is_loser
            book_fill(
                exchange,
                order,
                price,
                size,
                crossed=is_loser,
                now_ms=now_ms,
                tid=tid,
                counterparty=other.address,
            )
            finish(exchange, order, OrderStatus.FILLED, now_ms)
            adjust_reduce_only_orders(exchange, account.address, coin, order, now_ms)
        left -= size
    return whole - left


def winners(exchange: Exchange, coin: str, is_long: bool, marks: Marks) -> list[Account]:
    """Accounts with a profitable position of that side: most profit times leverage first."""
    ranked = []
    for account in exchange.accounts.values():
        position = account.positions.get(coin)
        if position is None or (position.size > 0) != is_long or position.unrealized(marks[coin]) <= 0:
            continue
        sums = figures(account, marks)
        value = sums.cross_value if position.is_cross else position.equity(marks[coin])
        if value <= 0:
            continue
        profit = position.unrealized(marks[coin]) / (abs(position.size) * position.entry_price)
        ranked.append((profit * abs(position.size) * marks[coin] / value, account))
    return [account for _, account in sorted(ranked, key=lambda row: (-row[0], row[1].address))]


def _order(
    exchange: Exchange, account: Account, coin: str, is_buy: bool, size: Decimal, price: Decimal, now_ms: int
) -> Order:
    request = Request(coin=COINS[coin], is_buy=is_buy, price=price, size=size, reduce_only=True, tif="Ioc")
    return make_order(exchange, account.address, request, now_ms)
