"""The bus as one process sees it: the in-memory bus behind fault points, so that replies are lost and kills happen."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from common.bus.memory import MemoryBus
from common.bus.port import Commit, CommitResult, Delivery, Failure, Trimmed
from common.bus.redis_streams import RedisBus
from common.events.envelope import Event
from simulation.hostile.store_states import GROUP, READ, WRITE
from simulation.process import ProcessRun
from simulation.trace import Trace

_NO_BUS: Any = None


async def _refused(error: Exception) -> None:
    raise error


class FaultyBus:
    """Implements the Bus port for one run of a process. `published` is called with each event of a commit."""

    def __init__(
        self, memory: MemoryBus, run: ProcessRun, trace: Trace, published: Callable[[Event[Any]], None]
    ) -> None:
        self._memory, self._run, self._trace, self._published = memory, run, trace, published

    async def _enter(self, kind: str) -> None:
        """The fault point before a command; what Redis answers instead of it becomes what RedisBus makes of it."""
        await self._run.fault_point("bus")
        error = self._run.faults.bus_error(kind, asyncio.get_running_loop().time())
        if error is not None:
            await RedisBus._checked(_NO_BUS, _refused(error))

    async def prepare(self, group: str, streams: Sequence[str]) -> None:
        await self._enter(WRITE)
        await self._memory.prepare(group, streams)

    async def read_new(
        self, group: str, consumer: str, streams: Sequence[str], *, count: int, block_ms: int
    ) -> list[Delivery]:
        await self._enter(GROUP)
        found = await self._memory.read_new(group, consumer, streams, count=count, block_ms=block_ms)
        await self._run.fault_point("bus.done")
        return found

    async def read_pending(
        self, group: str, consumer: str, streams: Sequence[str], *, after: Mapping[str, str], count: int
    ) -> list[Delivery]:
        await self._enter(GROUP)
        return await self._memory.read_pending(group, consumer, streams, after=after, count=count)

    async def claim(
        self, group: str, consumer: str, streams: Sequence[str], *, min_idle_ms: int, count: int
    ) -> list[Delivery]:
        await self._enter(GROUP)
        return await self._memory.claim(group, consumer, streams, min_idle_ms=min_idle_ms, count=count)

    async def commit(self, commit: Commit) -> CommitResult:
        await self._enter(WRITE)
        result = await self._memory.commit(commit)
        for event in (*(each for handled in commit.handled for each in handled.outputs), *commit.events):
            self._trace.record(commit.source, event.type, id=event.id, cause=event.cause_id, data=_shown(event))
            self._published(event)
        await self._run.fault_point("bus.done")
        return result

    async def fail(self, group: str, stream: str, entry_id: str, *, reason: str, limit: int) -> Failure:
        await self._enter(WRITE)
        return await self._memory.fail(group, stream, entry_id, reason=reason, limit=limit)

    async def unacknowledged(self, group: str, stream: str, *, count: int) -> list[Event[Any]]:
        await self._enter(READ)
        return await self._memory.unacknowledged(group, stream, count=count)

    async def cached(self, keys: Sequence[str]) -> list[bytes | None]:
        await self._enter(READ)
        return await self._memory.cached(keys)

    async def acquire_lease(self, lease: str, owner: str, *, ttl_ms: int) -> int | None:
        await self._enter(WRITE)
        return await self._memory.acquire_lease(lease, owner, ttl_ms=ttl_ms)

    async def renew_lease(self, lease: str, token: int, owner: str, *, ttl_ms: int) -> bool:
        await self._enter(WRITE)
        return await self._memory.renew_lease(lease, token, owner, ttl_ms=ttl_ms)

    async def release_lease(self, lease: str, token: int) -> None:
        await self._enter(WRITE)
        await self._memory.release_lease(lease, token)

    async def trim(self, stream: str, *, retention_ms: int, hard_cap_entries: int) -> Trimmed:
        await self._enter(WRITE)
        return await self._memory.trim(stream, retention_ms=retention_ms, hard_cap_entries=hard_cap_entries)

    async def close(self) -> None: ...


def _shown(event: Event[Any]) -> str:
    """An event's data, short: enough for a person, and for a hash."""
    data = event.data.model_dump_json(exclude={"rules", "open_orders", "snapshot_mid_prices"}, exclude_none=True)
    return str(data)
