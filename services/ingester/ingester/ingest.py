"""The ingester's work: settles the feed into ticks, cache and price pushes, and freezes the cycles' snapshots."""

import asyncio
import secrets

import httpx
from redis.exceptions import RedisError

from common.events import Event, MarketSnapshot, originate
from common.events.codec import UnreadableEvent, decode, encode
from common.runtime.service import Service
from common.trading.instruments import Symbol
from ingester import metrics
from ingester.cache import KlineCache, book_value, price_value, symbol_key, tape_value
from ingester.candles import ALL_SERIES, KEPT
from ingester.capture import Capture
from ingester.complaints import Complaints
from ingester.config import IngesterSettings
from ingester.cycle import Cycle, Cycles, cycle_id
from ingester.feed import Feed
from ingester.history import Budget, History
from ingester.market_time import MarketTime
from ingester.run import RUN_KEY, Run, run_of
from ingester.sentiment import SentimentWatch
from ingester.snapshot import NotEnoughKnown, freeze
from ingester.ticks import PricePushes, ticks_of
from ingester.wire import MARKET_CHANNELS, Frame, UnreadableFrame

CACHE_EVERY_S = 1.0
HISTORY_EVERY_S = 0.5
LIVE_CANDLES_WITHIN_S = 2.0
SNAPSHOT_KEY = "snapshot:latest"


class Ingester:
    """Wires the feed to the bus. Its tasks run under the service and begin when `load` has read the cache."""

    def __init__(
        self, service: Service, settings: IngesterSettings, complaints: Complaints, capture: Capture | None = None
    ) -> None:
        self.service, self.settings, self.clock, self.log = service, settings, service.clock, service.log
        self.feed, self.time, self.complaints, self.capture = Feed(), MarketTime(), complaints, capture
        self.sentiment = SentimentWatch(settings.sentiment_url, service.clock, service.log)
        self.klines = KlineCache(service.redis)
        self.pushes = PricePushes()
        self.cycles = Cycles(settings.decision_interval_s, None)
        self.run: Run | None = None
        self.max_leverages: dict[Symbol, int] = {}
        self.is_connected = False
        self._connected_at_s = self._cached_at_s = float("-inf")
        self._loaded = asyncio.Event()
        self._counters = {channel: metrics.FRAMES.labels(channel) for channel in MARKET_CHANNELS}
        self._complained_of_ms = 0

    # The connection's side.

    def take(self, frame: Frame) -> None:
        """Takes one frame; one that can't be read is skipped and counted."""
        if (counter := self._counters.get(frame.channel)) is None:
            return
        counter.inc()
        try:
            self.feed.take(frame, self.clock.now_ms())
        except UnreadableFrame as error:
            self.complaints.skipped(str(error))

    def connected(self, is_connected: bool, reason: str) -> None:
        """A lost connection may leave a gap in every series."""
        if is_connected:
            self.feed.begin(self.clock.now_ms())
            self._connected_at_s = self.clock.monotonic()
        elif self.is_connected:
            self.feed.candles.disconnected()
        self.is_connected = is_connected
        metrics.CONNECTED.set(is_connected)
        self._tell_readiness(reason)

    def silent(self) -> str | None:
        """A stream that has been quiet past the limit."""
        return self.feed.silent(self.clock.now_ms() - round(self.settings.stall_limit_s * 1000))

    def _tell_readiness(self, reason: str = "") -> None:
        unknown = self.feed.unknown()
        waiting = f"waiting for the first prices of {', '.join(unknown)}" if unknown else ""
        self.service.set_ready("market", self.is_connected and not unknown, reason or waiting)

    # Start.

    async def load(self) -> None:
        """Run, last cycle and cached candles, from Redis; another environment's are dropped."""
        redis = self.service.redis
        self.run = run_of(await redis.get(RUN_KEY), self.settings.hyperliquid_env)
        last = _boundary_of(await redis.get(SNAPSHOT_KEY), self.run)
        self.cycles = Cycles(self.settings.decision_interval_s, last)
        if self.run is None:
            await self.klines.drop(ALL_SERIES)
        for series in ALL_SERIES:
            self.feed.candles.restore(series, await self.klines.load(series), KEPT)
        self.log.info("loaded", run_id=self.run and self.run.run_id, last_boundary_ms=last)
        self._loaded.set()

    async def fill_history(self) -> None:
        """Keeps every series whole: at start and after each reconnection."""
        await self._loaded.wait()
        async with httpx.AsyncClient() as client:
            budget = Budget(self.settings.history_weight_per_minute, self.clock)
            history = History(
                client,
                self.settings.api_url,
                budget,
                self.clock,
                self.log,
                answering=self._tell_answering,
                heard=None if self.capture is None else self.capture.answer,
            )
            self.max_leverages = await history.max_leverages()
            while True:
                # Right after a connection the live candles show which series have no gap at all.
                is_settled = self.clock.monotonic() - self._connected_at_s >= LIVE_CANDLES_WITHIN_S
                if self._market_ms() and self.is_connected and is_settled and not self.feed.candles.is_complete:
                    await history.fill(self.feed.candles, self._market_ms, is_connected=lambda: self.is_connected)
                    self.log.info("history", complete_series=len(self.feed.candles.complete))
                await self.clock.sleep(HISTORY_EVERY_S)

    def _tell_answering(self, is_answering: bool, reason: str) -> None:
        self.service.set_ready("exchange", is_answering or bool(self.max_leverages), reason)

    # The beat.

    async def beat(self) -> None:
        """Ticks and pushes several times a second, the cache once a second, a snapshot when a cycle is due."""
        await self._loaded.wait()
        while True:
            await self.clock.sleep(self.settings.tick_interval_ms / 1000)
            settled = self.feed.settle(self._market_ms())
            self.time.hear(self.feed.newest_ms, self.clock.monotonic())
            for reason in settled.unreadable:
                self.complaints.skipped(reason)
            if settled.changed:
                await self._publish(settled.changed)
            await self._snapshot_if_due()
            self._tell_metrics()

    def _market_ms(self) -> int:
        return self.time.now_ms(self.clock.monotonic())

    async def _publish(self, changed: set[Symbol]) -> None:
        now_ms, market_ms = self.clock.now_ms(), self._market_ms()
        ticks = ticks_of(self.feed.coins, changed, market_ms, now_ms)
        is_cache_due = self.clock.monotonic() - self._cached_at_s >= CACHE_EVERY_S
        cache = self._cached_values() if is_cache_due else {}
        if ticks or cache:
            self._tell_readiness()
            await self.service.publish(*ticks, *self.pushes.of(ticks, market_ms, now_ms), cache=cache)
        if is_cache_due:
            self._cached_at_s = self.clock.monotonic()
            await self._cache_candles(market_ms)

    def _cached_values(self) -> dict[str, bytes | str]:
        values: dict[str, bytes | str] = {}
        for symbol, coin in self.feed.coins.items():
            found = {"price": price_value(coin), "orderbook": book_value(coin), "tape": tape_value(coin)}
            for prefix, value in found.items():
                if value is not None:
                    values[symbol_key(prefix, symbol)] = value
        return values

    async def _cache_candles(self, market_ms: int) -> None:
        candles = self.feed.candles
        changed = {series: (from_ms, candles.read(series)) for series, from_ms in candles.take_changed().items()}
        if not changed:
            return
        try:
            unsure = await self.klines.write(changed, market_ms)
        except (RedisError, OSError) as error:
            unsure = set(changed)
            self.klines.distrust(unsure)
            self.log.warning("candles were not cached; trying again", reason=str(error))
        for series in unsure:
            candles.touch(series)

    async def _snapshot_if_due(self) -> None:
        market_ms = self._market_ms()
        cycle = self.cycles.due(market_ms)
        if cycle is None or not self.max_leverages or not self.is_connected:
            return
        if self.run is None:
            self.run = Run(secrets.token_hex(3), cycle.boundary_ms, self.settings.hyperliquid_env)
        try:
            event = self._freeze(cycle, self.run)
        except NotEnoughKnown as error:
            if self._complained_of_ms != cycle.boundary_ms:
                self._complained_of_ms = cycle.boundary_ms
                self.log.warning("no snapshot yet", reason=str(error))
            return
        await self.service.publish(event, cache={SNAPSHOT_KEY: encode(event), RUN_KEY: self.run.value})
        self.cycles.done(cycle)
        metrics.SNAPSHOTS.inc()
        metrics.MISSED_CYCLES.inc(cycle.missed)
        self.log.info("snapshot", cycle_id=event.cycle_id, partial=event.data.partial, missed=cycle.missed)

    def _freeze(self, cycle: Cycle, run: Run) -> Event[MarketSnapshot]:
        now_ms = self.clock.now_ms()
        snapshot = freeze(
            self.feed,
            cycle,
            run,
            interval_s=self.settings.decision_interval_s,
            fresh_since_ms=now_ms - round(self.settings.stall_limit_s * 1000),
            max_leverages=self.max_leverages,
            sentiment=self.sentiment.current(now_ms),
        )
        return originate(
            snapshot,
            keys=(run.run_id, cycle.boundary_ms),
            time_ms=cycle.boundary_ms,
            now_ms=now_ms,
            cycle_id=cycle_id(run.run_id, cycle.boundary_ms),
        )

    def _tell_metrics(self) -> None:
        now_ms = self.clock.now_ms()
        metrics.MARKET_AGE_MS.set(max(0, now_ms - min(self.feed.heard_ms.values(), default=now_ms)))
        metrics.COMPLETE_SERIES.set(len(self.feed.candles.complete))


def _boundary_of(body: bytes | None, run: Run | None) -> int | None:
    """The boundary of the last snapshot of this run, if it can be read."""
    if body is None or run is None:
        return None
    try:
        event = decode(MarketSnapshot.TYPE, body)
    except UnreadableEvent:
        return None
    return event.data.boundary_ms if event.data.run_id == run.run_id else None
