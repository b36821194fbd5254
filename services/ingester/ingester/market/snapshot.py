"""Freezes the state of all markets for one cycle."""

from collections.abc import Mapping

from common.events import CoinSnapshot, MarketSnapshot, Sentiment
from common.trading.instruments import Symbol
from ingester.market.coin import CoinState
from ingester.market.cycles import Cycle, Run
from ingester.market.series import SeriesBuilder
from ingester.market.state import MarketState


class IncompleteMarket(Exception):
    """A coin has no fresh price: no snapshot can be taken yet."""


def _freeze_coin(
    coin: CoinState, builders: Mapping[str, SeriesBuilder], boundary_ms: int, fresh_since_ms: int, max_leverage: int
) -> CoinSnapshot:
    context = coin.context
    if context is None or coin.mid_price is None or not coin.is_known:
        raise IncompleteMarket(f"{coin.symbol}: no price, context or book yet")
    if coin.mark_received_ms < fresh_since_ms:
        raise IncompleteMarket(f"{coin.symbol}: the mark price is old")
    open_interest_coin = float(context.open_interest_coin)
    return CoinSnapshot.unchecked(
        symbol=coin.symbol,
        mid_price=coin.mid_price,
        mark_price=context.mark_price,
        oracle_price=context.oracle_price,
        prev_day_price=context.prev_day_price,
        day_volume_usd=context.day_volume_usd,
        funding_rate_hourly=context.funding_rate_hourly,
        premium=context.premium,
        open_interest_coin=context.open_interest_coin,
        open_interest_average_coin=coin.open_interest.average_coin,
        open_interest_change_1h_percent=coin.open_interest.change_1h_percent(open_interest_coin, boundary_ms),
        open_interest_change_24h_percent=coin.open_interest.change_24h_percent(open_interest_coin, boundary_ms),
        max_leverage=max_leverage,
        book=coin.book.summarize() if coin.book_received_ms >= fresh_since_ms else None,
        flow=coin.tape.flow(boundary_ms),
        series={interval: builder.build(boundary_ms) for interval, builder in builders.items()},
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
        symbol: _freeze_coin(coin, market.series[symbol], boundary_ms, fresh_since_ms, max_leverages[symbol])
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
