"""Events written with what made them true, then published in order, through any outage of Redis."""

import asyncio
from collections.abc import Sequence
from typing import Any

import psycopg

from common.events import AccountUpdated, Event
from common.events.codec import decode, encode
from common.runtime.backoff import Backoff
from common.runtime.database import Pool
from common.runtime.outages import is_outage
from common.runtime.service import Service
from executor.storage import metrics

BATCH = 100
LOOK_S = 5.0


async def write_events(connection: psycopg.AsyncConnection[Any], events: Sequence[Event[Any]]) -> None:
    """Adds events to the outbox within the caller's transaction."""
    for event in events:
        await connection.execute(
            "INSERT INTO executor_outbox (type, body) VALUES (%s, %s)", (event.type, encode(event).decode())
        )


class Outbox:
    """Publishes what has been written, then the newest account states; an older unpublished state is dropped."""

    def __init__(self, pool: Pool, service: Service) -> None:
        self._pool, self._service = pool, service
        self._news = asyncio.Event()
        self._accounts: dict[str, Event[AccountUpdated]] = {}
        self.go = asyncio.Event()

    def wake(self) -> None:
        """Something has been written."""
        self._news.set()

    def set_account(self, event: Event[AccountUpdated]) -> None:
        """The newest state of one account."""
        self._accounts[event.data.model] = event
        self._news.set()

    async def run(self) -> None:
        """Publishes for ever."""
        await self.go.wait()
        pause = Backoff(base_s=0.2, cap_s=5)
        while True:
            self._news.clear()
            try:
                while await self._publish_written():
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
                async with asyncio.timeout(LOOK_S):
                    await self._news.wait()
            except TimeoutError:
                pass

    async def _publish_written(self) -> bool:
        """Publishes one batch and deletes it; a crash in between repeats it, which the events' ids make harmless."""
        async with self._pool.connection() as connection:
            query = "SELECT number, type, body FROM executor_outbox ORDER BY number LIMIT %s"
            rows = await (await connection.execute(query, (BATCH,))).fetchall()
        metrics.OUTBOX.set(len(rows))
        if not rows:
            return False
        await self._service.publish(*(decode(kind, body.encode()) for _, kind, body in rows))
        async with self._pool.connection() as connection:
            numbers = [number for number, _, _ in rows]
            await connection.execute("DELETE FROM executor_outbox WHERE number = ANY(%s)", (numbers,))
        return len(rows) == BATCH

    async def _publish_accounts(self) -> None:
        for model, event in list(self._accounts.items()):
            await self._service.publish(event, cache={f"account:{model}": encode(event)})
            if self._accounts.get(model) is event:
                del self._accounts[model]
