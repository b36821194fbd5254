"""Order entry: checks, immediate matching, resting; and the execution of triggers that the mark has reached."""

from decimal import Decimal

from simulator.exchange import errors
from simulator.exchange.errors import BatchError, OrderError
from simulator.exchange.order_status import OrderStatus
from simulator.exchange.state.exchange import Exchange
from simulator.exchange.state.orders import Order, Request
from simulator.exchange.trading.margin import check_order
from simulator.exchange.trading.matching import cap_reduce_only, reaches, take
from simulator.exchange.trading.open_interest import check_open_interest
from simulator.exchange.trading.order_close import cap_resting_reduce_only, finish, reducible_size
from simulator.numbers import decimals_of, number_text

MIN_NOTIONAL_USD = Decimal(10)
MAX_OPEN = 1_000
MAX_OPEN_EVER = 5_000
USD_PER_FURTHER_ORDER = 5_000_000
IMMEDIATE = ("Ioc", "FrontendMarket")


def check_static(exchange: Exchange, request: Request) -> None:
    """Checks that don't depend on the account. Raises BatchError: one such order refuses its whole batch."""
    coin = request.coin
    if request.size < 0 or not coin.accepts_size(request.size):
        raise BatchError(errors.BAD_SIZE)
    for price in (request.price, request.trigger_price):
        if price is None:
            continue
        if price <= 0 or decimals_of(price) > coin.price_decimals:
            raise BatchError(errors.BAD_PRICE)
        if not coin.accepts_price(price):
            raise BatchError(errors.TICK)
    mark = exchange.market.coins[coin.name].mark_price
    if request.trigger_price is None and not mark / 5 <= request.price <= mark * Decimal("1.8"):
        raise BatchError(errors.TOO_FAR)


def place(
    exchange: Exchange,
    address: str,
    request: Request,
    now_ms: int,
    *,
    parent: Order | None = None,
    is_position_tpsl: bool = False,
    twap_id: int | None = None,
) -> Order:
    """Places one order: it rests, matches, or both. Raises OrderError with the exchange's text when it is refused."""
    order = make_order(exchange, address, request, now_ms)
    order.is_position_tpsl, order.twap_id = is_position_tpsl, twap_id
    try:
        _check(exchange, order, parent)
        if order.is_trigger:
            _rest(exchange, order, parent)
            if not order.waits and is_reached(order, exchange.market.coins[order.coin].mark_price):
                _fire(exchange, order, now_ms)
        else:
            _execute(exchange, order, now_ms)
    except OrderError as error:
        if error.status:
            finish(exchange, order, error.status, now_ms)
        raise
    return order


def make_order(exchange: Exchange, address: str, request: Request, now_ms: int) -> Order:
    """A new order with the next id, not yet among the open orders."""
    exchange.next_oid += 1
    return Order(
        oid=exchange.next_oid,
        account=address,
        coin=request.coin.name,
        is_buy=request.is_buy,
        price=request.price,
        size=request.size,
        original_size=request.size,
        tif=request.tif,
        reduce_only=request.reduce_only,
        time_ms=now_ms,
        cloid=request.cloid,
        trigger_price=request.trigger_price,
        trigger_is_market=request.trigger_is_market,
        trigger_kind=request.trigger_kind,
        builder=request.builder,
        builder_units=request.builder_units,
        status_ms=now_ms,
        size_limit=request.size_limit,
    )


def _check(exchange: Exchange, order: Order, parent: Order | None) -> None:
    if order.size == 0:
        raise OrderError(errors.ZERO_SIZE)
    if not order.reduce_only and order.size * order.price < MIN_NOTIONAL_USD:
        raise OrderError(errors.MIN_NOTIONAL, OrderStatus.MIN_TRADE_NTL_REJECTED)
    if order.reduce_only and parent is None and reducible_size(exchange, order) == 0:
        raise OrderError(errors.REDUCE_ONLY, OrderStatus.REDUCE_ONLY_REJECTED)
    if is_badly_stopped(order, exchange.market.coins[order.coin].mark_price):
        raise OrderError(errors.BAD_TRIGGER, OrderStatus.BAD_TRIGGER_PX_REJECTED)
    _check_count(exchange, order)
    _check_deviations(exchange, order)


def _check_deviations(exchange: Exchange, order: Order) -> None:
    """What a test has arranged: a time after an upgrade in which only post-only orders rest, or refusals."""
    deviations = exchange.deviations
    if order.tif != "Alo" and exchange.market.time_ms < deviations.post_only_until_ms:
        deviations.counts["post_only"] += 1
        raise OrderError(errors.POST_ONLY_TIME, OrderStatus.REJECTED)
    text = deviations.refusal_of(order.account, is_trigger=order.is_trigger, reduces=order.reduce_only)
    if text is not None:
        raise OrderError(text, OrderStatus.REJECTED)


def _check_count(exchange: Exchange, order: Order) -> None:
    count = len(exchange.orders_by_account[order.account])
    if count < MAX_OPEN:
        return
    volume = exchange.owner(order.account).volume_usd
    most = min(MAX_OPEN_EVER, MAX_OPEN + int(volume // USD_PER_FURTHER_ORDER))
    if count >= most or order.reduce_only or order.is_trigger:
        raise OrderError(errors.TOO_MANY_OPEN)


def is_reached(order: Order | Request, mark: Decimal) -> bool:
    """Whether a trigger's price is reached by the mark."""
    if order.trigger_price is None:
        return False
    return mark >= order.trigger_price if order.fires_above else mark <= order.trigger_price


def is_badly_stopped(order: Order | Request, mark: Decimal) -> bool:
    """Whether a stop can't be placed: its price is already reached, or its market order's limit lies before it.

    A take profit may be reached: it fires at once.
    """
    if order.trigger_price is None or order.trigger_kind != "sl":
        return False
    is_short = order.price < order.trigger_price if order.is_buy else order.price > order.trigger_price
    return is_reached(order, mark) or (order.trigger_is_market and is_short)


def _rest(exchange: Exchange, order: Order, parent: Order | None = None) -> None:
    if parent is not None:
        order.parent = parent.oid
        order.waits = parent.is_open
        parent.children.append(order.oid)
        exchange.changes.orders[parent.oid] = parent
    exchange.add_open_order(order)
    exchange.record_status(order, OrderStatus.OPEN)
    if order.reduce_only and not order.is_trigger:
        cap_resting_reduce_only(exchange, order, order.time_ms)


def _execute(exchange: Exchange, order: Order, now_ms: int) -> None:
    """Matches an order according to its time in force."""
    best = exchange.books.best(order.coin, not order.is_buy)
    crosses = best is not None and reaches(order, best)
    if order.tif == "Alo" and crosses:
        bid, ask = (number_text(exchange.books.best(order.coin, side) or Decimal(0)) for side in (True, False))
        raise OrderError(errors.post_only(bid, ask), OrderStatus.BAD_ALO_PX_REJECTED)
    cap_reduce_only(exchange, order)
    check_open_interest(exchange, order, crosses=crosses)
    check_order(exchange, order)
    if crosses:
        take(exchange, order, now_ms)
    if order.tif in IMMEDIATE:
        _end_immediate(exchange, order, now_ms)
    elif order.size == 0:
        finish(exchange, order, OrderStatus.FILLED, now_ms)
    else:
        _rest(exchange, order)


def _end_immediate(exchange: Exchange, order: Order, now_ms: int) -> None:
    """Ends an order that never rests as filled or canceled. Raises OrderError when nothing was filled."""
    if order.filled == 0:
        is_market = order.is_triggered and order.trigger_is_market
        status = OrderStatus.MARKET_ORDER_NO_LIQUIDITY_REJECTED if is_market else OrderStatus.IOC_CANCEL_REJECTED
        raise OrderError(errors.NO_LIQUIDITY if is_market else errors.NO_MATCH, status)
    finish(exchange, order, OrderStatus.FILLED if order.size == 0 else OrderStatus.CANCELED, now_ms)


def fire_triggers(exchange: Exchange, now_ms: int) -> None:
    """Executes every live trigger that the mark has reached, oldest first; the order keeps its id."""
    marks = exchange.marks()
    reached = [
        order
        for order in exchange.orders.values()
        if order.is_trigger and not order.waits and is_reached(order, marks[order.coin])
    ]
    for order in reached:
        if order.is_open and not order.waits:
            _fire(exchange, order, now_ms)


def _fire(exchange: Exchange, order: Order, now_ms: int) -> None:
    """Executes a trigger as the order that it stands for; a refusal ends it."""
    exchange.remove_open_order(order)
    order.is_triggered = True
    order.tif = "Ioc" if order.trigger_is_market else "Gtc"
    exchange.record_status(order, OrderStatus.TRIGGERED)
    try:
        _execute(exchange, order, now_ms)
    except OrderError as error:
        finish(exchange, order, error.status or OrderStatus.REJECTED, now_ms)
