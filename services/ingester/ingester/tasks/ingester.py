"""The tick loop: applies what was received, publishes ticks, pushes and cache, and the snapshot of a due cycle."""

import asyncio

from common.runtime.outages import is_outage
from common.runtime.service import Service
from common.trading.durations import NEVER
from common.trading.instruments import Symbol
from ingester.config import IngesterSettings
from ingester.market.candles import KEPT_CANDLES
from ingester.market.ticks import PricePushes, build_ticks
from ingester.storage.cache_values import decode_open_interest, encode_coin, encode_open_interest, open_interest_key
from ingester.storage.candle_cache import CandleCache
from ingester.tasks.backfill import Backfill
from ingester.tasks.cycle_publisher import CyclePublisher
from ingester.tasks.session import MarketSession

CACHE_EVERY_S = 1.0


class Ingester:
    """Runs the tasks that share the market's state.

    `load` is the service's rebuild hook: it reads run, last cycle, candles and open interest from Redis, before the
    first step and again after Redis was lost. `run_ticks` and `run_backfill` wait for it. Each step of `run_ticks` is,
    in this order: apply the pending frames; publish ticks and price pushes of the coins that changed, at most once a
    second together with the cache; write changed candles; publish the snapshot of a due cycle. So a snapshot never
    shows a state that was not applied yet. While Redis is unreachable `publish` waits inside the step; frames go on
    arriving, and the next step applies the newest of each. Candles that could not be written stay marked as changed.
    """

    def __init__(
        self,
        service: Service,
        settings: IngesterSettings,
        session: MarketSession,
        backfill: Backfill,
        cycles: CyclePublisher,
    ) -> None:
        self._service, self._clock, self._log = service, service.clock, service.log
        self._tick_interval_s = settings.tick_interval_ms / 1000
        self._session, self._backfill, self._cycles = session, backfill, cycles
        self._candle_cache, self._pushes = CandleCache(service.redis), PricePushes()
        self._loaded = asyncio.Event()
        self._cached_at_s = NEVER

    async def load(self) -> None:
        """Restores the state from Redis; candles of another environment are dropped."""
        candles = self._session.market.candles
        await self._cycles.load(self._service.redis)
        if self._cycles.run is None:
            await self._candle_cache.drop(candles.all_series)
        else:
            await self._load_open_interest()
        for series in candles.all_series:
            candles.restore(series, await self._candle_cache.load(series), KEPT_CANDLES)
        self._loaded.set()

    async def _load_open_interest(self) -> None:
        coins = self._session.market.coins
        values = await self._service.redis.mget([open_interest_key(symbol) for symbol in coins])
        for coin, value in zip(coins.values(), values, strict=True):
            if (stored := decode_open_interest(value)) is not None:
                coin.open_interest.restore(stored)

    async def run_backfill(self) -> None:
        await self._loaded.wait()
        await self._backfill.run()

    async def run_ticks(self) -> None:
        await self._loaded.wait()
        while True:
            # A step falls on the moment at which a cycle is due, so that its snapshot waits for no tick.
            await self._clock.sleep(min(self._tick_interval_s, self._cycles.until_due_s() or self._tick_interval_s))
            changed = self._session.apply_pending()
            if changed:
                await self._publish(changed)
            await self._cycles.publish_if_due()
            self._session.report_metrics()

    async def _publish(self, changed: set[Symbol]) -> None:
        coins = self._session.market.coins
        now_ms, market_ms = self._clock.now_ms(), self._session.market_ms()
        ticks = build_ticks(coins, changed, market_ms, now_ms)
        is_cache_due = self._clock.monotonic() - self._cached_at_s >= CACHE_EVERY_S
        cache: dict[str, bytes | str] = {}
        if is_cache_due:
            for coin in coins.values():
                cache |= encode_coin(coin)
                if (samples := coin.open_interest.pop_changed()) is not None:
                    cache[open_interest_key(coin.symbol)] = encode_open_interest(samples)
        if ticks or cache:
            self._session.report_readiness()
            await self._service.publish(*ticks, *self._pushes.build(ticks, market_ms, now_ms), cache=cache)
        if is_cache_due:
            self._cached_at_s = self._clock.monotonic()
            await self._cache_candles(market_ms)

    async def _cache_candles(self, market_ms: int) -> None:
        candles = self._session.market.candles
        changed = {series: (from_ms, candles.read(series)) for series, from_ms in candles.pop_changed().items()}
        if not changed:
            return
        try:
            rewrite = await self._candle_cache.write(changed, market_ms)
        except Exception as error:
            if not is_outage(error):
                raise
            rewrite = set(changed)
            self._candle_cache.invalidate(rewrite)
            self._log.warning("candles were not cached; retrying", reason=str(error))
        for series in rewrite:
            candles.mark_changed(series)
