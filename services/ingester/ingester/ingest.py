"""The ingester's work: settles the feed into ticks, cache and price pushes, and freezes the cycles' snapshots."""

import secrets
from typing import Any

import httpx
from redis.exceptions import RedisError

from common.events import Channel, Event, MarketSnapshot, MarketTick, WsPush, originate
from common.events.codec import UnreadableEvent, decode, encode
from common.events.envelope import plain
from common.runtime.service import Service
from common.trading.symbols import INTERVALS_MS, SYMBOLS, Symbol
from ingester import metrics
from ingester.cache import KlineWriter, book_value, price_value, symbol_key
from ingester.candles import Series
from ingester.config import IngesterSettings
from ingester.cycle import Cycle, Cycles, cycle_id
from ingester.feed import Feed
from ingester.history import Budget, History
from ingester.market_time import MarketTime
from ingester.sentiment import SentimentWatch
from ingester.snapshot import NotEnoughKnown, freeze
from ingester.wire import Frame

CACHE_EVERY_S = 1.0
RUN_KEY = "run:id"
SNAPSHOT_KEY = "snapshot:latest"


class Ingester:
    """Wires the feed to the bus. Its tasks run under the service."""

    def __init__(self, service: Service, settings: IngesterSettings) -> None:
        self.service, self.settings, self.clock = service, settings, service.clock
        self.feed, self.time = Feed(), MarketTime()
        self.sentiment = SentimentWatch(settings.sentiment_url, service.log)
        self.klines = KlineWriter(service.redis)
        self.cycles = Cycles(settings.decision_interval_s, None)
        self.max_leverages: dict[Symbol, int] = {}
        self.run_id, self.run_started_ms = "", 0
        self.is_connected = False
        self._cached_at_s = float("-inf")
        self._pushed: dict[Symbol, tuple[str, str]] = {}

    # The connection's side.

    def take(self, frame: Frame) -> None:
        metrics.FRAMES.labels(frame.channel).inc()
        self.feed.take(frame, self.clock.now_ms())
        self.time.hear(self.feed.newest_ms, self.clock.monotonic())

    def connected(self, is_connected: bool, reason: str) -> None:
        """A reconnection may have left gaps in every series."""
        if is_connected and not self.is_connected:
            self.feed.candles.forget_completeness()
            self.feed.heard_ms.clear()
        self.is_connected = is_connected
        self.service.set_ready("market", is_connected and self.feed.is_whole(), reason or "waiting for the market")

    def stalled(self) -> str | None:
        """The state stream that has been quiet longest, past the limit."""
        limit = self.clock.now_ms() - self.settings.stall_limit_s * 1000
        heard = self.feed.heard_ms.items()
        return next((f"{channel} {coin}" for (channel, coin), at in heard if channel != "bbo" and at < limit), None)

    # Start.

    async def load(self) -> None:
        """Run id, last cycle and cached candles, from Redis; a wiped one starts a new run."""
        redis = self.service.redis
        fresh = f"{secrets.token_hex(3)}:{self.clock.now_ms()}"
        await redis.set(RUN_KEY, fresh, nx=True)
        run_id, _, started = (await redis.get(RUN_KEY)).decode().partition(":")
        self.run_id, self.run_started_ms = run_id, int(started)
        last = await redis.get(SNAPSHOT_KEY)
        self.cycles = Cycles(self.settings.decision_interval_s, _boundary_of(last, run_id))
        for symbol in SYMBOLS:
            for interval in INTERVALS_MS:
                series: Series = (symbol, interval)
                for candle in await self.klines.load(series):
                    self.feed.candles.add(series, candle)

    async def fill_history(self) -> None:
        """Keeps every series whole: at start and after each reconnection."""
        async with httpx.AsyncClient() as client:
            budget = Budget(self.settings.history_weight_per_minute, self.clock)
            history = History(client, self.settings.api_url, budget, self.clock, self.service.log)
            self.max_leverages = await history.max_leverages()
            while True:
                market_ms = self.time.now_ms(self.clock.monotonic())
                if market_ms and self.is_connected and not self.feed.candles.is_complete:
                    await history.fill(self.feed.candles, self.settings.history_candles, market_ms)
                await self.clock.sleep(0.5)

    # The beat.

    async def beat(self) -> None:
        """Ticks and pushes several times a second, the cache once a second, a snapshot when a cycle is due."""
        while True:
            await self.clock.sleep(self.settings.tick_interval_ms / 1000)
            changed = self.feed.settle()
            if changed:
                await self._publish(changed)
            await self._snapshot_if_due()

    async def _publish(self, changed: set[Symbol]) -> None:
        now_ms, market_ms = self.clock.now_ms(), self.time.now_ms(self.clock.monotonic())
        metrics.MARKET_AGE_MS.set(max(0, now_ms - max(self.feed.heard_ms.values(), default=now_ms)))
        whole = self.feed.is_whole()
        self.service.set_ready("market", self.is_connected and whole, "waiting for the market")
        events: list[Event[Any]] = []
        for symbol in (symbol for symbol in SYMBOLS if symbol in changed):
            tick = self.feed.coins[symbol].tick()
            if tick is not None:
                keys = (symbol.value, market_ms, now_ms)
                events.append(originate(tick, keys=keys, time_ms=market_ms, now_ms=now_ms))
        push = self._price_push([event.data for event in events], market_ms, now_ms)
        cache = self._cache_if_due(market_ms)
        if events or cache:
            await self.service.publish(*events, *push, cache=cache)
        if cache:
            await self._write_candles(market_ms)

    def _price_push(self, ticks: list[MarketTick], market_ms: int, now_ms: int) -> list[Event[WsPush]]:
        """One push with the coins whose price or mark differs from the last one pushed."""
        prices = {}
        for tick in ticks:
            shown = (plain(tick.mid_price), plain(tick.mark_price))
            if self._pushed.get(tick.symbol) != shown:
                self._pushed[tick.symbol] = shown
                prices[tick.symbol.value] = {"price": shown[0], "mark_price": shown[1], "time_ms": market_ms}
        if not prices:
            return []
        payload = WsPush(channel=Channel.PRICE_UPDATE, data={"prices": prices})
        return [originate(payload, keys=(market_ms, now_ms), time_ms=market_ms, now_ms=now_ms)]

    def _cache_if_due(self, market_ms: int) -> dict[str, bytes | str]:
        if self.clock.monotonic() - self._cached_at_s < CACHE_EVERY_S:
            return {}
        self._cached_at_s = self.clock.monotonic()
        values: dict[str, bytes | str] = {}
        for symbol, coin in self.feed.coins.items():
            for prefix, value in (("price", price_value(coin, market_ms)), ("orderbook", book_value(coin))):
                if value is not None:
                    values[symbol_key(prefix, symbol)] = value
        return values

    async def _write_candles(self, market_ms: int) -> None:
        dirty, self.feed.candles.dirty = self.feed.candles.dirty, set()
        reloaded, self.feed.candles.reloaded = self.feed.candles.reloaded, set()
        for series in reloaded:
            self.klines.rewrite(series)
        changed = {series: rows for series in dirty if (rows := self.feed.candles.read(series))}
        if not changed:
            return
        try:
            await self.klines.write(changed, market_ms)
        except (RedisError, OSError) as error:
            for series in dirty:
                self.klines.rewrite(series)
            self.feed.candles.dirty |= dirty
            self.service.log.warning("candles were not cached; trying again", reason=str(error))

    async def _snapshot_if_due(self) -> None:
        market_ms = self.time.now_ms(self.clock.monotonic())
        cycle = self.cycles.due(market_ms)
        if cycle is None or not self.run_id or not self.max_leverages or not self.is_connected:
            return
        try:
            event = self._freeze(cycle)
        except NotEnoughKnown as error:
            self.service.log.warning("no snapshot", reason=str(error))
            return
        await self.service.publish(event, cache={SNAPSHOT_KEY: encode(event)})
        self.cycles.done(cycle)
        metrics.SNAPSHOTS.inc()
        metrics.MISSED_CYCLES.inc(cycle.missed)
        self.service.log.info("snapshot", cycle_id=event.cycle_id, partial=event.data.partial, missed=cycle.missed)

    def _freeze(self, cycle: Cycle) -> Event[MarketSnapshot]:
        interval_ms = self.settings.decision_interval_s * 1000
        snapshot = freeze(
            self.feed,
            run_id=self.run_id,
            cycle_number=max(0, (cycle.boundary_ms - self.run_started_ms) // interval_ms + 1),
            boundary_ms=cycle.boundary_ms,
            interval_s=self.settings.decision_interval_s,
            missed_cycles=cycle.missed,
            max_leverages=self.max_leverages,
            sentiment=self.sentiment.current(self.clock.now_ms()),
        )
        return originate(
            snapshot,
            keys=(self.run_id, cycle.boundary_ms),
            time_ms=cycle.boundary_ms,
            now_ms=self.clock.now_ms(),
            cycle_id=cycle_id(self.run_id, cycle.boundary_ms),
        )


def _boundary_of(body: bytes | None, run_id: str) -> int | None:
    """The boundary of the last snapshot of this run, if it can be read."""
    if body is None:
        return None
    try:
        event = decode(MarketSnapshot.TYPE, body)
    except UnreadableEvent:
        return None
    return event.data.boundary_ms if event.data.run_id == run_id else None
