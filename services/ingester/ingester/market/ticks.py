"""Ticks and price pushes from the coins' state."""

from collections.abc import Iterable, Mapping
from typing import Any

from common.events import Channel, Event, MarketTick, WsPush, originate
from common.events.envelope import plain
from common.trading.instruments import Symbol
from ingester.market.coin import CoinState


def build_ticks(
    coins: Mapping[Symbol, CoinState], changed: Iterable[Symbol], market_ms: int, now_ms: int
) -> list[Event[MarketTick]]:
    """One tick per changed coin that is known, in the order of the coins."""
    selected = set(changed)
    ticks = ((symbol, coin.tick()) for symbol, coin in coins.items() if symbol in selected)
    return [
        originate(tick, keys=(symbol.value, market_ms, now_ms), time_ms=market_ms, now_ms=now_ms)
        for symbol, tick in ticks
        if tick is not None
    ]


class PricePushes:
    """Remembers what was pushed, so that only coins whose price or mark has moved are pushed again."""

    def __init__(self) -> None:
        self._pushed: dict[Symbol, tuple[str, str]] = {}

    def build(self, ticks: Iterable[Event[MarketTick]], market_ms: int, now_ms: int) -> list[Event[WsPush]]:
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
