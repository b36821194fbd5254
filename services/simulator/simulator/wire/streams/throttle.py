"""Decides which subscriptions get a message after a step: only on changes, at the rates of the real exchange."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from simulator.exchange.world import World
from simulator.market.candles import STORED, Candle
from simulator.market.coin_market import Trade
from simulator.wire.info import market_info
from simulator.wire.streams.messages import STATE_TYPES, market_message, state_messages
from simulator.wire.streams.subscriptions import Key, message

LONG_CANDLE_MS = 1_000
MOST_CANDLES = 60
STATE_EVERY_MS = 5_000
MIN_INTERVAL_MS = {"l2Book": 500, "activeAssetCtx": 1_000, "allDexsAssetCtxs": 1_000, "assetCtxs": 1_000}


class MessageThrottle:
    """Keeps when and what was last sent for each subscription, so that only changes are sent, at limited rates."""

    def __init__(self) -> None:
        self._sent_ms: dict[Key, int] = {}
        self._last: dict[Key, Any] = {}

    def step_messages(
        self, world: World, subscribed: Iterable[Key], trades: dict[str, list[Trade]], now_ms: int
    ) -> list[tuple[Key, str]]:
        """The messages of one market step for the `subscribed` keys."""
        out: list[tuple[Key, str]] = []
        for key in subscribed:
            if key[0] == "fastAssetCtxs":
                if changed := self._changed_contexts(world, key):
                    out.append((key, message("fastAssetCtxs", changed)))
            elif key[0] == "candle":
                for candle in self._changed_candles(world, key, now_ms):
                    row = market_info.candle_row(world.market.coins[key[1]].coin, str(key[2]), candle)
                    out.append((key, message("candle", row)))
            elif self._has_news(world, key, trades, now_ms):
                if key[0] == "trades":
                    rows = [market_info.trade_row(key[1], trade) for trade in trades[key[1]]]
                    out.append((key, message("trades", rows)))
                elif key[0] in STATE_TYPES:
                    out += [(key, text) for text in state_messages(world, key)]
                else:
                    out.append((key, market_message(world, key)))
        return out

    def _has_news(self, world: World, key: Key, trades: dict[str, list[Trade]], now_ms: int) -> bool:
        kind = key[0]
        if kind == "allMids":
            return True
        if kind == "trades":
            return bool(trades.get(key[1]))
        if kind == "bbo":
            views = [world.exchange.books.view(key[1], is_buy)[:1] for is_buy in (True, False)]
            tops = [(level.price, level.size) for side in views for level in side]
            is_new = self._last.get(key) != tops
            self._last[key] = tops
            return is_new
        if kind in MIN_INTERVAL_MS:
            return self._is_due(key, now_ms, MIN_INTERVAL_MS[kind])
        return kind in STATE_TYPES and self._is_due(key, now_ms, STATE_EVERY_MS)

    def _changed_candles(self, world: World, key: Key, now_ms: int) -> list[Candle]:
        """The candles since the one last sent, that one included if it has changed. At speed 1 it is one at most; of a
        faster market a step makes several."""
        book, interval = world.market.coins[key[1]].candles, str(key[2])
        if interval not in STORED:
            return [book.newest(interval)] if self._is_due(key, now_ms, LONG_CANDLE_MS) else []
        series, last = book.series[interval], self._last.get(key)
        if not series:
            return []
        begin = -1 if last is None else bisect_left(series, last.open_ms, key=lambda candle: candle.open_ms)
        fresh = [candle for candle in series[begin:][-MOST_CANDLES:] if candle != last]
        self._last[key] = replace(series[-1])
        return fresh

    def _changed_contexts(self, world: World, key: Key) -> dict[str, Any]:
        """The coins whose mark or mid price isn't the one last sent."""
        before, now = self._last.get(key, {}), market_info.fast_contexts(world)
        self._last[key] = now
        return {name: prices for name, prices in now.items() if before.get(name) != prices}

    def _is_due(self, key: Key, now_ms: int, every_ms: int) -> bool:
        if 0 <= now_ms - self._sent_ms.get(key, 0) < every_ms:
            return False
        self._sent_ms[key] = now_ms
        return True
