"""Publishes one snapshot for every decision cycle."""

import secrets

from redis.asyncio import Redis

from common.events import Event, MarketSnapshot, originate
from common.events.codec import UnreadableEvent, decode, encode
from common.runtime.service import Service
from ingester import metrics
from ingester.config import IngesterSettings
from ingester.market.cycles import RUN_KEY, Cycle, Cycles, Run, cycle_id, decode_run
from ingester.market.snapshot import IncompleteMarket, freeze
from ingester.sentiment import SentimentSource
from ingester.tasks.backfill import Backfill
from ingester.tasks.session import MarketSession

SNAPSHOT_KEY = "snapshot:latest"


class CyclePublisher:
    """Owns the run and the sequence of cycles.

    `load` restores both from Redis, at start and whenever the service rebuilds; a value that is missing or belongs to
    another environment starts a new run with the first snapshot. `publish_if_due` is called by the tick loop after
    every step. A snapshot, `snapshot:latest` and `run:id` are committed in one step, which `publish` repeats until its
    outcome is known; the event's id is a function of run and boundary, so a repeat takes no effect. Only then the
    cycle is done: a process that ends before leaves it due for the next one.
    """

    def __init__(
        self,
        service: Service,
        settings: IngesterSettings,
        session: MarketSession,
        backfill: Backfill,
        sentiment: SentimentSource,
    ) -> None:
        self._service, self._settings = service, settings
        self._session, self._backfill, self._sentiment = session, backfill, sentiment
        self._cycles = Cycles(settings.decision_interval_s, None)
        self._warned_of_ms = 0
        self._due_since_s: float | None = None
        self.run: Run | None = None

    async def load(self, redis: Redis) -> None:
        # Unlike GET, MGET takes a key of another type for none.
        run, snapshot = await redis.mget([RUN_KEY, SNAPSHOT_KEY])
        self.run = decode_run(run, self._settings.hyperliquid_env)
        last_boundary_ms = _boundary_of(snapshot, self.run)
        self._cycles = Cycles(self._settings.decision_interval_s, last_boundary_ms)
        run_id = self.run and self.run.run_id
        self._service.log.info("continuing after the last cycle", run_id=run_id, last_boundary_ms=last_boundary_ms)

    def until_due_s(self) -> float:
        """How long until the next cycle is due, 0 while one is or may be."""
        return self._cycles.until_due_ms(self._session.market_ms()) / 1_000

    async def publish_if_due(self) -> None:
        """Takes and publishes the due cycle's snapshot; without a fresh price of every coin it waits and warns once."""
        cycle = self._cycles.due(self._session.market_ms())
        self._note_due(cycle)
        if cycle is None or not self._backfill.max_leverages or not self._session.is_connected:
            return
        if self.run is None:
            self.run = Run(secrets.token_hex(3), cycle.boundary_ms, self._settings.hyperliquid_env)
        try:
            event = self._build_event(cycle, self.run)
        except IncompleteMarket as error:
            if self._warned_of_ms != cycle.boundary_ms:
                self._warned_of_ms = cycle.boundary_ms
                self._service.log.warning("no snapshot yet", reason=str(error))
            return
        await self._service.publish(event, cache={SNAPSHOT_KEY: encode(event), RUN_KEY: self.run.encode()})
        self._cycles.mark_done(cycle)
        self._due_since_s = None
        metrics.CYCLE_OVERDUE_S.set(0)
        metrics.SNAPSHOTS.inc()
        metrics.MISSED_CYCLES.inc(cycle.missed)
        self._service.log.info("snapshot", cycle_id=event.cycle_id, partial=event.data.partial, missed=cycle.missed)

    def _note_due(self, cycle: Cycle | None) -> None:
        """Counts from the first cycle that is due until one is published, also past the time of its snapshot."""
        now_s = self._service.clock.monotonic()
        if self._due_since_s is None and cycle is not None:
            self._due_since_s = now_s
        metrics.CYCLE_OVERDUE_S.set(0 if self._due_since_s is None else now_s - self._due_since_s)

    def _build_event(self, cycle: Cycle, run: Run) -> Event[MarketSnapshot]:
        now_ms = self._service.clock.now_ms()
        snapshot = freeze(
            self._session.market,
            cycle,
            run,
            interval_s=self._settings.decision_interval_s,
            fresh_since_ms=self._session.fresh_since_ms(),
            max_leverages=self._backfill.max_leverages,
            sentiment=self._sentiment.current(now_ms),
        )
        return originate(
            snapshot,
            keys=(run.run_id, cycle.boundary_ms),
            time_ms=cycle.boundary_ms,
            now_ms=now_ms,
            cycle_id=cycle_id(run.run_id, cycle.boundary_ms),
        )


def _boundary_of(body: object, run: Run | None) -> int | None:
    """The boundary of the last snapshot of this run, if it can be read."""
    if not isinstance(body, bytes) or run is None:
        return None
    try:
        event = decode(MarketSnapshot.TYPE, body)
    except UnreadableEvent:
        return None
    return event.data.boundary_ms if event.data.run_id == run.run_id else None
