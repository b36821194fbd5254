"""What is known about each coin now: prices, context, book, tape. Fed by typed wire content; no I/O."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from common.events import BookSummary, MarketTick, TradeFlow
from common.trading.symbols import Symbol
from ingester.wire import AssetCtx, Bbo, L2Book, WireTrade

FLOW_WINDOW_S = 300
KEPT_LEVELS = 20


@dataclass(slots=True)
class CoinState:
    """One coin. Received times are wall ms, others exchange ms; prices in USD."""

    symbol: Symbol
    mid_price: Decimal | None = None
    context: AssetCtx | None = None
    best_bid: Decimal | None = None
    best_ask: Decimal | None = None
    bids: list[tuple[str, str]] = field(default_factory=list)
    asks: list[tuple[str, str]] = field(default_factory=list)
    book_time_ms: int = 0
    mark_received_ms: int = 0
    book_received_ms: int = 0
    tape: deque[tuple[int, float]] = field(default_factory=deque)
    open_interest: deque[float] = field(default_factory=lambda: deque(maxlen=100))

    def take_context(self, context: AssetCtx, received_ms: int) -> None:
        self.context, self.mark_received_ms = context, received_ms
        if context.midPx is not None and self.mid_price is None:
            self.mid_price = Decimal(context.midPx)

    def take_bbo(self, bbo: Bbo, received_ms: int) -> None:
        bid, ask = bbo.bbo
        self.best_bid = None if bid is None else Decimal(bid.px)
        self.best_ask = None if ask is None else Decimal(ask.px)
        self.book_received_ms = received_ms

    def take_book(self, book: L2Book, received_ms: int) -> None:
        bids, asks = book.levels
        self.bids = [(level.px, level.sz) for level in bids[:KEPT_LEVELS]]
        self.asks = [(level.px, level.sz) for level in asks[:KEPT_LEVELS]]
        self.book_time_ms, self.book_received_ms = book.time, received_ms
        self.best_bid = Decimal(bids[0].px) if bids else None
        self.best_ask = Decimal(asks[0].px) if asks else None

    def take_trades(self, trades: Iterable[WireTrade]) -> None:
        """Aggressive buying counts positive, selling negative, in USD."""
        for trade in trades:
            usd = float(trade.px) * float(trade.sz)
            self.tape.append((trade.time, usd if trade.side == "B" else -usd))

    def tick(self) -> MarketTick | None:
        """The coin as a tick, or None before price, context and book are known."""
        context = self.context
        if context is None or self.mid_price is None or not self.book_received_ms:
            return None
        return MarketTick(
            symbol=self.symbol,
            mid_price=self.mid_price,
            mark_price=Decimal(context.markPx),
            oracle_price=Decimal(context.oraclePx),
            best_bid_price=self.best_bid,
            best_ask_price=self.best_ask,
            prev_day_price=Decimal(context.prevDayPx),
            day_volume_usd=Decimal(context.dayNtlVlm),
            funding_rate_hourly=Decimal(context.funding),
            open_interest_coin=Decimal(context.openInterest),
            mark_received_ms=self.mark_received_ms,
            book_received_ms=self.book_received_ms,
        )

    def flow(self, market_ms: int) -> TradeFlow:
        """Aggressive trading of the last minutes; forgets what is older."""
        while self.tape and self.tape[0][0] < market_ms - FLOW_WINDOW_S * 1000:
            self.tape.popleft()
        buys = sum(usd for _, usd in self.tape if usd > 0)
        sells = -sum(usd for _, usd in self.tape if usd < 0)
        return TradeFlow(
            window_s=FLOW_WINDOW_S, buy_usd=round(buys, 2), sell_usd=round(sells, 2), trade_count=len(self.tape)
        )

    def book_summary(self) -> BookSummary | None:
        """Spread, depth and imbalance of the book, or None before one was seen."""
        if not self.bids or not self.asks:
            return None
        bid_usd = sum(float(price) * float(size) for price, size in self.bids)
        ask_usd = sum(float(price) * float(size) for price, size in self.asks)
        bid, ask = Decimal(self.bids[0][0]), Decimal(self.asks[0][0])
        return BookSummary(
            time_ms=self.book_time_ms,
            best_bid_price=bid,
            best_ask_price=ask,
            spread_bps=round(float((ask - bid) / ((ask + bid) / 2)) * 10_000, 3),
            bid_depth_usd=round(bid_usd, 2),
            ask_depth_usd=round(ask_usd, 2),
            imbalance=round((bid_usd - ask_usd) / (bid_usd + ask_usd), 4),
        )
