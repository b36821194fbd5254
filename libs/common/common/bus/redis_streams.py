"""The bus over Redis Streams: a blocking reader, a writer without blind retries, and the commit function."""

import hashlib
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from importlib.resources import files
from typing import Any, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoPermissionError, RedisError, ResponseError

from common.bus.bounded import bound_sending
from common.bus.connection import CommandConnection
from common.bus.port import (
    Commit,
    CommitResult,
    Delivery,
    Failure,
    Fence,
    Fenced,
    Trimmed,
    Unavailable,
    WrongKind,
    publication_of,
)
from common.bus.redis_errors import describe, is_redis_outage, is_wrong_type
from common.events.catalog import DEAD_SUFFIX
from common.events.codec import UnreadableEvent, decode, encode
from common.events.envelope import Event

_FUNCTIONS = "".join(
    files("common.bus").joinpath(name).read_text(encoding="utf-8") for name in ("commit.lua", "spend.lua")
)
VERSION = hashlib.sha256(_FUNCTIONS.encode()).hexdigest()[:16]
LIBRARY = f"{_FUNCTIONS}\nredis.register_function('aicoin_version', function() return '{VERSION}' end)\n"
"""The functions, and one that says which version of them is loaded."""
RIGHTS_HINT = "make run and make up load the bus's functions when they start"
BLOCK_LIMIT_MS = 5_000
REPLY_LIMIT_S = 5.0
MAX_COMMIT_ENTRIES = 1_000


def connect(url: str, *, reply_limit_s: float = REPLY_LIMIT_S) -> "Redis":
    """A client that never repeats a command by itself: what a lost reply means is the caller's decision."""
    return bound_sending(
        Redis.from_url(
            url,
            socket_connect_timeout=reply_limit_s,
            socket_timeout=reply_limit_s,
            retry=Retry(NoBackoff(), 0),
            decode_responses=False,
        )
    )


class RedisBus:
    """Implements the Bus port. `url` is REDIS_URL.

    Three connections: commits and blocking reads have one each, so that neither waits for the other; everything else
    goes through the client's pool. No command is ever repeated by itself: a commit whose reply was lost raises
    Unavailable, and the caller's repeat is recognized by its ids.
    """

    def __init__(self, url: str) -> None:
        self._writer = connect(url)
        self._commits = CommandConnection(self._writer, reply_limit_s=REPLY_LIMIT_S)
        self._reads = CommandConnection(self._writer, reply_limit_s=BLOCK_LIMIT_MS / 1000 + REPLY_LIMIT_S)

    @property
    def client(self) -> "Redis":
        """The writer's client, for reading and writing cache keys."""
        return self._writer

    async def prepare(self, group: str, streams: Sequence[str]) -> None:
        await self._checked(self._load())
        for stream in streams:
            try:
                await self._checked(self._writer.xgroup_create(stream, group, id="0", mkstream=True))
            except ResponseError as error:
                if not str(error).startswith("BUSYGROUP"):
                    raise

    async def read_new(
        self, group: str, consumer: str, streams: Sequence[str], *, count: int, block_ms: int
    ) -> list[Delivery]:
        if block_ms > BLOCK_LIMIT_MS:
            raise ValueError(f"block_ms is at most {BLOCK_LIMIT_MS}, got {block_ms}")
        return await self._read(group, consumer, dict.fromkeys(streams, ">"), count=count, block_ms=block_ms)

    async def read_pending(
        self, group: str, consumer: str, streams: Sequence[str], *, after: Mapping[str, str], count: int
    ) -> list[Delivery]:
        wanted = {stream: after.get(stream, "0") for stream in streams}
        return await self._read(group, consumer, wanted, count=count, block_ms=None)

    async def claim(
        self, group: str, consumer: str, streams: Sequence[str], *, min_idle_ms: int, count: int
    ) -> list[Delivery]:
        taken: list[Delivery] = []
        for stream in streams:
            reply = await self._checked(self._writer.xautoclaim(stream, group, consumer, min_idle_ms, count=count))
            taken += [_delivery(stream, entry_id, fields) for entry_id, fields in reply[1] if fields]
        return taken

    async def commit(self, commit: Commit) -> CommitResult:
        if len(commit.handled) + len(commit.events) > MAX_COMMIT_ENTRIES:
            raise ValueError(f"a commit holds at most {MAX_COMMIT_ENTRIES} entries")
        keys, arguments = _commit_arguments(commit)
        refused, published, repeated = await self._call("aicoin_commit", keys, arguments)
        return CommitResult(refused, published, repeated)

    async def fail(self, group: str, stream: str, entry_id: str, *, reason: str, limit: int) -> Failure:
        count, dead = await self._call("aicoin_fail", [stream], [group, entry_id, reason, limit])
        return Failure(count, bool(dead))

    async def unacknowledged(self, group: str, stream: str, *, count: int) -> list[Event[Any]]:
        entries = list(reversed(await self._checked(self._writer.xrevrange(stream, count=count))))
        try:
            groups = {each["name"]: each for each in await self._checked(self._writer.xinfo_groups(stream))}
        except ResponseError:
            groups = {}
        held = groups.get(group.encode())
        if held is not None:
            pending = await self._checked(self._writer.xpending_range(stream, group, "-", "+", count))
            waiting = {each["message_id"] for each in pending}
            until = _order_of(held["last-delivered-id"])
            entries = [entry for entry in entries if entry[0] in waiting or _order_of(entry[0]) > until]
        found: list[Event[Any]] = []
        for _, fields in entries:
            with suppress(UnreadableEvent):
                found.append(read_entry(stream, fields))
        return found

    async def cached(self, keys: Sequence[str]) -> list[bytes | None]:
        found: list[bytes | None] = await self._checked(self._writer.mget(list(keys)))
        return found

    async def acquire_lease(self, lease: str, owner: str, *, ttl_ms: int) -> int | None:
        token = await self._call("aicoin_acquire", [], [lease, owner, ttl_ms])
        return None if token is None else int(token)

    async def renew_lease(self, lease: str, token: int, owner: str, *, ttl_ms: int) -> bool:
        return bool(await self._call("aicoin_renew", [], [lease, token, ttl_ms, owner]))

    async def release_lease(self, lease: str, token: int) -> None:
        await self._call("aicoin_renew", [], [lease, token, 0, ""])

    async def trim(self, stream: str, *, retention_ms: int, hard_cap_entries: int) -> Trimmed:
        removed, *broken = await self._call("aicoin_trim", [stream], [retention_ms, hard_cap_entries])
        return Trimmed(removed, tuple(name.decode() for name in broken))

    async def close(self) -> None:
        await self._reads.close()
        await self._commits.close()
        await self._writer.aclose()

    async def _load(self) -> None:
        """Loads the functions where Redis has none or another version. Raises Unavailable without the right to."""
        if await self._loaded_version() == VERSION.encode():
            return
        try:
            await cast("Awaitable[Any]", self._writer.function_load(LIBRARY, replace=True))
        except NoPermissionError as error:
            raise Unavailable(f"{RIGHTS_HINT}; Redis lacks those of this version") from error

    async def _loaded_version(self) -> Any:
        try:
            return await self._writer.fcall("aicoin_version", 0)
        except ResponseError as error:
            if "Function not found" not in str(error):
                raise
            return None

    async def _call(self, function: str, keys: Sequence[str], arguments: Sequence[object]) -> Any:
        """Calls a library function; a server that has lost it refuses before any effect, and it is loaded again."""
        for attempt in (1, 2):
            try:
                return await self._checked(self._commits.send("FCALL", function, len(keys), *keys, *arguments))
            except ResponseError as error:
                if "FENCED" in str(error):
                    raise Fenced(str(error)) from error
                if attempt == 2 or "Function not found" not in str(error):
                    raise
                await self._checked(self._load())
        raise AssertionError("unreachable")

    async def _read(
        self, group: str, consumer: str, wanted: Mapping[str, str], *, count: int, block_ms: int | None
    ) -> list[Delivery]:
        waiting = () if block_ms is None else ("BLOCK", block_ms)
        command = (
            "XREADGROUP",
            "GROUP",
            group,
            consumer,
            "COUNT",
            count,
            *waiting,
            "STREAMS",
            *wanted,
            *wanted.values(),
        )
        reply = await self._checked(self._reads.send(*command))
        found: list[Delivery] = []
        for name, entries in reply.items() if isinstance(reply, dict) else reply or ():
            stream = name.decode()
            found += [_delivery(stream, entry_id, _paired(fields)) for entry_id, fields in entries]
        return found

    async def _checked(self, command: Awaitable[Any]) -> Any:
        try:
            return await command
        except (RedisError, OSError) as error:
            if is_wrong_type(error):
                raise WrongKind(f"Redis: {describe(error)}") from error
            if isinstance(error, OSError) or is_redis_outage(error):
                raise Unavailable(f"Redis: {describe(error)}") from error
            raise


def _commit_arguments(commit: Commit) -> tuple[list[str], list[object]]:
    """Keys and arguments of aicoin_commit, in the order that commit.lua reads them."""
    index_of: dict[str, int] = {}
    fence = commit.fence or Fence("", 0)
    arguments: list[object] = [commit.source, commit.group, fence.lease, fence.token, len(commit.cache)]
    for key, value in commit.cache.items():
        arguments += (key, value)

    def index(stream: str) -> int:
        return index_of.setdefault(stream, len(index_of) + 1)

    bare: dict[str, list[str]] = {}
    for stream, entry_id, outputs in commit.handled:
        if not outputs:
            bare.setdefault(stream, []).append(entry_id)
    arguments.append(len(bare))
    for stream, entries in bare.items():
        arguments += (index(stream), len(entries), *entries)

    def add(stream: str, entry_id: str, outputs: Sequence[Event[Any]]) -> None:
        arguments.extend((index(stream) if stream else 0, entry_id, len(outputs)))
        for event in outputs:
            arguments.extend((index(event.type), event.id, *publication_of(event), encode(event)))

    for stream, entry_id, outputs in commit.handled:
        if outputs:
            add(stream, entry_id, outputs)
    if commit.events:
        add("", "", commit.events)
    return list(index_of), arguments


def _delivery(stream: str, entry_id: bytes, fields: Mapping[bytes, bytes] | None) -> Delivery:
    name = entry_id.decode()
    try:
        return Delivery(stream, name, read_entry(stream, fields or {}))
    except UnreadableEvent as error:
        return Delivery(stream, name, None, str(error))


def _paired(fields: Sequence[bytes] | None) -> Mapping[bytes, bytes] | None:
    """An entry's fields by name; None for an entry that was deleted while pending."""
    return None if fields is None else dict(zip(fields[::2], fields[1::2], strict=True))


def _order_of(entry_id: bytes) -> tuple[int, int]:
    """An entry's id as numbers, by which entries are ordered."""
    milliseconds, _, number = entry_id.decode().partition("-")
    return int(milliseconds), int(number or 0)


def read_entry(stream: str, fields: Mapping[bytes, bytes]) -> Event[Any]:
    """The event in one stream entry's fields. Raises UnreadableEvent."""
    try:
        channel_sequence = fields.get(b"channel_sequence")
        return decode(
            stream.removesuffix(DEAD_SUFFIX),
            fields[b"event"],
            source=fields[b"source"].decode(),
            sequence=_counter(fields[b"sequence"]),
            epoch=_counter(fields[b"epoch"]),
            channel_sequence=None if channel_sequence is None else _counter(channel_sequence),
        )
    except (KeyError, ValueError) as error:
        raise UnreadableEvent(f"{stream}: not an entry of the bus: {error!r}") from error


def _counter(value: bytes) -> int:
    """A number as the bus assigns them. Raises ValueError."""
    number = int(value)
    if not 0 <= number < 2**63:
        raise ValueError(f"{number} is no counter")
    return number
