"""Candles of one coin in every interval, updated with each observation of the price."""

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

import numpy as np

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
KEPT = 5_000
"""The newest candles of an interval that a client can ask for, as on the real exchange."""

INTERVALS_MS = {
    "1m": MINUTE_MS,
    "3m": 3 * MINUTE_MS,
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "30m": 30 * MINUTE_MS,
    "1h": HOUR_MS,
    "2h": 2 * HOUR_MS,
    "4h": 4 * HOUR_MS,
    "8h": 8 * HOUR_MS,
    "12h": 12 * HOUR_MS,
    "1d": DAY_MS,
    "3d": 3 * DAY_MS,
    "1w": 7 * DAY_MS,
    "1M": 30 * DAY_MS,
}
STORED = ("1m", "5m", "15m", "1h", "4h", "1d")
"""The intervals kept; the others are aggregated from the longest of these that divides them."""
BASE = {
    name: max((each for each in STORED if length % INTERVALS_MS[each] == 0), key=lambda each: INTERVALS_MS[each])
    for name, length in INTERVALS_MS.items()
}
"""By interval, the one that it is read or aggregated from."""
STORED_ROWS = {
    name: KEPT * max(INTERVALS_MS[each] // INTERVALS_MS[name] for each, base in BASE.items() if base == name)
    for name in STORED
}
"""By stored interval, how many candles are kept: enough for KEPT of each interval that is aggregated from it."""


@dataclass(slots=True)
class Candle:
    """One candle; volume in coin, `count` trades."""

    open_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    count: int

    @classmethod
    def first(cls, open_ms: int, price: float, volume: float, count: int) -> "Candle":
        """A candle with one observation."""
        return cls(open_ms, price, price, price, price, volume, count)

    def add(self, price: float, volume: float, count: int) -> None:
        """Adds an observation."""
        self.high = max(self.high, price)
        self.low = min(self.low, price)
        self.close = price
        self.volume += volume
        self.count += count


class CandleBook:
    """All candles of one coin, oldest first; the last one of each interval is open.

    In a continuous one each candle opens at the last close, else at its first price. `amended` holds (interval, open
    time) of candles that were added or replaced after they had closed, until the store has saved them.
    """

    def __init__(self) -> None:
        self.series: dict[str, list[Candle]] = {name: [] for name in STORED}
        self.amended: set[tuple[str, int]] = set()
        self.is_continuous = True

    def add(self, time_ms: int, price: float, volume: float, count: int) -> None:
        """Adds an observation to every interval."""
        for name in STORED:
            open_ms = time_ms - time_ms % INTERVALS_MS[name]
            series = self.series[name]
            if series and series[-1].open_ms == open_ms:
                series[-1].add(price, volume, count)
            else:
                start = series[-1].close if series and self.is_continuous else price
                series.append(Candle(open_ms, start, max(start, price), min(start, price), price, volume, count))
                del series[: -STORED_ROWS[name] - 1]

    @property
    def newest_close(self) -> float | None:
        """The close of the newest candle of any interval."""
        ends = [series[-1] for series in self.series.values() if series]
        return max(ends, key=lambda candle: candle.open_ms).close if ends else None

    def read(self, interval: str, start_ms: int, end_ms: int) -> list[Candle]:
        """The candles that open within the inclusive range, among the newest KEPT."""
        series, length = self.series[BASE[interval]], INTERVALS_MS[interval]
        if not series:
            return []
        newest_ms = series[-1].open_ms // length * length
        start_ms = max(start_ms, newest_ms - KEPT * length + 1)
        first_ms = -(-start_ms // length) * length  # The first open time within the range.
        begin = bisect_left(series, first_ms, key=_open_ms)
        end = bisect_right(series, end_ms // length * length + length - 1, key=_open_ms)
        found = series[begin:end]
        return found if BASE[interval] == interval else join(found, length)

    def newest(self, interval: str) -> Candle:
        """The open candle. Raises IndexError when there is none."""
        series, length = self.series[BASE[interval]], INTERVALS_MS[interval]
        return self.read(interval, series[-1].open_ms // length * length, series[-1].open_ms)[-1]


def _open_ms(candle: Candle) -> int:
    return candle.open_ms


def join(candles: list[Candle], length_ms: int) -> list[Candle]:
    """Aggregates candles into longer ones."""
    out: list[Candle] = []
    for candle in candles:
        open_ms = candle.open_ms - candle.open_ms % length_ms
        if out and out[-1].open_ms == open_ms:
            whole = out[-1]
            whole.high, whole.low = max(whole.high, candle.high), min(whole.low, candle.low)
            whole.close = candle.close
            whole.volume += candle.volume
            whole.count += candle.count
        else:
            out.append(Candle(open_ms, candle.open, candle.high, candle.low, candle.close, candle.volume, candle.count))
    return out


def history(
    rng: np.random.Generator, now_ms: int, price: float, volatility: float, volume_per_minute: float
) -> CandleBook:
    """A synthetic history that ends at `price`: a week of minutes after 500 days of hours, equal in every interval."""
    minutes = 8 * 24 * 60
    end = now_ms - now_ms % MINUTE_MS
    start_day = (end - minutes * MINUTE_MS) // DAY_MS * DAY_MS
    minute_times = list(range(start_day, end, MINUTE_MS))
    hour_times = list(range(start_day - 504 * DAY_MS, start_day, HOUR_MS))
    recent, first_price = _walk_back(rng, minute_times, MINUTE_MS, price, volatility, volume_per_minute)
    older, _ = _walk_back(rng, hour_times, HOUR_MS, first_price, volatility, volume_per_minute * 60)
    book = CandleBook()
    hours = older + join(recent, HOUR_MS)
    for name in STORED:
        whole = join(recent if INTERVALS_MS[name] < HOUR_MS else hours, INTERVALS_MS[name])
        book.series[name] = whole[-STORED_ROWS[name] :]
    return book


def _walk_back(
    rng: np.random.Generator, times: list[int], step_ms: int, end_price: float, volatility: float, volume: float
) -> tuple[list[Candle], float]:
    """Candles over `times` whose last close is `end_price`; also the price at which the first one opens."""
    count = len(times)
    sigma = volatility * math.sqrt(step_ms / (365 * DAY_MS))
    calm = np.exp(0.6 * np.sin(np.linspace(0, count / 97, count)) - 0.2)
    moves = rng.standard_normal(count) * sigma * calm
    path = np.concatenate([[0.0], np.cumsum(moves)])
    prices = end_price * np.exp(path - path[-1])
    wicks = np.abs(rng.standard_normal((2, count))) * sigma * calm * 0.5
    volumes = rng.lognormal(0.0, 0.6, count) * volume * calm
    opens, closes = prices[:-1], prices[1:]
    highs = np.maximum(opens, closes) * np.exp(wicks[0])
    lows = np.minimum(opens, closes) * np.exp(-wicks[1])
    rows = zip(times, opens, highs, lows, closes, volumes, strict=True)
    candles = [
        Candle(t, float(o), float(h), float(low), float(c), float(v), int(20 + v / volume * 60))
        for t, o, h, low, c, v in rows
    ]
    return candles, float(prices[0])
