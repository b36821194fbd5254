"""A batch of events into PostgreSQL in one transaction, then the pushes that follow from it."""

from collections.abc import Sequence
from typing import Any

from psycopg.rows import dict_row

from common.events import (
    AccountLedger,
    AccountUpdated,
    AgentDecision,
    Channel,
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
    WsPush,
    derive,
)
from common.runtime.database import Pool
from common.runtime.service import Service
from recorder import metrics, tables
from recorder.accounts import take_state
from recorder.books import check_books, funded_markets, movement_row
from recorder.config import RecorderSettings
from recorder.episodes import refold, refold_intents
from recorder.market import refresh_benchmarks, take_snapshots
from recorder.memory import write_memory
from recorder.statistics import refresh_decisions, refresh_trades
from recorder.tables import Connection

PUSH_EVERY_MS = 1_000
CHANNELS = tuple(Channel)


class Recorder:
    """Stores batches. What it remembers is only how recently it pushed each account."""

    def __init__(self, pool: Pool, service: Service, settings: RecorderSettings) -> None:
        self._pool, self._service, self._settings = pool, service, settings
        self._pushed_ms: dict[str, int] = {}
        self._pushed: dict[tuple[str, Channel], Any] = {}

    async def forget(self) -> None:
        """Whether the last pushes went out isn't known: the next ones don't rely on them."""
        self._pushed_ms.clear()
        self._pushed.clear()

    async def store(self, events: Sequence[Event[Any]], now_ms: int) -> tuple[Event[Any], ...]:
        """Stores a batch, all or nothing; storing it again changes nothing and gives the same pushes."""
        async with self._pool.connection() as connection, connection.transaction():
            await self._store_rows(connection, events)
            touched = await self._settle(connection, events)
            pushes = await self._pushes(connection, events, touched, now_ms)
            pushes += await check_books(connection, events, now_ms)
            # A decision changes nothing of it, but brings it back after Redis was wiped.
            memories = {e.data.model for e in events if isinstance(e.data, AgentDecision | RiskDenied | OrderFilled)}
            for model in memories:
                await write_memory(connection, self._service.redis, model)
        metrics.ROWS.inc(len(events))
        return pushes

    async def _store_rows(self, connection: Connection, events: Sequence[Event[Any]]) -> None:
        def of(*types: type) -> list[Any]:
            return [event for event in events if isinstance(event.data, types)]

        await tables.insert(connection, "ai_decisions", [tables.decision_row(e) for e in of(AgentDecision)])
        await tables.insert(connection, "verdicts", [tables.verdict_row(e) for e in of(RiskApproved, RiskDenied)])
        fills = of(OrderFilled)
        await tables.insert(connection, "fills", [tables.fill_row(e) for e in fills])
        orders = [tables.order_row(e) for e in of(OrderAccepted, OrderRejected, OrderCancelled)]
        orders += [row for e in fills if (row := tables.filled_order_row(e)) is not None]
        await tables.upsert_orders(connection, orders)
        await tables.insert(connection, "account_movements", [movement_row(e) for e in of(AccountLedger)])
        await tables.insert(connection, "alerts", [tables.alert_row(e) for e in of(SystemAlert)])
        await tables.insert(connection, "commands", [tables.command_row(e) for e in of(ControlCommand)])
        await take_snapshots(connection, of(MarketSnapshot))
        for event in of(AccountUpdated):
            await take_state(connection, event, self._settings.snapshot_interval_s)

    async def _settle(self, connection: Connection, events: Sequence[Event[Any]]) -> dict[str, Event[Any]]:
        """Brings trades and decisions up to date; returns, per decision, the last event that touched it."""
        touched: dict[str, Event[Any]] = {}
        fills = [event for event in events if isinstance(event.data, OrderFilled)]
        intents = {e.data.intent_id: e for e in fills if e.data.intent_id}
        decisions = await tables.decisions_of_intents(connection, list(intents))
        touched |= {decisions[intent]: event for intent, event in intents.items() if intent in decisions}
        for event in events:
            if isinstance(event.data, AgentDecision):
                touched.setdefault(event.id, event)
            elif isinstance(event.data, RiskApproved | RiskDenied):
                touched.setdefault(event.data.decision_id, event)
        await refold(
            connection, [*((e.data.model, e.data.symbol.value, e.time_ms) for e in fills), *funded_markets(events)]
        )
        approved = [event.id for event in events if isinstance(event.data, RiskApproved)]
        if approved:
            await refold_intents(connection, approved)
        await tables.settle_decisions(connection, list(touched))
        await self._settle_statistics(connection, events)
        return touched

    async def _settle_statistics(self, connection: Connection, events: Sequence[Event[Any]]) -> None:
        decisions = [event for event in events if isinstance(event.data, AgentDecision)]
        traded = {
            event.data.model for event in events if isinstance(event.data, OrderFilled | AccountLedger | RiskApproved)
        }
        traded |= await tables.models_traded_by(connection, [event.id for event in decisions])
        await refresh_trades(connection, sorted(traded))
        await refresh_decisions(connection, [(event.data.model, event.time_ms) for event in decisions])
        if any(isinstance(event.data, MarketSnapshot) for event in events):
            await refresh_benchmarks(connection)

    # Pushes.

    async def _pushes(
        self, connection: Connection, events: Sequence[Event[Any]], touched: dict[str, Event[Any]], now_ms: int
    ) -> tuple[Event[Any], ...]:
        pushes: list[Event[Any]] = []
        rows = await _select(
            connection, "SELECT * FROM api_decisions WHERE id = ANY(%s) ORDER BY time_ms, id", list(touched)
        )
        pushes += [self._push(touched[row["id"]], Channel.AI_DECISION, row, now_ms) for row in rows]
        fills = {event.id: event for event in events if isinstance(event.data, OrderFilled)}
        rows = await _select(connection, "SELECT * FROM api_fills WHERE id = ANY(%s) ORDER BY time_ms, id", list(fills))
        pushes += [self._push(fills[row["id"]], Channel.TRADE_EXECUTED, row, now_ms) for row in rows]
        states = {event.data.model: event for event in events if isinstance(event.data, AccountUpdated)}
        for model, event in states.items():
            pushes += await self._account_pushes(connection, model, event, now_ms)
        return tuple(pushes)

    async def _account_pushes(
        self, connection: Connection, model: str, event: Event[Any], now_ms: int
    ) -> list[Event[Any]]:
        """Positions and account of one model where they differ from what was last pushed, at most once a second."""
        if now_ms - self._pushed_ms.get(model, 0) < PUSH_EVERY_MS:
            return []
        positions = await _select(connection, "SELECT * FROM api_positions WHERE model = %s ORDER BY symbol", model)
        accounts = await _select(connection, "SELECT * FROM api_accounts WHERE model = %s", model)
        pushes = []
        contents = ((Channel.POSITION_UPDATE, {"model": model, "positions": positions}),)
        for channel, content in (*contents, *((Channel.ACCOUNT_UPDATE, row) for row in accounts)):
            if self._pushed.get((model, channel)) != content:
                self._pushed[model, channel] = content
                pushes.append(self._push(event, channel, content, now_ms))
        self._pushed_ms[model] = now_ms
        return pushes

    def _push(self, cause: Event[Any], channel: Channel, content: dict[str, Any], now_ms: int) -> Event[WsPush]:
        """A push that follows from `cause`; one cause makes at most one push a channel."""
        return derive(cause, WsPush(channel=channel, data=content), now_ms, index=CHANNELS.index(channel))


async def _select(connection: Connection, query: str, parameter: Any) -> list[dict[str, Any]]:
    if parameter == []:
        return []
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(query.encode(), (parameter,))
    return await cursor.fetchall()
