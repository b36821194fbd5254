"""The outbox: events are stored in the transaction that makes them true, and published in order afterwards."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import psycopg

from common.events import AccountUpdated, Event
from common.events.codec import UnreadableEvent, decode, encode
from common.runtime.backoff import Backoff
from common.runtime.database import Pool
from common.runtime.outages import is_outage
from common.runtime.service import Service
from executor.storage import metrics

BATCH_EVENTS: Final = 100
POLL_S: Final = 5.0


async def append_events(connection: psycopg.AsyncConnection[Any], events: Sequence[Event[Any]]) -> None:
    """Appends events to the outbox within the caller's transaction."""
    for event in events:
        await connection.execute(
            "INSERT INTO executor_outbox (type, body) VALUES (%s, %s)", (event.type, encode(event).decode())
        )


class Outbox:
    """Publishes what the table holds, in the order of its numbers, and then the newest state of each account.

    One task runs `run`, from the moment `start` is called (the service's rebuild). Everybody else may `append`, `wake`
    and `set_account` at any time. A batch is published first and deleted afterwards: a crash in between publishes it
    again under the same ids, which consumers drop. An outage of Redis or PostgreSQL leaves events in the table and is
    retried for ever. A row that is no event keeps its place in the table, marked as unreadable, with an alert; those
    behind it are published. Account states are not stored: one that is replaced before it is published is never
    published, and after a crash the next poll makes a new one.
    """

    def __init__(self, pool: Pool, service: Service) -> None:
        self._pool, self._service = pool, service
        self._started, self._appended = asyncio.Event(), asyncio.Event()
        self._accounts: dict[str, Event[AccountUpdated]] = {}

    def start(self) -> None:
        """Lets `run` publish."""
        self._started.set()

    def wake(self) -> None:
        """Events have been appended in a transaction that is committed now."""
        self._appended.set()

    async def append(self, *events: Event[Any]) -> None:
        """Appends events in a transaction of their own."""
        async with self._pool.connection() as connection:
            await append_events(connection, events)
        self.wake()

    def set_account(self, event: Event[AccountUpdated]) -> None:
        """The newest state of one account; replaces one that is not published yet."""
        self._accounts[event.data.model] = event
        self.wake()

    async def run(self) -> None:
        """Publishes until cancelled."""
        await self._started.wait()
        pause = Backoff(base_s=0.2, cap_s=5)
        while True:
            self._appended.clear()
            try:
                while await self._publish_batch():
                    pass
                await self._publish_accounts()
                pause.reset()
            except Exception as error:
                if not is_outage(error):
                    raise
                self._service.log.warning("events wait in the outbox; trying again", reason=str(error))
                await self._service.clock.sleep(pause.next_s())
                continue
            try:
                async with asyncio.timeout(POLL_S):
                    await self._appended.wait()
            except TimeoutError:
                pass

    async def _publish_batch(self) -> bool:
        """Publishes the oldest events and deletes them; returns whether there may be more."""
        query = "SELECT number, type, body FROM executor_outbox WHERE unreadable IS NULL ORDER BY number LIMIT %s"
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(query, (BATCH_EVENTS,))).fetchall()
        metrics.OUTBOX.set(len(rows))
        events: dict[int, Event[Any]] = {}
        for number, kind, body in rows:
            try:
                events[number] = decode(kind, body.encode())
            except UnreadableEvent as error:
                await self._set_aside(number, str(error))
        if events:
            await self._service.publish(*events.values())
            async with self._pool.connection() as connection:
                await connection.execute("DELETE FROM executor_outbox WHERE number = ANY(%s)", (list(events),))
        return len(rows) == BATCH_EVENTS

    async def _set_aside(self, number: int, reason: str) -> None:
        async with self._pool.connection() as connection:
            await connection.execute("UPDATE executor_outbox SET unreadable = %s WHERE number = %s", (reason, number))
        self._service.report_unreadable("executor_outbox", number, reason)

    async def _publish_accounts(self) -> None:
        for model, event in list(self._accounts.items()):
            await self._service.publish(event, cache={f"account:{model}": encode(event)})
            if self._accounts.get(model) is event:
                del self._accounts[model]
