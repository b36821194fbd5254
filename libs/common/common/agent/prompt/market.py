"""What the market shows at the moment of asking: prices, funding, open interest, book, flow, sentiment. Pure."""

from collections.abc import Iterable
from typing import Final

from common.agent.prompt.figures import UNKNOWN, figure
from common.events import CoinSnapshot, MarketSnapshot
from common.trading.durations import HOUR_MS

MAX_SENTIMENT_AGE_HOURS: Final = 36
THOUSAND: Final = 1_000
COLUMNS: Final = (
    "coin mid mark chg24h% funding%h premium% oi_1h% oi_24h% spread_bps book bid_kusd ask_kusd buy_kusd sell_kusd"
)


def market_table(coins: Iterable[CoinSnapshot]) -> str:
    """One line a coin."""
    return "\n".join(["# MARKET", COLUMNS, *(_row(coin) for coin in coins)])


def _row(coin: CoinSnapshot) -> str:
    change = float(coin.mid_price / coin.prev_day_price - 1) * 100 if coin.prev_day_price else None
    premium = None if coin.premium is None else coin.premium * 100
    return " ".join(
        [
            coin.symbol,
            figure(coin.mid_price, 7),
            figure(coin.mark_price, 7),
            _signed(change),
            figure(coin.funding_rate_hourly * 100, 3),
            figure(premium, 2),
            _signed(coin.open_interest_change_1h_percent),
            _signed(coin.open_interest_change_24h_percent),
            *_book(coin),
            figure(coin.flow.buy_usd / THOUSAND, 3),
            figure(coin.flow.sell_usd / THOUSAND, 3),
        ]
    )


def _book(coin: CoinSnapshot) -> tuple[str, ...]:
    book = coin.book
    if book is None:
        return (UNKNOWN,) * 4
    depths = (figure(depth / THOUSAND, 3) for depth in (book.bid_depth_usd, book.ask_depth_usd))
    return (figure(book.spread_bps, 2), figure(book.imbalance, 2), *depths)


def _signed(percent: float | None) -> str:
    return UNKNOWN if percent is None else f"{percent:+.2f}"


def sentiment_line(snapshot: MarketSnapshot) -> str:
    """The Fear & Greed index: the number alone, since text from outside never enters a prompt."""
    sentiment = snapshot.sentiment
    hours = 0 if sentiment is None else (snapshot.boundary_ms - sentiment.time_ms) // HOUR_MS
    if sentiment is None or hours > MAX_SENTIMENT_AGE_HOURS:
        return f"# SENTIMENT\nfear_greed={UNKNOWN}"
    return f"# SENTIMENT\nfear_greed={sentiment.fear_greed} age_hours={hours}"
