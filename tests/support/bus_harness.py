"""Both implementations of the bus for the contract tests, with the faults that the contract covers."""

import asyncio
from typing import Any, Protocol

import redis.asyncio

from common.bus import Bus, Commit, Unavailable
from common.bus.memory import MemoryBus
from common.bus.redis_streams import RedisBus, read_entry
from common.events import Event


class BusHarness(Protocol):
    """One implementation under test, with the faults that the contract covers."""

    bus: Bus

    async def wipe(self) -> None: ...

    async def lose_next_reply(self) -> None: ...

    async def cache(self, key: str) -> bytes | str | None: ...

    async def events(self, stream: str) -> list[Event[Any]]: ...


class MemoryHarness:
    def __init__(self) -> None:
        self.now_ms = 1_000_000
        self.memory = MemoryBus(lambda: self.now_ms)
        self.bus: Bus = self.memory

    async def wipe(self) -> None:
        self.now_ms += 1
        self.memory.wipe()

    async def lose_next_reply(self) -> None:
        self.bus = ReplyLosingBus(self.memory, self)

    async def cache(self, key: str) -> bytes | str | None:
        return self.memory.cache.get(key)

    async def events(self, stream: str) -> list[Event[Any]]:
        return self.memory.events(stream)


class ReplyLosingBus(MemoryBus):
    """Lets one commit happen and hides that it did."""

    def __init__(self, memory: MemoryBus, harness: MemoryHarness) -> None:
        self.__dict__ = memory.__dict__
        self._harness = harness

    async def commit(self, commit: Commit) -> Any:
        await super().commit(commit)
        self._harness.bus = self._harness.memory
        raise Unavailable("the reply was lost")


class RedisHarness:
    """A real Redis behind a proxy that can swallow a reply."""

    def __init__(self, url: str, proxy: "ReplyProxy") -> None:
        self._client = redis.asyncio.Redis.from_url(url)
        self._proxy = proxy
        self.redis_bus = RedisBus(proxy.url(url))
        self.bus: Bus = self.redis_bus

    async def wipe(self) -> None:
        await self._client.flushall()
        await self._client.function_flush()  # type: ignore[misc]

    async def lose_next_reply(self) -> None:
        await self.bus.commit(Commit("harness"))  # The connection's own greeting is not the reply that is meant.
        self._proxy.swallow = True

    async def cache(self, key: str) -> bytes | str | None:
        found: Any = await self._client.get(key)
        return None if found is None else bytes(found)

    async def events(self, stream: str) -> list[Event[Any]]:
        entries: Any = await self._client.xrange(stream)
        return [read_entry(stream, fields) for _, fields in entries]

    async def close(self) -> None:
        await self.redis_bus.close()
        await self._client.aclose()


class ReplyProxy:
    """Forwards bytes to Redis; with `swallow` set it cuts the connection instead of passing a reply on."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self.swallow = False
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    def url(self, redis_url: str) -> str:
        assert self._server is not None
        host, port = self._target
        return redis_url.replace(f"{host}:{port}", f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}")

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        up_reader, up_writer = await asyncio.open_connection(*self._target)
        try:
            await asyncio.gather(self._pump(reader, up_writer, False), self._pump(up_reader, writer, True))
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            up_writer.close()
            self._tasks.discard(task)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_reply: bool) -> None:
        while data := await reader.read(65536):
            if is_reply and self.swallow:
                self.swallow = False
                raise ConnectionResetError
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError
