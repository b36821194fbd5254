"""Freezes the state of all markets for one cycle."""

from collections.abc import Mapping, Sequence

from common.events import CandleSeries, CoinSnapshot, MarketSnapshot, Sentiment
from common.trading.instruments import Symbol
from common.trading.intervals import INTERVALS_MS
from ingester.market.candles import Candle, Candles
from ingester.market.coin import CoinState
from ingester.market.cycles import Cycle
from ingester.market.indicators import atr, ema, macd, rsi, sma
from ingester.market.run import Run
from ingester.market.state import MarketState

CANDLES_SHOWN = 20
VALUES_SHOWN = 10
CANDLES_USED = 200
VOLUME_LENGTH = 20


class IncompleteMarket(Exception):
    """A coin has no fresh price: no snapshot can be taken yet."""


def _round_figures(value: float) -> float:
    """Eight significant figures."""
    return float(f"{value:.8g}")


def _latest(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(_round_figures(value) for value in values[-VALUES_SHOWN:])


def build_series(interval: str, candles: Sequence[Candle], boundary_ms: int) -> CandleSeries:
    """One interval's candles and indicators up to a boundary; candles that end at or before it are closed.

    The indicators include the open candle, as charts show them; the average volume counts closed candles only.
    """
    known = [candle for candle in candles if candle.open_ms < boundary_ms][-CANDLES_USED:]
    opens, highs, lows, closes, volumes = (
        [float(getattr(candle, name)) for candle in known] for name in ("open", "high", "low", "close", "volume")
    )
    is_last_closed = bool(known) and known[-1].open_ms + INTERVALS_MS[interval] <= boundary_ms
    closed_volumes = volumes if is_last_closed else volumes[:-1]
    atr3, atr14 = atr(highs, lows, closes, 3), atr(highs, lows, closes, 14)
    volume_average = None
    if len(closed_volumes) >= VOLUME_LENGTH:
        volume_average = _round_figures(sma(closed_volumes, VOLUME_LENGTH))
    return CandleSeries(
        interval=interval,
        open_times_ms=tuple(candle.open_ms for candle in known[-CANDLES_SHOWN:]),
        opens=tuple(opens[-CANDLES_SHOWN:]),
        highs=tuple(highs[-CANDLES_SHOWN:]),
        lows=tuple(lows[-CANDLES_SHOWN:]),
        closes=tuple(closes[-CANDLES_SHOWN:]),
        volumes=tuple(volumes[-CANDLES_SHOWN:]),
        is_last_closed=is_last_closed,
        ema20=_latest(ema(closes, 20)),
        ema50=_latest(ema(closes, 50)),
        macd=_latest(macd(closes)),
        rsi7=_latest(rsi(closes, 7)),
        rsi14=_latest(rsi(closes, 14)),
        atr3=None if atr3 is None else _round_figures(atr3),
        atr14=None if atr14 is None else _round_figures(atr14),
        volume_average=volume_average,
    )


def _freeze_coin(
    coin: CoinState, candles: Candles, boundary_ms: int, fresh_since_ms: int, max_leverage: int
) -> CoinSnapshot:
    tick, context = coin.tick(), coin.context
    if tick is None or context is None:
        raise IncompleteMarket(f"{coin.symbol}: no price, context or book yet")
    if tick.mark_received_ms < fresh_since_ms:
        raise IncompleteMarket(f"{coin.symbol}: the mark price is old")
    open_interest_coin = float(tick.open_interest_coin)
    return CoinSnapshot(
        symbol=coin.symbol,
        mid_price=tick.mid_price,
        mark_price=tick.mark_price,
        oracle_price=tick.oracle_price,
        prev_day_price=tick.prev_day_price,
        day_volume_usd=tick.day_volume_usd,
        funding_rate_hourly=tick.funding_rate_hourly,
        premium=context.premium,
        open_interest_coin=tick.open_interest_coin,
        open_interest_average_coin=coin.open_interest.average_coin,
        open_interest_change_1h_percent=coin.open_interest.change_1h_percent(open_interest_coin, boundary_ms),
        open_interest_change_24h_percent=coin.open_interest.change_24h_percent(open_interest_coin, boundary_ms),
        max_leverage=max_leverage,
        book=coin.book.summarize() if coin.book_received_ms >= fresh_since_ms else None,
        flow=coin.tape.flow(boundary_ms),
        series={
            interval: build_series(interval, candles.read((coin.symbol, interval)), boundary_ms)
            for interval in INTERVALS_MS
        },
    )


def freeze(
    market: MarketState,
    cycle: Cycle,
    run: Run,
    *,
    interval_s: int,
    fresh_since_ms: int,
    max_leverages: Mapping[Symbol, int],
    sentiment: Sentiment | None,
) -> MarketSnapshot:
    """The snapshot of a cycle. Raises IncompleteMarket.

    Every contender decides from this one object, so it is built in one step, without an await between two coins, and
    the same state gives the same snapshot. A coin needs a mark price that was received since `fresh_since_ms` (wall
    time), else there is no snapshot at all; an order book older than that is left out. Candles that end at or before
    the boundary are closed; those that open at it or later are not in it. `partial` says that a series may have a gap.
    """
    boundary_ms = cycle.boundary_ms
    coins = {
        symbol: _freeze_coin(coin, market.candles, boundary_ms, fresh_since_ms, max_leverages[symbol])
        for symbol, coin in market.coins.items()
    }
    return MarketSnapshot(
        run_id=run.run_id,
        cycle_number=run.cycle_number(boundary_ms, interval_s),
        boundary_ms=boundary_ms,
        interval_s=interval_s,
        missed_cycles=cycle.missed,
        partial=not market.candles.is_complete,
        coins=coins,
        sentiment=sentiment,
    )
