"""A market that relays Hyperliquid's own messages, live or recorded."""

from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from simulator.market.candles import INTERVALS_MS, STORED, STORED_ROWS, Candle, CandleBook
from simulator.market.coin_market import Level, Trade
from simulator.market.coins import COINS
from simulator.market.listing import DEFAULT_LISTING, Listing
from simulator.market.market import Market, hour_of

REMEMBERED_TRADES = 2_000
TAPE = 100
MAX_LEVELS = 100
UNREADABLE = (KeyError, IndexError, TypeError, ValueError, InvalidOperation)

Side = list[tuple[Decimal, Decimal, int]]
"""(price, size, orders) of one side of a book, best first."""


class InvalidMessage(Exception):
    """A message whose content doesn't match its channel."""


class RelayMarket(Market):
    """Collects messages by `receive`; they take effect at the next step. Nothing is synthesized.

    Between steps books, prices and tape stay as they are, so that an action sees one consistent state.
    """

    def __init__(self, seed: int, now_ms: int, listing: Listing = DEFAULT_LISTING) -> None:
        self.latest_ms = 0
        self._sides: dict[str, list[Side]] = {name: [[], []] for name in listing.coins}
        self._new_trades: dict[str, list[Trade]] = {name: [] for name in listing.coins}
        self._known_trades: dict[str, deque[tuple[int, int]]] = {
            name: deque(maxlen=REMEMBERED_TRADES) for name in listing.coins
        }
        self._rates: dict[str, tuple[int, float, float]] = {}
        self._rates_before: dict[str, tuple[int, float, float]] = {}
        pasts = {}
        for name in listing.coins:
            pasts[name] = CandleBook()
            pasts[name].is_continuous = False
        super().__init__(seed, now_ms, listing=listing, pasts=pasts)

    def missing_coins(self) -> list[str]:
        """Coins whose book or context hasn't been received yet."""
        return [
            name for name, market in self.coins.items() if market.reported_context is None or not all(self._sides[name])
        ]

    def receive(self, channel: str, data: Any) -> None:
        """Processes one message of a market channel and ignores other channels. Raises InvalidMessage."""
        handlers: dict[str, Callable[[Any], None]] = {
            "l2Book": self._take_book,
            "bbo": self._take_top,
            "trades": self._take_trades,
            "candle": self._take_candle,
            "activeAssetCtx": self._take_context,
        }
        if channel not in handlers:
            return
        try:
            handlers[channel](data)
        except UNREADABLE as error:
            raise InvalidMessage(f"{channel}: {error!r}") from error

    def receive_past(self, rows: Any) -> None:
        """Adds candles of a candleSnapshot answer that are missing or incomplete. Raises InvalidMessage."""
        try:
            for row in rows:
                self._take_candle(row, is_past=True)
        except UNREADABLE as error:
            raise InvalidMessage(f"candleSnapshot: {error!r}") from error

    def _take_book(self, data: Any) -> None:
        self._update_latest(data["time"])
        if (name := data["coin"]) in self.coins:
            sides = [[_level(name, row) for row in side[:MAX_LEVELS]] for side in data["levels"]]
            # With an empty side there is nothing to trade with: the last complete book stays.
            if len(sides) == 2 and all(sides):
                self._sides[name] = sides

    def _take_top(self, data: Any) -> None:
        self._update_latest(data["time"])
        if (name := data["coin"]) in self.coins:
            bid, ask = (None if row is None else _level(name, row) for row in data["bbo"])
            bids, asks = self._sides[name]
            self._sides[name] = [_with_top(bids, bid, -1), _with_top(asks, ask, 1)]

    def _take_trades(self, data: Any) -> None:
        for row in sorted(data, key=lambda row: row["time"]):
            name = row["coin"]
            if name not in self.coins or (row["time"], row["tid"]) in self._known_trades[name]:
                continue
            self._update_latest(row["time"])
            self._known_trades[name].append((row["time"], row["tid"]))
            side, price, size = row["side"], _positive(row["px"]), _size(name, row["sz"])
            if side not in ("A", "B"):
                raise ValueError(f"side {side!r}")
            self._new_trades[name].append(Trade(side, float(price), size, int(row["time"]), int(row["tid"])))

    def _take_candle(self, row: Any, *, is_past: bool = False) -> None:
        name, interval = row["s"], row["i"]
        if name not in self.coins or interval not in STORED:
            return
        first, high, low, close = (float(_positive(row[key])) for key in ("o", "h", "l", "c"))
        candle = Candle(int(row["t"]), first, high, low, close, float(_size(name, row["v"])), int(row["n"]))
        candles = self.coins[name].candles
        series = candles.series[interval]
        at = bisect_left(series, candle.open_ms, key=lambda each: each.open_ms)
        if at < len(series) and series[at].open_ms == candle.open_ms:
            if is_past and candle.count < series[at].count:
                return
            series[at] = candle
        else:
            series.insert(at, candle)
            del series[: -STORED_ROWS[interval] - 1]
        if candle is not series[-1]:
            candles.amended.add((interval, candle.open_ms))

    def _take_context(self, data: Any) -> None:
        if (name := data["coin"]) not in self.coins:
            return
        context = dict(data["ctx"])
        market = self.coins[name]
        mark, oracle = float(_positive(context["markPx"])), float(_positive(context["oraclePx"]))
        rate = (hour_of(self.latest_ms), float(context["funding"]), float(context["premium"] or 0))
        market.reported_context, market.mark, market.oracle = context, mark, oracle
        market.open_interest, market.last_premium = float(context["openInterest"]), rate[2]
        market.reported_rate = rate[1]
        if name in self._rates and self._rates[name][0] < rate[0]:
            self._rates_before[name] = self._rates[name]
        self._rates[name] = rate

    def _update_latest(self, time_ms: Any) -> None:
        self.latest_ms = max(self.latest_ms, int(time_ms))

    def open_at(self, now_ms: int) -> None:
        """Starts the market with the messages so far as its past. No coin may be missing."""
        self.time_ms = now_ms
        self._advance(now_ms)
        for market in self.coins.values():
            for interval, series in market.candles.series.items():
                if not series:
                    open_ms = now_ms - now_ms % INTERVALS_MS[interval]
                    series.append(Candle.first(open_ms, market.mid, 0.0, 0))

    def _advance(self, now_ms: int) -> dict[str, list[Trade]]:
        self.time_ms = now_ms
        for name, (bids, asks) in self._sides.items():
            market = self.coins[name]
            if bids and asks:
                # Copied even without a new message, so that the depth that accounts have taken recovers.
                market.bids = [Level(*level) for level in bids]
                market.asks = [Level(*level) for level in asks]
                market.mid = float(bids[0][0] + asks[0][0]) / 2
        fresh, self._new_trades = self._new_trades, {name: [] for name in self.coins}
        for name, trades in fresh.items():
            self.coins[name].trades += trades
            del self.coins[name].trades[:-TAPE]
        return fresh

    def settle_hour(self, name: str) -> tuple[float, float]:
        """The rate reported at the end of the hour, and its premium."""
        super().settle_hour(name)
        ended = hour_of(self.time_ms) - 1
        for hour, rate, premium in filter(None, (self._rates.get(name), self._rates_before.get(name))):
            if hour <= ended:
                return rate, premium
        return 0.0, 0.0

    def save(self) -> dict[str, Any]:
        saved = super().save()
        for name, row in saved["coins"].items():
            row["told"] = self.coins[name].reported_context
            row["sides"] = [
                [[str(price), str(size), count] for price, size, count in side] for side in self._sides[name]
            ]
        return saved | {"heard_ms": self.latest_ms, "rates": self._rates}

    def load(self, saved: dict[str, Any], closed: dict[tuple[str, str], list[list[float]]]) -> None:
        super().load(saved, closed)
        self.latest_ms = saved["heard_ms"]
        self._rates = {name: (row[0], row[1], row[2]) for name, row in saved["rates"].items()}
        for name, market in self.coins.items():
            row = saved["coins"][name]
            market.candles.is_continuous = False
            market.reported_context = row["told"]
            if name in self._rates:
                market.reported_rate = self._rates[name][1]
            self._sides[name] = [
                [(Decimal(price), Decimal(size), count) for price, size, count in side]
                for side in row.get("sides", (row["bids"], row["asks"]))
            ]
            self._known_trades[name].extend((trade.time_ms, trade.tid) for trade in market.trades)


def _with_top(levels: Side, top: tuple[Decimal, Decimal, int] | None, direction: int) -> Side:
    """The side with `top` as its best level; levels in front of it are dropped."""
    if top is None:
        return levels
    return [top, *(level for level in levels if (level[0] - top[0]) * direction > 0)]


def _level(name: str, row: Any) -> tuple[Decimal, Decimal, int]:
    return _positive(row["px"]), _size(name, row["sz"]), int(row["n"])


def _positive(text: Any) -> Decimal:
    value = Decimal(text)
    if not value.is_finite() or value <= 0:
        raise ValueError(f"no price: {text!r}")
    return value


def _size(name: str, text: Any) -> Decimal:
    """The size, rounded to the coin's lot so that a level's remainder is a multiple of it too."""
    value = Decimal(text)
    if not value.is_finite() or value < 0:
        raise ValueError(f"no size: {text!r}")
    return value.quantize(COINS[name].lot)
