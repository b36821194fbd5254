"""Margin: what an order needs, what is available, leverage settings, and isolated margin transfers."""

from collections import defaultdict
from decimal import Decimal

from simulator.exchange import errors
from simulator.exchange.errors import ActionError, OrderError
from simulator.exchange.order_status import OrderStatus
from simulator.exchange.state import fees
from simulator.exchange.state.account import Account, Leverage, figures, is_within_tier, position_hold_usd
from simulator.exchange.state.exchange import Exchange
from simulator.exchange.state.orders import ZERO, Order
from simulator.market.coins import COINS, Coin


def resting_margin_usd(exchange: Exchange, account: Account, *, more: tuple[Order, Decimal] | None = None) -> Decimal:
    """Margin of the resting orders beyond what closes positions; `more` adds so much of one further order."""
    sums: dict[tuple[str, bool], list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    resting = [(order, order.size) for order in exchange.orders_by_account.get(account.address, {}).values()]
    for order, part in (*resting, *([] if more is None else [more])):
        if not order.reduce_only and not order.is_trigger:
            row = sums[order.coin, order.is_buy]
            row[0] += part
            row[1] += part * order.price
    total = ZERO
    for (coin, is_buy), (size, usd) in sums.items():
        position = account.position_size(coin)
        closing = abs(position) if position and (position > 0) != is_buy else ZERO
        if size > closing:
            total += usd * (size - closing) / size / account.leverage_of(COINS[coin]).value
    return total


def available_usd(exchange: Exchange, account: Account) -> Decimal:
    """Margin available to new orders: cross value minus the margin of positions and resting orders."""
    sums = figures(account, exchange.marks())
    return sums.cross_value - sums.cross_margin_used - resting_margin_usd(exchange, account)


def hold_usd(exchange: Exchange, account: Account) -> Decimal:
    """What positions and resting orders hold of a balance that perpetuals and spot have in common."""
    return position_hold_usd(account, exchange.marks()) + resting_margin_usd(exchange, account)


def quote(exchange: Exchange, order: Order) -> tuple[Decimal, Decimal]:
    """(size in coin, USD) that would match at once against the public book."""
    size, usd = ZERO, ZERO
    for level in exchange.books.view(order.coin, not order.is_buy):
        if size >= order.size or (level.price > order.price if order.is_buy else level.price < order.price):
            break
        part = min(order.size - size, level.size)
        size += part
        usd += part * level.price
    return size, usd


def check_order(exchange: Exchange, order: Order) -> None:
    """Initial margin, loss by slippage and fee of what an order adds. Raises OrderError."""
    account, coin = exchange.accounts[order.account], exchange.market.listing.coins[order.coin]
    position = account.position_size(order.coin)
    signed = order.size if order.is_buy else -order.size
    turns = position * signed < 0
    added = max(ZERO, order.size - abs(position)) if turns else order.size
    if order.reduce_only:
        return
    if added == 0:
        _check_closing(exchange, account, order)
        return
    mark = exchange.market.coins[order.coin].mark_price
    leverage = account.leverage_of(coin).value
    if not is_within_tier(coin, abs(position + signed) * mark, leverage):
        raise OrderError(errors.TIER, OrderStatus.PERP_MAX_POSITION_REJECTED)
    taken, taken_usd = quote(exchange, order)
    rest_usd = ZERO if order.tif in ("Ioc", "FrontendMarket") else (order.size - taken) * order.price
    loss = max(ZERO, (taken_usd - taken * mark) * (1 if order.is_buy else -1))
    taker, maker = exchange.rates(order.account, exchange.market.time_ms)
    builder = order.builder_units * fees.BUILDER_UNIT
    needed = (max(taken_usd, taken * mark) + rest_usd) * added / order.size / leverage
    needed += loss + taken_usd * (taker + builder) + rest_usd * max(ZERO, maker + builder)
    free = available_usd(exchange, account)
    if turns:
        held = account.positions[order.coin]
        released = abs(position) * mark / held.leverage if held.is_cross else max(ZERO, held.equity(mark))
        free += released * min(taken, abs(position)) / abs(position)
        if taken == 0 and rest_usd:
            needed = max(
                needed,
                resting_margin_usd(exchange, account, more=(order, order.size)) - resting_margin_usd(exchange, account),
            )
    if needed > free:
        raise OrderError(errors.MARGIN, OrderStatus.PERP_MARGIN_REJECTED)


def _check_closing(exchange: Exchange, account: Account, order: Order) -> None:
    """Checks an order that only closes: it needs margin where others rest for the position too. Raises OrderError."""
    if order.tif in ("Ioc", "FrontendMarket"):
        return
    rest = order.size - quote(exchange, order)[0]
    if rest <= 0 or not exchange.orders_by_account.get(account.address):
        return
    needed = resting_margin_usd(exchange, account, more=(order, rest)) - resting_margin_usd(exchange, account)
    if needed > max(ZERO, available_usd(exchange, account)):
        raise OrderError(errors.MARGIN, OrderStatus.PERP_MARGIN_REJECTED)


def can_match(exchange: Exchange, order: Order, size: Decimal) -> bool:
    """Whether a resting order still has the margin for `size` of it."""
    if order.reduce_only:
        return True
    account, coin = exchange.accounts[order.account], COINS[order.coin]
    position = account.position_size(order.coin)
    turns = position != 0 and (position > 0) != order.is_buy
    added = max(ZERO, size - abs(position)) if turns else size
    leverage = account.leverage_of(coin).value
    own = order.size * order.price / leverage
    return added == 0 or available_usd(exchange, account) + own >= added * order.price / leverage


def set_leverage(exchange: Exchange, address: str, coin: Coin, value: int, is_cross: bool) -> None:
    """Sets a coin's leverage: lowering it needs margin, and an open position fixes the type. Raises ActionError."""
    account = exchange.accounts[address]
    if not 1 <= value <= coin.max_leverage:
        raise ActionError(errors.LEVERAGE)
    position = account.positions.get(coin.name)
    if position is not None:
        if position.is_cross != is_cross:
            raise ActionError(errors.SWITCH)
        mark = exchange.market.coins[coin.name].mark_price
        notional = abs(position.size) * mark
        if not is_within_tier(coin, notional, value):
            raise ActionError(errors.LEVERAGE)
        missing = notional / value - (notional / position.leverage if position.is_cross else position.equity(mark))
        if value < position.leverage and missing > 0:
            if missing > available_usd(exchange, account):
                raise ActionError(errors.CROSS_LEVERAGE if position.is_cross else errors.ISOLATED_LEVERAGE)
            if not position.is_cross:
                account.raw_usd -= missing
                position.raw_usd += missing
        position.leverage = value
    account.leverages[coin.name] = Leverage(value, is_cross)
    exchange.changes.accounts.add(address)


def move_isolated(exchange: Exchange, address: str, coin: Coin, usd: Decimal) -> None:
    """Adds (or with a negative sum removes) margin of an isolated position."""
    account = exchange.accounts[address]
    position = account.positions.get(coin.name)
    if usd == 0:
        raise ActionError(errors.ZERO_MARGIN)
    if position is None:
        raise ActionError(errors.NO_POSITION)
    if position.is_cross:
        raise ActionError(errors.NOT_ISOLATED)
    mark = exchange.market.coins[coin.name].mark_price
    notional = abs(position.size) * mark
    if usd > 0 and usd > available_usd(exchange, account):
        raise ActionError(errors.MARGIN_INCREASE)
    if usd < 0 and position.equity(mark) + usd < max(notional / position.leverage, notional / 10):
        raise ActionError(errors.MARGIN_DECREASE)
    account.raw_usd -= usd
    position.raw_usd += usd
    exchange.changes.accounts.add(address)
