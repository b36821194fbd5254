"""Ticks and price pushes out of the coins' state. Pure: times come in."""

from collections.abc import Iterable
from typing import Any

from common.events import Channel, Event, MarketTick, WsPush, originate
from common.events.envelope import plain
from common.trading.instruments import Symbol
from common.trading.symbols import SYMBOLS
from ingester.book import CoinState


def ticks_of(
    coins: dict[Symbol, CoinState], changed: Iterable[Symbol], market_ms: int, now_ms: int
) -> list[Event[MarketTick]]:
    """One tick per changed coin that is known, in the order of the symbols."""
    wanted = set(changed)
    found = ((symbol, coins[symbol].tick()) for symbol in SYMBOLS if symbol in wanted)
    return [
        originate(tick, keys=(symbol.value, market_ms, now_ms), time_ms=market_ms, now_ms=now_ms)
        for symbol, tick in found
        if tick is not None
    ]


class PricePushes:
    """Remembers what was pushed, so that only coins whose price or mark has moved go out."""

    def __init__(self) -> None:
        self._pushed: dict[Symbol, tuple[str, str]] = {}

    def of(self, ticks: Iterable[Event[MarketTick]], market_ms: int, now_ms: int) -> list[Event[WsPush]]:
        """At most one push, with every coin that differs from the last one."""
        prices: dict[str, Any] = {}
        for tick in (event.data for event in ticks):
            shown = (plain(tick.mid_price), plain(tick.mark_price))
            if self._pushed.get(tick.symbol) != shown:
                self._pushed[tick.symbol] = shown
                prices[tick.symbol.value] = {"price": shown[0], "mark_price": shown[1], "time_ms": market_ms}
        if not prices:
            return []
        payload = WsPush(channel=Channel.PRICE_UPDATE, data={"prices": prices})
        return [originate(payload, keys=(market_ms, now_ms), time_ms=market_ms, now_ms=now_ms)]
