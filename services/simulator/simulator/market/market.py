"""The synthetic market of all listed coins, and its state across a restart."""

import random
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np

from simulator.market.candles import DAY_MS, HOUR_MS, MINUTE_MS, Candle, CandleBook, history
from simulator.market.coin_market import CoinMarket, Level, Trade
from simulator.market.coins import Coin
from simulator.market.listing import DEFAULT_LISTING, Listing
from simulator.market.price_process import BASIS_MEAN, PriceMove, PriceProcess

NO_END_MS = 2**53
AT_REST = PriceMove(0.0, 1.0, BASIS_MEAN)


class Market:
    """The synthetic market: equal seeds and steps give equal prices. Relayed and recorded markets extend it."""

    def __init__(
        self,
        seed: int,
        now_ms: int,
        *,
        listing: Listing = DEFAULT_LISTING,
        prices: Mapping[str, float] | None = None,
        pasts: Mapping[str, CandleBook] | None = None,
    ) -> None:
        """Starts at `prices` or the coins' start prices with a synthetic history, or continues `pasts`."""
        self.seed = seed
        self.listing = listing
        self._prices = prices or {}
        self.rng = random.Random(seed)
        self.time_ms = now_ms
        self.next_tid = 1_000_000_000
        self.price_process = PriceProcess(listing.coins)
        self.coins: dict[str, CoinMarket] = {}
        numbers = np.random.default_rng(seed)
        for name, coin in listing.coins.items():
            if pasts is not None:
                past = pasts[name]
            else:
                past = self._create_past(numbers, now_ms, coin, coin.day_volume_usd / 1440 / coin.start_price)
            self.coins[name] = self._create_coin_market(coin, past)
        self._create_first_books(with_trades=pasts is None)

    def _create_past(self, rng: np.random.Generator, now_ms: int, coin: Coin, volume_per_minute: float) -> CandleBook:
        return history(rng, now_ms, self._prices.get(coin.name, coin.start_price), coin.volatility, volume_per_minute)

    def _create_coin_market(self, coin: Coin, past: CandleBook) -> CoinMarket:
        price = past.newest_close or coin.start_price
        market = CoinMarket(coin, past, price, price, price)
        market.open_interest = coin.open_interest
        return market

    def _create_first_books(self, *, with_trades: bool) -> None:
        for market in self.coins.values():
            if with_trades:
                market.move(AT_REST, self.rng, self.time_ms, 0.25, self.next_tid)
            else:
                market.refresh(self.rng, 0.25)
            self.next_tid += 10

    @property
    def end_ms(self) -> int:
        """The time at which the market ends."""
        return NO_END_MS

    @property
    def halt_reason(self) -> str | None:
        """Why the market doesn't move, or None while it does."""
        return None

    def step(self, now_ms: int) -> dict[str, list[Trade]]:
        """Moves all coins to `now_ms`, at most a minute at a time; returns the trades by coin."""
        now_ms = max(self.time_ms, min(now_ms, self.end_ms))
        trades: dict[str, list[Trade]] = {name: [] for name in self.coins}
        while True:
            for name, fresh in self._advance(min(now_ms, self.time_ms + MINUTE_MS)).items():
                trades[name] += fresh
            if self.time_ms >= min(now_ms, self.end_ms):
                return trades

    def settle_hour(self, name: str) -> tuple[float, float]:
        """Ends a coin's funding hour: (rate, average premium)."""
        return self.coins[name].settle_hour()

    def _advance(self, now_ms: int) -> dict[str, list[Trade]]:
        dt_s = max(0.001, (now_ms - self.time_ms) / 1000)
        self.time_ms = now_ms
        trades = {}
        for name, move in self.price_process.next(self.rng, dt_s).items():
            trades[name] = self.coins[name].move(move, self.rng, now_ms, dt_s, self.next_tid)
            self.next_tid += 10
        return trades

    def day_figures(self, name: str) -> tuple[float, float, float]:
        """Price a day ago, and the last day's volume in USD and coin."""
        day = self.coins[name].candles.read("1h", self.time_ms - DAY_MS + 1, self.time_ms)
        base = sum(candle.volume for candle in day)
        if not day:
            return self.coins[name].mid, 0.0, 0.0
        return day[0].open, sum(candle.volume * candle.close for candle in day), base

    def save(self) -> dict[str, Any]:
        """The state that, with the closed candles, continues the market after a restart exactly where it was."""
        rows = {}
        for name, market in self.coins.items():
            rows[name] = {
                "mid": market.mid,
                "oracle": market.oracle,
                "mark": market.mark,
                "basis_ema": market.basis_ema,
                "premium_sum": market.premium_sum,
                "premium_count": market.premium_count,
                "open_interest": market.open_interest,
                "premium_at_ms": market.premium_at_ms,
                "last_premium": market.last_premium,
                "bids": [_level_row(level) for level in market.bids],
                "asks": [_level_row(level) for level in market.asks],
                "trades": [_trade_row(trade) for trade in market.trades],
                "candles": {
                    interval: [_row(candle) for candle in series[-1:]]
                    for interval, series in market.candles.series.items()
                },
            }
        version, numbers, spare = self.rng.getstate()
        return {
            "time_ms": self.time_ms,
            "next_tid": self.next_tid,
            "coins": rows,
            "moves": self.price_process.save(),
            "random": [version, list(numbers), spare],
        }

    def load(self, saved: dict[str, Any], closed: dict[tuple[str, str], list[list[float]]]) -> None:
        """Continues from a saved state, without its unlisted coins; the next step covers the time since then."""
        self.time_ms, self.next_tid = saved["time_ms"], saved["next_tid"]
        self.price_process.load(saved.get("moves", {}))
        version, numbers, spare = saved["random"]
        self.rng.setstate((version, tuple(numbers), spare))
        for name, row in saved["coins"].items():
            if name not in self.listing.coins:
                continue
            book = CandleBook()
            for interval in book.series:
                rows = closed.get((name, interval), []) + row["candles"][interval]
                newest = {int(r[0]): r for r in rows}
                book.series[interval] = [_candle(newest[t]) for t in sorted(newest)]
            market = CoinMarket(self.listing.coins[name], book, row["mid"], row["oracle"], row["mark"])
            market.basis_ema, market.open_interest = row["basis_ema"], row["open_interest"]
            market.premium_sum, market.premium_count = row["premium_sum"], row["premium_count"]
            market.premium_at_ms, market.last_premium = row["premium_at_ms"], row["last_premium"]
            market.bids, market.asks = ([_level(each) for each in row[side]] for side in ("bids", "asks"))
            market.trades = [_trade(each) for each in row["trades"]]
            self.coins[name] = market


def _level_row(level: Level) -> list[Any]:
    return [str(level.price), str(level.size), level.count]


def _level(row: list[Any]) -> Level:
    return Level(Decimal(row[0]), Decimal(row[1]), row[2])


def _trade_row(trade: Trade) -> list[Any]:
    return [trade.side, trade.price, str(trade.size), trade.time_ms, trade.tid]


def _trade(row: list[Any]) -> Trade:
    return Trade(row[0], row[1], Decimal(row[2]), row[3], row[4])


def _row(candle: Candle) -> list[float]:
    return [candle.open_ms, candle.open, candle.high, candle.low, candle.close, candle.volume, candle.count]


def _candle(row: list[float]) -> Candle:
    return Candle(int(row[0]), row[1], row[2], row[3], row[4], row[5], int(row[6]))


def hour_of(time_ms: int) -> int:
    """The funding hour of a time."""
    return time_ms // HOUR_MS
