"""What is known about one coin now: prices, context, order book, tape. Fed by typed wire content; no I/O."""

from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal

from common.events import BookSummary, MarketTick
from common.trading.instruments import Symbol
from ingester.tape import Tape
from ingester.wire import AssetCtx, Bbo, L2Book, UnreadableFrame, amount, price, signed

KEPT_LEVELS = 20
OPEN_INTEREST_SAMPLES = 240
SAMPLE_EVERY_MS = 60_000


@dataclass(frozen=True, slots=True)
class Context:
    """What the exchange says about a coin's perpetual, in our terms."""

    mark_price: Decimal
    oracle_price: Decimal
    prev_day_price: Decimal
    day_volume_usd: Decimal
    funding_rate_hourly: Decimal
    open_interest_coin: Decimal
    premium: float | None


def context_of(wire: AssetCtx) -> Context:
    """A wire context in our terms. Raises UnreadableFrame."""
    return Context(
        mark_price=price(wire.markPx),
        oracle_price=price(wire.oraclePx),
        prev_day_price=amount(wire.prevDayPx),
        day_volume_usd=amount(wire.dayNtlVlm),
        funding_rate_hourly=signed(wire.funding),
        open_interest_coin=amount(wire.openInterest),
        premium=None if wire.premium is None else float(signed(wire.premium)),
    )


Level = tuple[str, str]
"""Price and size of a book level, as the exchange wrote them."""


@dataclass(slots=True)
class CoinState:
    """One coin. `…_received_ms` are wall times, `price_time_ms` market time, `book_time_ms` the exchange's own."""

    symbol: Symbol
    mid_price: Decimal | None = None
    context: Context | None = None
    best_bid: Decimal | None = None
    best_ask: Decimal | None = None
    bids: list[Level] = field(default_factory=list)
    asks: list[Level] = field(default_factory=list)
    price_time_ms: int = 0
    book_time_ms: int = 0
    mark_received_ms: int = 0
    book_received_ms: int = 0
    tape: Tape = field(default_factory=Tape)
    _top_time_ms: int = 0
    _open_interest: deque[float] = field(default_factory=lambda: deque(maxlen=OPEN_INTEREST_SAMPLES))
    _sampled_ms: int = 0

    def take_mid(self, mid: Decimal, market_ms: int) -> None:
        self.mid_price, self.price_time_ms = mid, market_ms

    def take_context(self, wire: AssetCtx, received_ms: int) -> None:
        """Raises UnreadableFrame, with nothing taken."""
        context = context_of(wire)
        mid = None if wire.midPx is None else price(wire.midPx)
        self.context, self.mark_received_ms = context, received_ms
        if self.mid_price is None:
            self.mid_price = mid
        if received_ms - self._sampled_ms >= SAMPLE_EVERY_MS:
            self._sampled_ms = received_ms
            self._open_interest.append(float(context.open_interest_coin))

    def take_bbo(self, bbo: Bbo, received_ms: int) -> bool:
        """Whether it was news; one older than what is known is left. Raises UnreadableFrame."""
        if bbo.time < self._top_time_ms:
            return False
        bid, ask = (None if level is None else price(level.px) for level in bbo.bbo)
        self.best_bid, self.best_ask = bid, ask
        self._top_time_ms, self.book_received_ms = bbo.time, received_ms
        return True

    def take_book(self, book: L2Book, received_ms: int) -> bool:
        """Whether it was news; one older than what is known is left. Raises UnreadableFrame."""
        if book.time < self.book_time_ms:
            return False
        sides = [[(level.px, level.sz) for level in side[:KEPT_LEVELS]] for side in book.levels]
        bid, ask = (price(side[0][0]) if side else None for side in sides)
        for side in sides:
            for level_price, level_size in side:
                price(level_price), amount(level_size)
        if bid is not None and ask is not None and bid >= ask:
            raise UnreadableFrame(f"l2Book: bid {bid} not below ask {ask}")
        self.bids, self.asks = sides
        self.book_time_ms, self.book_received_ms = book.time, received_ms
        if book.time >= self._top_time_ms:
            self.best_bid, self.best_ask, self._top_time_ms = bid, ask, book.time
        return True

    def forget_order(self) -> None:
        """After a new connection whatever comes first is the newest."""
        self.book_time_ms = self._top_time_ms = 0

    @property
    def is_known(self) -> bool:
        """Whether price, context and book have been seen."""
        return self.context is not None and self.mid_price is not None and self.book_received_ms > 0

    def tick(self) -> MarketTick | None:
        """The coin as a tick, or None before price, context and book are known."""
        context = self.context
        if context is None or self.mid_price is None or not self.book_received_ms:
            return None
        return MarketTick(
            symbol=self.symbol,
            mid_price=self.mid_price,
            mark_price=context.mark_price,
            oracle_price=context.oracle_price,
            best_bid_price=self.best_bid,
            best_ask_price=self.best_ask,
            prev_day_price=context.prev_day_price,
            day_volume_usd=context.day_volume_usd,
            funding_rate_hourly=context.funding_rate_hourly,
            open_interest_coin=context.open_interest_coin,
            mark_received_ms=self.mark_received_ms,
            book_received_ms=self.book_received_ms,
        )

    @property
    def open_interest_average_coin(self) -> float | None:
        """Mean of one sample a minute over the last four hours in which we listened."""
        samples = self._open_interest
        return float(f"{sum(samples) / len(samples):.8g}") if samples else None

    def book_summary(self) -> BookSummary | None:
        """Spread, depth and imbalance of the book, or None while a side is empty."""
        if not self.bids or not self.asks:
            return None
        bid_usd, ask_usd = (
            sum(float(level_price) * float(size) for level_price, size in side) for side in (self.bids, self.asks)
        )
        bid, ask = Decimal(self.bids[0][0]), Decimal(self.asks[0][0])
        total = bid_usd + ask_usd
        return BookSummary(
            time_ms=self.book_time_ms,
            best_bid_price=bid,
            best_ask_price=ask,
            spread_bps=round(float((ask - bid) / ((ask + bid) / 2)) * 10_000, 3),
            bid_depth_usd=round(bid_usd, 2),
            ask_depth_usd=round(ask_usd, 2),
            imbalance=round((bid_usd - ask_usd) / total, 4) if total else 0.0,
        )
