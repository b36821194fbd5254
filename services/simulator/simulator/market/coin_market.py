"""One coin's market: mid, mark and oracle prices, a book with depth, trades, and the premium behind the funding."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

from simulator.market.candles import CandleBook
from simulator.market.coins import Coin
from simulator.market.price_process import PriceMove
from simulator.numbers import number_text

LEVELS = 20
MOST_TRADES = 4
HALF_SPREAD = 1.7e-5
"""As a share of the price, where the price step allows it. Source: impactPxs of 2026, see simulator.calibration."""
PREMIUM_EVERY_MS = 5_000
EMA_S = 150.0
FUNDING_CAP_HOURLY = 0.04


def hourly_rate(premium: float) -> float:
    """The funding rate of an hour with that average premium. Source: Hyperliquid docs, Funding."""
    rate = (premium + min(max(0.0001 - premium, -0.0005), 0.0005)) / 8
    return min(max(rate, -FUNDING_CAP_HOURLY), FUNDING_CAP_HOURLY)


@lru_cache(256)
def _mark_text(mark: float, size_decimals: int) -> str:
    """A mark as the exchange writes it; asked for many times between two steps."""
    decimals = max(0, min(6 - size_decimals + 1, 5 - len(str(int(mark)))) + 1)
    return number_text(Decimal(repr(round(mark, decimals))))


@lru_cache(256)
def _decimal(text: str) -> Decimal:
    return Decimal(text)


@dataclass(slots=True)
class Level:
    """One price of the book; size in coin, `count` orders."""

    price: Decimal
    size: Decimal
    count: int


@dataclass(slots=True)
class Trade:
    """A trade on the tape; side is the aggressor's, "B" or "A"."""

    side: str
    price: float
    size: Decimal
    time_ms: int
    tid: int


@dataclass(slots=True)
class CoinMarket:
    """The state of one coin's market. Prices in USD. A relayed market sets `reported_context` and
    `reported_rate` from the real exchange's messages; they replace the computed ones."""

    coin: Coin
    candles: CandleBook
    mid: float
    oracle: float
    mark: float
    basis: float = 0.0
    basis_ema: float = 0.0
    premium_sum: float = 0.0
    premium_count: int = 0
    premium_at_ms: int = 0
    last_premium: float = 0.0
    open_interest: float = 0.0
    reported_rate: float | None = None
    reported_context: dict[str, Any] | None = None
    bids: list[Level] = field(default_factory=list)
    asks: list[Level] = field(default_factory=list)
    trades: list[Trade] = field(default_factory=list)
    levels: int = LEVELS
    depth: float = 1.0

    def move(self, move: PriceMove, rng: random.Random, now_ms: int, dt_s: float, next_tid: int) -> list[Trade]:
        """One step of the price path: new mid, oracle, mark and book; returns the trades of the step."""
        self.mid *= math.exp(move.log_return)
        self.basis = move.basis
        self.refresh(rng, dt_s)
        fresh = self._make_trades(rng, now_ms, dt_s, next_tid, move.activity)
        self._set_mark()
        volume = float(sum(trade.size for trade in fresh))
        self.candles.add(now_ms, self._last_price(fresh), volume, len(fresh))
        self._sample_premium(now_ms)
        return fresh

    def play_prints(
        self, prints: Sequence[tuple[int, Decimal, Decimal]], rng: random.Random, dt_s: float, next_tid: int
    ) -> list[Trade]:
        """One step along recorded (time, price, size) prints: they become trades, candles and the book's mid price."""
        fresh = []
        for index, (at_ms, price, size) in enumerate(prints):
            tick = self.coin.round_price(float(price))
            side = "B" if tick >= self.mid else "A"
            self.mid = tick
            self.candles.add(at_ms, tick, float(size), int(size > 0))
            if size > 0:
                fresh.append(Trade(side, tick, size, at_ms, next_tid + index))
        self.trades += fresh
        del self.trades[:-100]
        self.refresh(rng, dt_s)
        self._set_mark()
        if prints:
            self._sample_premium(prints[-1][0])
        return fresh

    def refresh(self, rng: random.Random, dt_s: float) -> None:
        """Moves the oracle towards the mid and creates a new book around it."""
        self.oracle += (self.mid / (1 + self.basis) - self.oracle) * min(1.0, dt_s / 3.0)
        self.oracle *= 1.0 + rng.gauss(0.0, 2e-6)
        weight = 1.0 - math.exp(-dt_s / EMA_S)
        self.basis_ema += weight * (self.mid - self.oracle - self.basis_ema)
        self._make_book(rng)

    def _set_mark(self) -> None:
        last = self.trades[-1].price if self.trades else self.mid
        middle = sorted((float(self.bids[0].price), float(self.asks[0].price), last))[1]
        self.mark = sorted((self.oracle + self.basis_ema, middle, self.mid))[1]

    def _last_price(self, fresh: list[Trade]) -> float:
        return fresh[-1].price if fresh else self.coin.round_price(self.mid)

    def _make_book(self, rng: random.Random) -> None:
        step = self.coin.price_step(self.mid)
        half = max(step / 2, self.mid * HALF_SPREAD)
        best_bid = math.floor((self.mid - half) / step) * step
        best_ask = max(math.ceil((self.mid + half) / step) * step, best_bid + step)
        self.bids = self._side(best_bid, -step, rng)
        self.asks = self._side(best_ask, step, rng)

    def _side(self, best: float, step: float, rng: random.Random) -> list[Level]:
        decimals = self.coin.size_decimals
        lot = self.coin.lot
        gap = (
            max(step, round(self.mid * 2e-5 / abs(step)) * abs(step))
            if step > 0
            else min(step, -round(self.mid * 2e-5 / abs(step)) * abs(step))
        )
        level_usd, mid, levels = self.coin.level_usd * self.depth, self.mid, []
        for index in range(self.levels):
            price = Decimal(repr(round(best + index * gap, 6))).normalize()
            usd = level_usd * (0.25 + index * 0.12) * rng.uniform(0.4, 1.6)
            size = Decimal(repr(round(usd / mid, decimals))).quantize(lot)
            levels.append(Level(price, max(size, lot), rng.randint(1, 12)))
        return levels

    def _make_trades(self, rng: random.Random, now_ms: int, dt_s: float, next_tid: int, activity: float) -> list[Trade]:
        expected = self.coin.trades_per_s * dt_s
        count = min(MOST_TRADES, int(expected + rng.random()))
        mean_usd = activity * self.coin.day_volume_usd / 86_400 * dt_s / min(expected, MOST_TRADES)
        fresh = []
        for index in range(count):
            is_buy = rng.random() < 0.5
            level = self.asks[0] if is_buy else self.bids[0]
            usd = mean_usd * rng.expovariate(1.0)
            size = round(usd / self.mid, self.coin.size_decimals)
            if size > 0:
                tid = next_tid + index
                side = "B" if is_buy else "A"
                fresh.append(Trade(side, float(level.price), Decimal(repr(size)), now_ms, tid))
        self.trades += fresh
        del self.trades[:-100]
        return fresh

    def _sample_premium(self, now_ms: int) -> None:
        if now_ms - self.premium_at_ms < PREMIUM_EVERY_MS:
            return
        self.premium_at_ms = now_ms
        bid, ask = self.impact_prices()
        self.last_premium = (max(bid - self.oracle, 0.0) - max(self.oracle - ask, 0.0)) / self.oracle
        self.premium_sum += self.last_premium
        self.premium_count += 1

    def impact_prices(self) -> tuple[float, float]:
        """Average prices at which the impact notional sells and buys."""
        return self._impact(self.bids), self._impact(self.asks)

    def _impact(self, levels: list[Level]) -> float:
        left, paid, bought = self.coin.impact_usd, 0.0, 0.0
        for level in levels:
            usd = min(left, float(level.price * level.size))
            paid += usd
            bought += usd / float(level.price)
            left -= usd
            if left <= 0:
                break
        return paid / bought if bought else self.mid

    def funding_rate(self) -> float:
        """The reported hourly rate, or the one of this hour's premium samples. Source: Hyperliquid docs, Funding."""
        if self.reported_rate is not None:
            return self.reported_rate
        return hourly_rate(self.premium_sum / self.premium_count if self.premium_count else 0.0)

    def settle_hour(self) -> tuple[float, float]:
        """Ends the funding hour: (rate, average premium)."""
        rate = self.funding_rate()
        premium = self.premium_sum / self.premium_count if self.premium_count else 0.0
        self.premium_sum, self.premium_count = 0.0, 0
        return rate, premium

    @property
    def mid_text(self) -> str:
        return number_text((self.bids[0].price + self.asks[0].price) / 2)

    @property
    def mark_text(self) -> str:
        if self.reported_context is not None:
            return str(self.reported_context["markPx"])
        return _mark_text(self.mark, self.coin.size_decimals)

    @property
    def mark_price(self) -> Decimal:
        return _decimal(self.mark_text)

    @property
    def oracle_text(self) -> str:
        if self.reported_context is not None:
            return str(self.reported_context["oraclePx"])
        return number_text(Decimal(repr(self.coin.round_price(self.oracle))))
