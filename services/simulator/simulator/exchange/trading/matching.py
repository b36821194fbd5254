"""Matching by price-time priority: orders against market levels, each other, and the market's trades."""

from collections.abc import Sequence
from decimal import Decimal

from simulator.exchange.order_status import OrderStatus
from simulator.exchange.state.exchange import Exchange
from simulator.exchange.state.orders import ZERO, Order
from simulator.exchange.trading.margin import can_match
from simulator.exchange.trading.open_interest import may_fill_at_cap
from simulator.exchange.trading.order_close import adjust_reduce_only_orders, finish, reducible_size
from simulator.exchange.trading.settlement import book_fill, next_trade_id
from simulator.market.coin_market import Level, Trade
from simulator.market.coins import COINS


def reaches(order: Order, price: Decimal) -> bool:
    """Whether an order may trade at that price."""
    return order.price >= price if order.is_buy else order.price <= price


def cap_reduce_only(exchange: Exchange, order: Order) -> None:
    """Caps a reduce-only order's size at what the position holds."""
    if order.reduce_only:
        order.size = min(order.size, reducible_size(exchange, order))


def take(exchange: Exchange, order: Order, now_ms: int) -> None:
    """Matches an order against the other side, best price first, as far as its price and size reach."""
    cap_reduce_only(exchange, order)
    books, other = exchange.books, not order.is_buy
    while order.size > 0:
        level = next(iter(books.levels(order.coin, other)), None)
        maker = next(iter(books.orders(order.coin, other)), None)
        if maker is not None and _is_first(maker, level):
            if not reaches(order, maker.price):
                return
            _take_order(exchange, order, maker, now_ms)
            continue
        if level is None or not reaches(order, level.price):
            return
        size = min(order.size, available(exchange, order.coin, other, level))
        if maker is not None and maker.price == level.price:
            size = min(size, maker.ahead)
        if size <= 0:
            if order.tif != "Gtc":
                return
            books.move_last_level(order)
            continue
        book_fill(exchange, order, level.price, size, crossed=True, now_ms=now_ms)
        books.take_from(order.coin, other, level, size)
        adjust_reduce_only_orders(exchange, order.account, order.coin, order, now_ms)


def _is_first(maker: Order, level: Level | None) -> bool:
    """Whether a resting order is served before the market's best level."""
    if level is None or maker.price == level.price:
        return level is None or maker.ahead <= 0
    return (maker.price > level.price) == maker.is_buy


def available(exchange: Exchange, coin: str, is_buy: bool, level: Level) -> Decimal:
    """What an order can take of a level: the last level keeps one lot, so that a side is never empty."""
    is_last = len(exchange.books.levels(coin, is_buy)) == 1
    return level.size - COINS[coin].lot if is_last else level.size


def _refusal(exchange: Exchange, maker: Order, size: Decimal) -> OrderStatus | None:
    """The final status of a resting order that may not be filled now."""
    if not may_fill_at_cap(exchange, maker):
        return OrderStatus.OPEN_INTEREST_CAP_CANCELED
    return None if can_match(exchange, maker, size) else OrderStatus.MARGIN_CANCELED


def _take_order(exchange: Exchange, order: Order, maker: Order, now_ms: int) -> None:
    """One match of two traders' orders at the resting one's price."""
    if maker.account == order.account:
        finish(exchange, maker, OrderStatus.SELF_TRADE_CANCELED, now_ms)
        return
    cap_reduce_only(exchange, maker)
    size = min(order.size, maker.size)
    if size <= 0:
        finish(exchange, maker, OrderStatus.REDUCE_ONLY_CANCELED, now_ms)
        return
    if refusal := _refusal(exchange, maker, size):
        finish(exchange, maker, refusal, now_ms)
        return
    tid = next_trade_id(exchange)
    for mine, theirs, crossed in ((order, maker, True), (maker, order, False)):
        book_fill(
            exchange,
            mine,
            maker.price,
            size,
            crossed=crossed,
            now_ms=now_ms,
            tid=tid,
            counterparty=theirs.account,
            liquidation=theirs.liquidation,
        )
    _end_if_filled(exchange, maker, now_ms)
    for mine in (order, maker):
        adjust_reduce_only_orders(exchange, mine.account, mine.coin, mine, now_ms)


def _end_if_filled(exchange: Exchange, order: Order, now_ms: int) -> None:
    if order.size <= 0 and order.is_open:
        finish(exchange, order, OrderStatus.FILLED, now_ms)


def _fill_resting(exchange: Exchange, order: Order, size: Decimal, now_ms: int) -> Decimal:
    """Fills a resting order with up to `size` of the market's flow; returns the size filled."""
    cap_reduce_only(exchange, order)
    size = min(size, order.size)
    if size <= 0:
        if order.size <= 0:
            finish(exchange, order, OrderStatus.REDUCE_ONLY_CANCELED, now_ms)
        return ZERO
    if refusal := _refusal(exchange, order, size):
        finish(exchange, order, refusal, now_ms)
        return ZERO
    book_fill(exchange, order, order.price, size, crossed=False, now_ms=now_ms)
    _end_if_filled(exchange, order, now_ms)
    adjust_reduce_only_orders(exchange, order.account, order.coin, order, now_ms)
    return size


def flow(exchange: Exchange, coin: str, trades: Sequence[Trade], now_ms: int) -> None:
    """Fills resting orders from the market's trades: better prices first, at the trade's price after the size ahead."""
    for trade in trades:
        left, price = trade.size, Decimal(repr(trade.price))
        for order in list(exchange.books.orders(coin, trade.side == "A")):
            if left <= 0 or (order.price < price if order.is_buy else order.price > price):
                break
            if order.price == price:
                before = min(order.ahead, left)
                order.ahead -= before
                left -= before
            left -= _fill_resting(exchange, order, left, now_ms)


def uncross(exchange: Exchange, coin: str, now_ms: int) -> None:
    """Fills resting orders that the market has moved through from the levels beyond their price."""
    books = exchange.books
    for is_buy in (True, False):
        for order in list(books.orders(coin, is_buy)):
            while order.is_open:
                level = books.levels(coin, not is_buy)[0]
                if not reaches(order, level.price):
                    break
                used = _fill_resting(exchange, order, available(exchange, coin, not is_buy, level), now_ms)
                if used > 0:
                    books.take_from(coin, not is_buy, level, used)
                elif order.is_open:
                    books.move_last_level(order)
