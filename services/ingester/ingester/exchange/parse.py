"""Wire structs into the market's own terms; everything that the exchange may get wrong is refused here.

All functions raise UnreadableFrame: for a number that is not finite, has too many digits or the wrong sign, and for
content that contradicts itself.
"""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from common.trading.instruments import Symbol
from common.trading.orders import OrderSide
from ingester.exchange.wire import AssetCtx, Bbo, L2Book, Meta, UnreadableFrame, WireCandle, WireTrade
from ingester.market.candles import Candle
from ingester.market.quotes import KEPT_LEVELS, AssetContext, BookLevel, OrderBook, TopOfBook
from ingester.market.tape import MarketTrade

MAX_DIGITS = 24
LEAST, LIMIT = Decimal(1).scaleb(-MAX_DIGITS), Decimal(1).scaleb(MAX_DIGITS + 1)
SIDES = {"B": OrderSide.BUY, "A": OrderSide.SELL}
"""The aggressor's side, by the wire's letter."""


def parse_number(text: str) -> Decimal:
    """A finite number of at most MAX_DIGITS digits before or after the point."""
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise UnreadableFrame(f"not a number: {text[:40]!r}") from error
    # A number like 1e999999999 is finite, but writing it out would fill the memory.
    if not value.is_finite() or abs(value.adjusted()) > MAX_DIGITS:
        raise UnreadableFrame(f"not a usable number: {text[:40]!r}")
    return value


def parse_amount(text: str) -> Decimal:
    """A number that can't be negative."""
    value = _parse_positive(text)
    if value is not None:
        return value
    value = parse_number(text)
    if value < 0:
        raise UnreadableFrame(f"negative amount: {text[:40]!r}")
    return value


def parse_price(text: str) -> Decimal:
    """A number that must be positive."""
    value = _parse_positive(text)
    if value is not None:
        return value
    parse_number(text)
    raise UnreadableFrame(f"not a price: {text[:40]!r}")


def _parse_positive(text: str) -> Decimal | None:
    """The number if it is positive and usable, as nearly every one is: nothing else is asked of it."""
    try:
        value = Decimal(text)
        return value if LEAST <= value < LIMIT else None
    except InvalidOperation:
        return None


def parse_context(wire: AssetCtx) -> AssetContext:
    return AssetContext(
        mark_price=parse_price(wire.markPx),
        oracle_price=parse_price(wire.oraclePx),
        mid_price=None if wire.midPx is None else parse_price(wire.midPx),
        prev_day_price=parse_amount(wire.prevDayPx),
        day_volume_usd=parse_amount(wire.dayNtlVlm),
        funding_rate_hourly=parse_number(wire.funding),
        open_interest_coin=parse_amount(wire.openInterest),
        premium=None if wire.premium is None else float(parse_number(wire.premium)),
    )


def parse_top(wire: Bbo) -> TopOfBook:
    bid, ask = (None if level is None else parse_price(level.px) for level in wire.bbo)
    return TopOfBook(wire.time, bid, ask)


def parse_book(wire: L2Book) -> OrderBook:
    """The best KEPT_LEVELS a side; a bid that is not below the ask is refused."""
    bids, asks = (
        tuple(BookLevel(parse_price(level.px), parse_amount(level.sz)) for level in side[:KEPT_LEVELS])
        for side in wire.levels
    )
    if bids and asks and bids[0].price >= asks[0].price:
        raise UnreadableFrame(f"l2Book: bid {bids[0].price} not below ask {asks[0].price}")
    return OrderBook(wire.time, bids, asks)


def parse_trade(wire: WireTrade) -> MarketTrade:
    side = SIDES.get(wire.side)
    if side is None:
        raise UnreadableFrame(f"trades: not a side: {wire.side[:10]!r}")
    return MarketTrade(wire.tid, wire.time, side, parse_price(wire.px), parse_amount(wire.sz))


def parse_candle(wire: WireCandle) -> Candle:
    """The candle; one whose range does not contain its open and close is refused."""
    open_, high, low, close = parse_price(wire.o), parse_price(wire.h), parse_price(wire.l), parse_price(wire.c)
    if not (low <= open_ <= high and low <= close <= high):
        raise UnreadableFrame(f"candle: high and low don't contain open and close: {wire}")
    return Candle(wire.t, open_, high, low, close, parse_amount(wire.v), wire.n)


def parse_max_leverages(meta: Meta, coins: Sequence[Symbol]) -> dict[Symbol, int]:
    """Each coin's maximum leverage; a coin of the roster that isn't listed is refused."""
    listed = {asset.name: asset.maxLeverage for asset in meta.universe if not asset.isDelisted}
    missing = [symbol.value for symbol in coins if symbol.value not in listed]
    if missing:
        raise UnreadableFrame(f"the exchange does not list {', '.join(missing)}")
    return {symbol: listed[symbol.value] for symbol in coins}
