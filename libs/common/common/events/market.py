"""Market events: ticks as they come, and one frozen snapshot of all coins per decision cycle."""

from typing import ClassVar

from pydantic import Field, ValidationInfo, field_validator

from common.events.envelope import Amount, Fact, Payload
from common.trading.instruments import Symbol


class MarketTick(Payload):
    """One observation of a market, at most ten a second and coin.

    `mark_received_ms` and `book_received_ms` are wall times: staleness is judged by them, not by exchange time.
    """

    TYPE: ClassVar[str] = "market.tick"

    symbol: Symbol
    mid_price: Amount
    mark_price: Amount
    oracle_price: Amount
    best_bid_price: Amount | None
    best_ask_price: Amount | None
    prev_day_price: Amount
    day_volume_usd: Amount
    funding_rate_hourly: Amount
    open_interest_coin: Amount
    mark_received_ms: int
    book_received_ms: int


class CandleSeries(Fact):
    """Candles and indicators of one interval, oldest first, arrays of equal length unless stated otherwise.

    Prices are floats in USD, volumes in coin; `is_last_closed` is true once the last candle has ended. Indicators are
    TA-Lib's over all candles that the ingester keeps, 700, the last one included. Their arrays hold the latest values,
    may be shorter than `closes` or empty, and align with its end; a strength index begins with the first move.
    """

    interval: str
    open_times_ms: tuple[int, ...]
    opens: tuple[float, ...]
    highs: tuple[float, ...]
    lows: tuple[float, ...]
    closes: tuple[float, ...]
    volumes: tuple[float, ...]
    is_last_closed: bool
    ema20: tuple[float, ...]
    ema50: tuple[float, ...]
    macd: tuple[float, ...]
    rsi7: tuple[float, ...]
    rsi14: tuple[float, ...]
    atr3: float | None
    atr14: float | None
    volume_average: float | None


class BookSummary(Fact):
    """The order book at the snapshot, over its first 20 levels a side; imbalance is (bid − ask) / (bid + ask) depth."""

    time_ms: int
    best_bid_price: Amount
    best_ask_price: Amount
    spread_bps: float
    bid_depth_usd: float
    ask_depth_usd: float
    imbalance: float


class TradeFlow(Fact):
    """Aggressive buying and selling seen on the trade stream over the last `window_s` seconds."""

    window_s: int
    buy_usd: float
    sell_usd: float
    trade_count: int


class CoinSnapshot(Fact):
    """Everything about one coin at the cycle's boundary; `book` is None when none fresh was seen.

    The open interest's changes are percent of what it was an hour and a day of market time before; None while that
    isn't known, and in a body of version 1.
    """

    symbol: Symbol
    mid_price: Amount
    mark_price: Amount
    oracle_price: Amount
    prev_day_price: Amount
    day_volume_usd: Amount
    funding_rate_hourly: Amount
    premium: float | None
    open_interest_coin: Amount
    open_interest_average_coin: float | None
    open_interest_change_1h_percent: float | None = None
    open_interest_change_24h_percent: float | None = None
    max_leverage: int
    book: BookSummary | None
    flow: TradeFlow
    series: dict[str, CandleSeries]


def _label_of(fear_greed: int) -> str:
    bounds = ((25, "Extreme Fear"), (45, "Fear"), (56, "Neutral"), (76, "Greed"))
    return next((label for bound, label in bounds if fear_greed < bound), "Extreme Greed")


class Sentiment(Fact):
    """The Fear & Greed index, 0 to 100, with its own time.

    `classification` is the arena's own label of the number, whatever a body has there: a source's text never enters.
    """

    fear_greed: int = Field(ge=0, le=100)
    classification: str = Field(default="", validate_default=True)
    time_ms: int

    @field_validator("classification", mode="before")
    @classmethod
    def _own_label(cls, _: object, info: ValidationInfo) -> str:
        return _label_of(info.data.get("fear_greed", 0))


class MarketSnapshot(Payload):
    """One frozen view of all markets; every contender decides on the same one. Partial until history is complete."""

    TYPE: ClassVar[str] = "market.snapshot"
    VERSION: ClassVar[int] = 2
    READS: ClassVar[tuple[int, ...]] = (1,)

    run_id: str
    cycle_number: int
    boundary_ms: int
    interval_s: int
    missed_cycles: int
    partial: bool
    coins: dict[Symbol, CoinSnapshot]
    sentiment: Sentiment | None
