"""The newest state of one coin: mid price, context, best bid and ask, order book, tape."""

from dataclasses import dataclass, field
from decimal import Decimal

from common.events import MarketTick
from common.trading.instruments import Symbol
from ingester.market.open_interest import OpenInterestHistory
from ingester.market.quotes import NO_BOOK, NO_TOP, AssetContext, OrderBook, TopOfBook
from ingester.market.tape import Tape


@dataclass(slots=True)
class CoinState:
    """One coin. `…_received_ms` are wall times, `price_time_ms` is market time, a book's own time is the exchange's.

    The exchange sends the best bid and ask in two streams, `bbo` and `l2Book`; whichever is newer by the exchange's
    time counts. `reset_order` forgets those times, so that after a reconnection the first message counts as newest.
    """

    symbol: Symbol
    mid_price: Decimal | None = None
    context: AssetContext | None = None
    top: TopOfBook = NO_TOP
    book: OrderBook = NO_BOOK
    price_time_ms: int = 0
    mark_received_ms: int = 0
    book_received_ms: int = 0
    tape: Tape = field(default_factory=Tape)
    open_interest: OpenInterestHistory = field(default_factory=OpenInterestHistory)
    _newest_top_ms: int = 0
    _newest_book_ms: int = 0

    def update_mid(self, mid_price: Decimal, market_ms: int) -> None:
        self.mid_price, self.price_time_ms = mid_price, market_ms

    def update_context(self, context: AssetContext, received_ms: int, market_ms: int) -> None:
        """Replaces the context, and adds its open interest to those of the last day."""
        self.context, self.mark_received_ms = context, received_ms
        if self.mid_price is None:
            self.mid_price = context.mid_price
        self.open_interest.add(float(context.open_interest_coin), market_ms)

    def update_top(self, top: TopOfBook, received_ms: int) -> bool:
        """Replaces best bid and ask unless newer ones are known; returns whether it did."""
        if top.time_ms < self._newest_top_ms:
            return False
        self.top, self._newest_top_ms, self.book_received_ms = top, top.time_ms, received_ms
        return True

    def update_book(self, book: OrderBook, received_ms: int) -> bool:
        """Replaces the order book unless a newer one is known; returns whether it did."""
        if book.time_ms < self._newest_book_ms:
            return False
        self.book, self._newest_book_ms, self.book_received_ms = book, book.time_ms, received_ms
        if book.time_ms >= self._newest_top_ms:
            self.top, self._newest_top_ms = book.top, book.time_ms
        return True

    def reset_order(self) -> None:
        """Begins a new connection: its first book and best prices are accepted whatever their time."""
        self._newest_book_ms = self._newest_top_ms = 0

    @property
    def is_known(self) -> bool:
        """Whether price, context and book have been received."""
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
            best_bid_price=self.top.bid_price,
            best_ask_price=self.top.ask_price,
            prev_day_price=context.prev_day_price,
            day_volume_usd=context.day_volume_usd,
            funding_rate_hourly=context.funding_rate_hourly,
            open_interest_coin=context.open_interest_coin,
            mark_received_ms=self.mark_received_ms,
            book_received_ms=self.book_received_ms,
        )
