"""A batch of events into PostgreSQL in one transaction, and the events that follow from it."""

from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

from common.events import (
    AccountLedger,
    AccountUpdated,
    AgentDecision,
    ControlCommand,
    Event,
    MarketSnapshot,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    RiskApproved,
    RiskDenied,
    SystemAlert,
)
from common.runtime.database import Pool
from common.runtime.record.links import chain_of
from recorder.monitoring import metrics
from recorder.projections import accounts, decisions, market, results, statistics, trade_builder
from recorder.projections.agent_memory import write_memory
from recorder.projections.pnl_reconciliation import funding_payments, reconcile_accounts
from recorder.projections.pushes import PushBuilder
from recorder.storage import rows
from recorder.storage.epochs import enter_epoch, split_by_epoch
from recorder.storage.linked_rows import LINKED_ROWS, insert_linked_rows
from recorder.storage.record import EPOCH, Head, RecordWriter
from recorder.storage.statements import Connection, insert, upsert_orders


class Recorder:
    """Stores batches of events. PostgreSQL holds all state but what was pushed last (see `PushBuilder`).

    Order. The service delivers one batch at a time, in each stream's order. Streams are consumed side by side, so a
    fill may come before the verdict that its order goes back to, and a verdict before its decision: every projection
    takes its rows in any order and gives the same tables in the end. Within a batch rows are written first, then what
    follows from them (trades, decisions, statistics), then pushes and alerts are read from the result.

    Failure. A batch is one transaction: whatever fails, none of it is stored, and the consumer begins a new session,
    which calls `forget` and delivers the batch again. A batch that was committed and whose acknowledgment was
    lost is delivered again too: keys of rows, and ids of the returned events, follow from the events, so that it
    changes nothing and returns events that are published already.

    Record. Rows of decisions, verdicts, fills, payments and snapshots are inserted with a link each: see
    `RecordWriter`, whose locks come before everything else that a batch writes.

    Epochs. A state of another account begins that account's epoch: what was recorded earlier is stored before it. The
    change is a link of its own, so that an audit knows under which name each row is kept.
    """

    def __init__(self, pool: Pool, redis: Redis, *, snapshot_interval_s: int, contenders: Sequence[str]) -> None:
        """`contenders` are the roster's ids: a model is reminded of its standing among those."""
        self._pool, self._redis, self._snapshot_interval_s = pool, redis, snapshot_interval_s
        self._contenders = contenders
        self._pushes = PushBuilder()
        self._record = RecordWriter()

    async def forget(self) -> None:
        """The service's rebuild hook, called at the beginning of each session."""
        self._pushes.forget()
        self._record.forget()

    async def store(self, events: Sequence[Event[Any]], now_ms: int) -> tuple[Event[Any], ...]:
        """Stores a batch, all or nothing; returns the pushes and alerts that follow from it."""
        try:
            async with self._pool.connection() as connection, connection.transaction():
                following = await self._store_by_epoch(connection, events, now_ms)
        except BaseException:
            self._record.forget()
            raise
        metrics.EVENTS.inc(len(events))
        return following

    async def _store_by_epoch(
        self, connection: Connection, events: Sequence[Event[Any]], now_ms: int
    ) -> tuple[Event[Any], ...]:
        following: tuple[Event[Any], ...] = ()
        chains = {chain_of(event) for event in _of(events, *LINKED_ROWS, AccountUpdated)}
        heads = await self._record.lock(connection, chains, now_ms)
        earlier, first, later = await split_by_epoch(connection, events)
        while first is not None:
            following += await self._store(connection, earlier, heads, now_ms)
            if (before := await enter_epoch(connection, first)) is not None:
                model, details = first.data.model, {"epoch": first.data.epoch, "before": before}
                await self._record.append_note(connection, model, heads[model], EPOCH, now_ms, details)
                await write_memory(connection, self._redis, model, self._contenders)
            earlier, first, later = await split_by_epoch(connection, later)
        return following + await self._store(connection, earlier, heads, now_ms)

    async def _store(
        self, connection: Connection, events: Sequence[Event[Any]], heads: dict[str, Head], now_ms: int
    ) -> tuple[Event[Any], ...]:
        """Stores events of one epoch of each account."""
        if not events:
            return ()
        await self._record.append(connection, heads, await self._store_rows(connection, events))
        touched = await _update_projections(connection, events)
        following = await self._pushes.build(connection, events, touched, now_ms)
        following += await reconcile_accounts(connection, events, now_ms)
        # A decision also restores the memory after Redis was wiped.
        remembered = _of(events, AgentDecision, RiskApproved, RiskDenied, OrderFilled, AccountLedger)
        for model in {event.data.model for event in remembered}:
            await write_memory(connection, self._redis, model, self._contenders)
        return following

    async def _store_rows(self, connection: Connection, events: Sequence[Event[Any]]) -> list[Event[Any]]:
        """Stores each event's row; returns the events of the record whose rows are new: see `insert_linked_rows`."""
        new = await insert_linked_rows(connection, _of(events, *LINKED_ROWS))
        fills = _of(events, OrderFilled)
        orders = [rows.order_row(event) for event in _of(events, OrderAccepted, OrderRejected, OrderCancelled)]
        orders += [row for event in fills if (row := rows.filled_order_row(event)) is not None]
        await upsert_orders(connection, orders)
        await insert(connection, "alerts", [rows.alert_row(event) for event in _of(events, SystemAlert)])
        await insert(connection, "commands", [rows.command_row(event) for event in _of(events, ControlCommand)])
        await market.store_prices(connection, _of(events, MarketSnapshot))
        for event in _of(events, AccountUpdated):
            await accounts.store_state(connection, event, self._snapshot_interval_s)
        return new


async def _update_projections(connection: Connection, events: Sequence[Event[Any]]) -> dict[str, Event[Any]]:
    """Brings trades, decisions and statistics in step with the rows; returns, per decision, the event that touched it.

    Trades come first: a decision is executed, and a statistic counts, by what the trades and fills are by then.
    """
    fills = _of(events, OrderFilled)
    touched = await _touched_decisions(connection, events)
    changes = [(event.data.model, event.data.symbol.value, event.time_ms) for event in fills]
    await trade_builder.rebuild(connection, [*changes, *funding_payments(events)])
    approvals = [event.id for event in _of(events, RiskApproved)]
    if approvals:
        await trade_builder.rebuild_intents(connection, approvals)
    await decisions.update_decisions(connection, list(touched))
    decided = _of(events, AgentDecision)
    traded = {event.data.model for event in _of(events, OrderFilled, AccountLedger, RiskApproved)}
    traded |= await decisions.copy_to_trades(connection, [event.id for event in decided])
    await statistics.update_trade_figures(connection, sorted(traded))
    await statistics.update_decision_figures(connection, [(event.data.model, event.time_ms) for event in decided])
    snapshots = _of(events, MarketSnapshot)
    if snapshots:
        newest = max(snapshots, key=lambda event: event.recorded_ms)
        await market.update_benchmarks(connection, newest.data.boundary_ms)
    await results.update_results(connection, touched, [event.time_ms for event in snapshots])
    return touched


async def _touched_decisions(connection: Connection, events: Sequence[Event[Any]]) -> dict[str, Event[Any]]:
    """Per decision id, the event whose push shows the decision's new state: a fill before a verdict or a decision."""
    filled = {event.data.intent_id: event for event in _of(events, OrderFilled) if event.data.intent_id}
    decision_ids = await decisions.find_decisions(connection, list(filled))
    touched = {decision_ids[intent_id]: event for intent_id, event in filled.items() if intent_id in decision_ids}
    for event in _of(events, AgentDecision, RiskApproved, RiskDenied):
        touched.setdefault(event.id if isinstance(event.data, AgentDecision) else event.data.decision_id, event)
    return touched


def _of(events: Sequence[Event[Any]], *types: type) -> list[Event[Any]]:
    return [event for event in events if isinstance(event.data, types)]
