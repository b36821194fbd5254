"""Prices of one coin at one moment: the perpetual's context, the best bid and ask, the order book."""

from dataclasses import dataclass
from decimal import Decimal
from operator import mul
from typing import NamedTuple

from common.events import BookSummary

KEPT_LEVELS = 20


@dataclass(frozen=True, slots=True)
class AssetContext:
    """What the exchange publishes about a coin's perpetual. `mid_price` is None while a side of its book is empty."""

    mark_price: Decimal
    oracle_price: Decimal
    mid_price: Decimal | None
    prev_day_price: Decimal
    day_volume_usd: Decimal
    funding_rate_hourly: Decimal
    open_interest_coin: Decimal
    premium: float | None


@dataclass(frozen=True, slots=True)
class TopOfBook:
    """Best bid and best ask; None for an empty side. `time_ms` is the exchange's."""

    time_ms: int
    bid_price: Decimal | None
    ask_price: Decimal | None


class BookLevel(NamedTuple):
    """One price of an order book with the total size that rests there."""

    price: Decimal
    size: Decimal


@dataclass(frozen=True, slots=True)
class OrderBook:
    """At most KEPT_LEVELS a side: bids descending, asks ascending. `time_ms` is the exchange's."""

    time_ms: int
    bids: tuple[BookLevel, ...]
    asks: tuple[BookLevel, ...]

    @property
    def top(self) -> TopOfBook:
        bid, ask = (side[0].price if side else None for side in (self.bids, self.asks))
        return TopOfBook(self.time_ms, bid, ask)

    def summarize(self) -> BookSummary | None:
        """Spread, depth and imbalance, or None while a side is empty."""
        if not self.bids or not self.asks:
            return None
        bid_usd, ask_usd = (
            sum(map(mul, map(float, prices), map(float, sizes)))
            for prices, sizes in (zip(*side, strict=True) for side in (self.bids, self.asks))
        )
        bid, ask = self.bids[0].price, self.asks[0].price
        total_usd = bid_usd + ask_usd
        return BookSummary.unchecked(
            time_ms=self.time_ms,
            best_bid_price=bid,
            best_ask_price=ask,
            spread_bps=round(float((ask - bid) / ((ask + bid) / 2)) * 10_000, 3),
            bid_depth_usd=round(bid_usd, 2),
            ask_depth_usd=round(ask_usd, 2),
            imbalance=round((bid_usd - ask_usd) / total_usd, 4) if total_usd else 0.0,
        )


NO_TOP = TopOfBook(0, None, None)
NO_BOOK = OrderBook(0, (), ())
"""Before the first book of a coin."""
