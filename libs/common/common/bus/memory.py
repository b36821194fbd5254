"""The bus in memory, for simulations and tests of services: the same contract, one process, a manual clock."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from common.bus.port import (
    SEEN_WINDOW_MS,
    Commit,
    CommitResult,
    Delivery,
    Failure,
    Fence,
    Fenced,
    Trimmed,
    Unavailable,
    publication_of,
)
from common.events.catalog import DEAD_SUFFIX
from common.events.codec import UnreadableEvent, decode, encode
from common.events.envelope import Event

EntryId = tuple[int, int]


@dataclass(slots=True)
class _Entry:
    body: bytes
    assigned: dict[str, Any]


@dataclass(slots=True)
class _Pending:
    consumer: str
    delivered_ms: int


@dataclass(slots=True)
class _Group:
    last_read: EntryId = (0, 0)
    pending: dict[EntryId, _Pending] = field(default_factory=dict)
    failures: dict[EntryId, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Stream:
    epoch: int
    entries: dict[EntryId, _Entry] = field(default_factory=dict)
    groups: dict[str, _Group] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    last_id: EntryId = (0, 0)


class MemoryBus:
    """Implements the Bus port. `now_ms` is the bus's clock."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._arrived = asyncio.Event()
        self._births = 0
        self.wipe()

    def wipe(self) -> None:
        """Forgets everything, as a flushed Redis does; counters start again under a new epoch."""
        self._streams: dict[str, _Stream] = {}
        self._leases: dict[str, tuple[str, int, int]] = {}
        self._newest: dict[str, int] = {}
        self.cache: dict[str, bytes | str] = {}

    def events(self, stream: str) -> list[Event[Any]]:
        """Everything in a stream, oldest first."""
        found = self._streams.get(stream)
        return [_read(stream, entry) for entry in found.entries.values()] if found else []

    async def prepare(self, group: str, streams: Sequence[str]) -> None:
        for stream in streams:
            self._stream(stream).groups.setdefault(group, _Group())

    async def read_new(
        self, group: str, consumer: str, streams: Sequence[str], *, count: int, block_ms: int
    ) -> list[Delivery]:
        found = self._take_new(group, consumer, streams, count)
        if found or block_ms <= 0:
            return found
        self._arrived.clear()
        try:
            async with asyncio.timeout(block_ms / 1000):
                await self._arrived.wait()
        except TimeoutError:
            return []
        return self._take_new(group, consumer, streams, count)

    async def read_pending(
        self, group: str, consumer: str, streams: Sequence[str], *, after: Mapping[str, str], count: int
    ) -> list[Delivery]:
        found: list[Delivery] = []
        for stream in streams:
            start = _parse(after.get(stream, "0"))
            pending = self._group(stream, group).pending
            mine = sorted(entry for entry, p in pending.items() if p.consumer == consumer and entry > start)
            found += [self._delivery(stream, entry) for entry in mine[:count]]
        return found

    async def claim(
        self, group: str, consumer: str, streams: Sequence[str], *, min_idle_ms: int, count: int
    ) -> list[Delivery]:
        found: list[Delivery] = []
        for stream in streams:
            pending = self._group(stream, group).pending
            idle = [e for e, p in sorted(pending.items()) if self._now_ms() - p.delivered_ms >= min_idle_ms][:count]
            for entry in idle:
                pending[entry] = _Pending(consumer, self._now_ms())
                found.append(self._delivery(stream, entry))
        return found

    async def commit(self, commit: Commit) -> CommitResult:
        self._check(commit.fence)
        refused = 0
        outputs: list[Event[Any]] = []
        for handled in commit.handled:
            group = self._stream(handled.stream).groups.get(commit.group)
            entry = _parse(handled.entry_id)
            if group is None or group.pending.pop(entry, None) is None:
                refused += 1
                continue
            group.failures.pop(entry, None)
            outputs += handled.outputs
        outputs += commit.events
        published = sum(self._append(event, commit.source) for event in outputs)
        self.cache.update(commit.cache)
        return CommitResult(refused, published, len(outputs) - published)

    async def fail(self, group: str, stream: str, entry_id: str, *, reason: str, limit: int) -> Failure:
        held = self._group(stream, group)
        entry = _parse(entry_id)
        if entry not in held.pending:
            return Failure(0, False)
        held.failures[entry] = held.failures.get(entry, 0) + 1
        count = held.failures[entry]
        if count < limit:
            return Failure(count, False)
        dead = self._stream(stream + DEAD_SUFFIX)
        dead.last_id = self._next_id(dead)
        dead.entries[dead.last_id] = self._stream(stream).entries[entry]
        del held.pending[entry], held.failures[entry]
        return Failure(count, True)

    async def unacknowledged(self, group: str, stream: str, *, count: int) -> list[Event[Any]]:
        found = self._streams.get(stream)
        if found is None:
            return []
        latest = list(found.entries)[-count:]
        held = found.groups.get(group)
        if held is not None:
            latest = [entry for entry in latest if entry in held.pending or entry > held.last_read]
        deliveries = [self._delivery(stream, entry) for entry in latest]
        return [delivery.event for delivery in deliveries if delivery.event is not None]

    async def cached(self, keys: Sequence[str]) -> list[bytes | None]:
        values = [self.cache.get(key) for key in keys]
        return [value.encode() if isinstance(value, str) else value for value in values]

    async def acquire_lease(self, lease: str, owner: str, *, ttl_ms: int) -> int | None:
        holder = self._leases.get(lease)
        if holder is not None and holder[0] != owner and holder[2] > self._now_ms():
            return None
        token = max(self._newest.get(lease, 0) + 1, self._birth())
        self._newest[lease] = token
        self._leases[lease] = (owner, token, self._now_ms() + ttl_ms)
        return token

    async def renew_lease(self, lease: str, token: int, owner: str, *, ttl_ms: int) -> bool:
        if self._newest.get(lease) != token:
            return False
        self._leases[lease] = (owner, token, self._now_ms() + ttl_ms)
        return True

    async def release_lease(self, lease: str, token: int) -> None:
        if self._newest.get(lease) == token:
            self._leases.pop(lease, None)

    async def trim(self, stream: str, *, retention_ms: int, hard_cap_entries: int) -> Trimmed:
        if stream not in self._streams:
            return Trimmed(0, ())
        found = self._streams[stream]
        needed = {name: min(g.pending, default=_after(g.last_read)) for name, g in found.groups.items()}
        limit = min([(self._now_ms() - retention_ms, 0), *needed.values()])
        gone = [entry for entry in found.entries if entry < limit]
        over = len(found.entries) - len(gone) - hard_cap_entries
        lost = [entry for entry in found.entries if entry >= limit][: max(0, over)]
        for entry in (*gone, *lost):
            del found.entries[entry]
        broken = tuple(name for name, first in needed.items() if lost and first <= lost[-1])
        return Trimmed(len(gone) + len(lost), broken)

    async def close(self) -> None:
        return None

    def _birth(self) -> int:
        self._births += 1
        return self._now_ms() * 1000 + self._births

    def _stream(self, name: str) -> _Stream:
        if name not in self._streams:
            self._streams[name] = _Stream(epoch=self._birth())
        return self._streams[name]

    def _group(self, stream: str, group: str) -> _Group:
        found = self._streams.get(stream)
        if found is None or group not in found.groups:
            raise Unavailable(f"the streams' groups are gone: no group {group} of {stream}")
        return found.groups[group]

    def _take_new(self, group: str, consumer: str, streams: Sequence[str], count: int) -> list[Delivery]:
        found: list[Delivery] = []
        for stream in streams:
            held = self._group(stream, group)
            fresh = self._unread(stream, held.last_read)[:count]
            for entry in fresh:
                held.pending[entry] = _Pending(consumer, self._now_ms())
                held.last_read = entry
                found.append(self._delivery(stream, entry))
        return found

    def _unread(self, stream: str, last_read: EntryId) -> list[EntryId]:
        """Entries past `last_read`, oldest first; searched from the newest on, since most have been read."""
        found: list[EntryId] = []
        held = self._stream(stream)
        if held.last_id <= last_read:
            return found
        for entry in reversed(held.entries):
            if entry <= last_read:
                break
            found.append(entry)
        return found[::-1]

    def _delivery(self, stream: str, entry: EntryId) -> Delivery:
        held = self._stream(stream).entries.get(entry)
        name = f"{entry[0]}-{entry[1]}"
        if held is None:
            return Delivery(stream, name, None, f"{stream}: the entry was trimmed")
        try:
            return Delivery(stream, name, _read(stream, held))
        except UnreadableEvent as error:
            return Delivery(stream, name, None, str(error))

    def _check(self, fence: Fence | None) -> None:
        if fence is not None and self._newest.get(fence.lease, fence.token + 1) > fence.token:
            raise Fenced(f"FENCED {fence.lease}")

    def _append(self, event: Event[Any], source: str) -> bool:
        stream = self._stream(event.type)
        deduplicated, channel = publication_of(event)
        if deduplicated:
            published_ms = stream.seen.get(event.id)
            if published_ms is not None and self._now_ms() - published_ms <= SEEN_WINDOW_MS:
                return False
            stream.seen[event.id] = self._now_ms()
        assigned: dict[str, Any] = {"source": source, "epoch": stream.epoch}
        assigned["sequence"] = _count(stream.counters, f"source:{source}")
        if channel:
            assigned["channel_sequence"] = _count(stream.counters, f"channel:{channel}")
        stream.last_id = self._next_id(stream)
        stream.entries[stream.last_id] = _Entry(encode(event), assigned)
        self._arrived.set()
        return True

    def _next_id(self, stream: _Stream) -> EntryId:
        return max((self._now_ms(), 0), _after(stream.last_id))


def _after(entry: EntryId) -> EntryId:
    return (entry[0], entry[1] + 1)


def _count(counters: dict[str, int], name: str) -> int:
    counters[name] = counters.get(name, 0) + 1
    return counters[name]


def _parse(entry_id: str) -> EntryId:
    ms, _, index = entry_id.partition("-")
    return (int(ms), int(index or 0))


def _read(stream: str, entry: _Entry) -> Event[Any]:
    return decode(stream.removesuffix(DEAD_SUFFIX), entry.body, **entry.assigned)
