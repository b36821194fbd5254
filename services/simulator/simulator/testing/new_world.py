"""New markets and worlds for tests, without computing the market's past for each."""

import copy
from functools import cache

from simulator.exchange.world import World
from simulator.market.market import Market


@cache
def _template(seed: int, now_ms: int) -> Market:
    return Market(seed, now_ms)


def new_market(seed: int, now_ms: int) -> Market:
    """What `Market(seed, now_ms)` returns, as a copy of the first one.

    A past of 500 days takes half a second to compute. Closed candles never change and are shared between the copies;
    each copy has its own lists, and its own last candle of each list, which is still open.
    """
    market = _template(seed, now_ms)
    series = [candles for coin in market.coins.values() for candles in coin.candles.series.values()]
    memo = {id(candles): [*candles[:-1], copy.copy(candles[-1])] for candles in series}
    return copy.deepcopy(market, memo)


def new_world(seed: int, now_ms: int) -> World:
    """What `World(seed, now_ms)` returns, quickly."""
    return World(seed, now_ms, new_market(seed, now_ms))
