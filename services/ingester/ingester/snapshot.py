"""Freezes one picture of all six markets for a cycle."""

from collections.abc import Sequence

from common.events import CandleSeries, CoinSnapshot, MarketSnapshot, Sentiment
from common.trading.symbols import INTERVALS_MS, SYMBOLS, Symbol
from ingester.candles import Candle
from ingester.feed import Feed
from ingester.indicators import atr, ema, macd, rsi, sma

CANDLES_SHOWN = 20
VALUES_SHOWN = 10
CANDLES_USED = 200
VOLUME_LENGTH = 20


class NotEnoughKnown(Exception):
    """A coin without price, context or book: no snapshot can be taken."""


def _short(values: Sequence[float]) -> tuple[float, ...]:
    """The latest values to eight significant figures."""
    return tuple(float(f"{value:.8g}") for value in values[-VALUES_SHOWN:])


def series_of(interval: str, candles: Sequence[Candle], boundary_ms: int) -> CandleSeries:
    """One interval's candles and indicators up to a boundary; candles that end at or before it are closed."""
    known = [candle for candle in candles if candle.open_ms < boundary_ms][-CANDLES_USED:]
    opens, highs, lows, closes, volumes = (
        [float(getattr(candle, name)) for candle in known] for name in ("open", "high", "low", "close", "volume")
    )
    shown = known[-CANDLES_SHOWN:]
    atr3, atr14 = atr(highs, lows, closes, 3), atr(highs, lows, closes, 14)
    return CandleSeries(
        interval=interval,
        open_times_ms=tuple(candle.open_ms for candle in shown),
        opens=tuple(opens[-CANDLES_SHOWN:]),
        highs=tuple(highs[-CANDLES_SHOWN:]),
        lows=tuple(lows[-CANDLES_SHOWN:]),
        closes=tuple(closes[-CANDLES_SHOWN:]),
        volumes=tuple(volumes[-CANDLES_SHOWN:]),
        is_last_closed=bool(known) and known[-1].open_ms + INTERVALS_MS[interval] <= boundary_ms,
        ema20=_short(ema(closes, 20)),
        ema50=_short(ema(closes, 50)),
        macd=_short(macd(closes)),
        rsi7=_short(rsi(closes, 7)),
        rsi14=_short(rsi(closes, 14)),
        atr3=None if atr3 is None else float(f"{atr3:.8g}"),
        atr14=None if atr14 is None else float(f"{atr14:.8g}"),
        volume_average=float(f"{sma(volumes, VOLUME_LENGTH):.8g}") if len(volumes) >= VOLUME_LENGTH else None,
    )


def _coin(feed: Feed, symbol: Symbol, boundary_ms: int, max_leverage: int) -> CoinSnapshot:
    coin = feed.coins[symbol]
    tick, context = coin.tick(), coin.context
    if tick is None or context is None:
        raise NotEnoughKnown(f"{symbol}: no price, context or book yet")
    coin.open_interest.append(float(tick.open_interest_coin))
    average = sum(coin.open_interest) / len(coin.open_interest)
    return CoinSnapshot(
        symbol=symbol,
        mid_price=tick.mid_price,
        mark_price=tick.mark_price,
        oracle_price=tick.oracle_price,
        prev_day_price=tick.prev_day_price,
        day_volume_usd=tick.day_volume_usd,
        funding_rate_hourly=tick.funding_rate_hourly,
        premium=None if context.premium is None else float(context.premium),
        open_interest_coin=tick.open_interest_coin,
        open_interest_average_coin=float(f"{average:.8g}"),
        max_leverage=max_leverage,
        book=coin.book_summary(),
        flow=coin.flow(boundary_ms),
        series={
            interval: series_of(interval, feed.candles.read((symbol, interval)), boundary_ms)
            for interval in INTERVALS_MS
        },
    )


def freeze(
    feed: Feed,
    *,
    run_id: str,
    cycle_number: int,
    boundary_ms: int,
    interval_s: int,
    missed_cycles: int,
    max_leverages: dict[Symbol, int],
    sentiment: Sentiment | None,
) -> MarketSnapshot:
    """The snapshot of a boundary. Raises NotEnoughKnown."""
    coins = {symbol: _coin(feed, symbol, boundary_ms, max_leverages[symbol]) for symbol in SYMBOLS}
    return MarketSnapshot(
        run_id=run_id,
        cycle_number=cycle_number,
        boundary_ms=boundary_ms,
        interval_s=interval_s,
        missed_cycles=missed_cycles,
        partial=not feed.candles.is_complete,
        coins=coins,
        sentiment=sentiment,
    )
