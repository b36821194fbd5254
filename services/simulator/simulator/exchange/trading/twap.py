"""TWAP orders: slices every 30 seconds, each an immediate order at most 3 % from the mid. Source: Hyperliquid docs."""

import random
from decimal import Decimal

from simulator.exchange import errors
from simulator.exchange.errors import OrderError
from simulator.exchange.state.exchange import Exchange
from simulator.exchange.state.orders import Request, Twap
from simulator.exchange.trading.order_close import reducible_size
from simulator.exchange.trading.order_entry import MIN_NOTIONAL_USD, place
from simulator.market.coins import COINS, Coin

SLICE_MS = 30_000
SLIPPAGE = 0.03
CATCH_UP = 3
MINUTES = range(5, 1441)


def start(
    exchange: Exchange,
    address: str,
    coin: Coin,
    *,
    is_buy: bool,
    size: Decimal,
    reduce_only: bool,
    minutes: int,
    randomize: bool,
    now_ms: int,
) -> Twap:
    """Starts a TWAP of `size` coin over `minutes`. Raises OrderError."""
    if minutes not in MINUTES:
        raise OrderError("Invalid TWAP duration: must be between 5 minutes and 24 hours")
    if size <= 0 or not coin.accepts_size(size):
        raise OrderError(errors.BAD_SIZE)
    mark = exchange.market.coins[coin.name].mark_price
    if size * mark / slices_of(minutes) < MIN_NOTIONAL_USD:
        raise OrderError("TWAP suborders must have minimum value of $10.")
    exchange.next_twap += 1
    twap = Twap(
        id=exchange.next_twap,
        account=address,
        coin=coin.name,
        is_buy=is_buy,
        size=size,
        reduce_only=reduce_only,
        minutes=minutes,
        randomize=randomize,
        started_ms=now_ms,
        next_ms=now_ms,
    )
    exchange.twaps[twap.id] = twap
    exchange.record_twap_status(twap, now_ms)
    return twap


def slices_of(minutes: int) -> int:
    return minutes * 60_000 // SLICE_MS


def stop(exchange: Exchange, address: str, twap_id: int, coin: Coin, now_ms: int) -> None:
    """Terminates a running TWAP of the account. Raises OrderError when it has none of that id and coin."""
    twap = exchange.twaps.get(twap_id)
    if twap is None or twap.account != address or twap.coin != coin.name:
        raise OrderError(errors.TWAP_GONE)
    _end(exchange, twap, "terminated", now_ms)


def run_twaps(exchange: Exchange, now_ms: int) -> None:
    """Sends the slices that are due."""
    for twap in list(exchange.twaps.values()):
        if now_ms >= twap.next_ms:
            _slice(exchange, twap, now_ms)


def _slice(exchange: Exchange, twap: Twap, now_ms: int) -> None:
    """Sends one slice: the share due plus what earlier slices have missed, at most CATCH_UP shares."""
    total = slices_of(twap.minutes)
    done = (twap.next_ms - twap.started_ms) // SLICE_MS + 1
    step = COINS[twap.coin].lot
    share = twap.size / total
    due_size = min(twap.size * min(done, total) / total - twap.executed, share * CATCH_UP)
    if twap.randomize:
        due_size *= Decimal(repr(random.Random(f"{twap.id}:{done}").uniform(0.8, 1.2)))
    due_size = min(due_size.quantize(step), twap.size - twap.executed)
    if done >= total:
        due_size = min(twap.size - twap.executed, share * CATCH_UP).quantize(step)
    twap.next_ms += SLICE_MS
    exchange.changes.twaps[twap.id] = twap
    if due_size > 0:
        _send(exchange, twap, due_size, now_ms)
    if twap.executed >= twap.size or done >= total:
        _end(exchange, twap, "finished", now_ms)


def _send(exchange: Exchange, twap: Twap, size: Decimal, now_ms: int) -> None:
    coin = COINS[twap.coin]
    mid = float(exchange.books.mid(twap.coin) or exchange.market.coins[twap.coin].mark_price)
    price = Decimal(repr(coin.round_price(mid * (1 + SLIPPAGE if twap.is_buy else 1 - SLIPPAGE))))
    request = Request(coin=coin, is_buy=twap.is_buy, price=price, size=size, reduce_only=twap.reduce_only, tif="Ioc")
    try:
        order = place(exchange, twap.account, request, now_ms, twap_id=twap.id)
    except OrderError as error:
        if twap.reduce_only and str(error) == errors.REDUCE_ONLY:
            _end(exchange, twap, "finished", now_ms)
        return
    twap.executed += order.filled
    twap.executed_usd += order.filled_usd
    if twap.reduce_only and reducible_size(exchange, order) == 0:
        _end(exchange, twap, "finished", now_ms)


def _end(exchange: Exchange, twap: Twap, status: str, now_ms: int) -> None:
    if exchange.twaps.pop(twap.id, None) is not None:
        twap.status = status
        exchange.record_twap_status(twap, now_ms)
