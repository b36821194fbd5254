"""The bus's contract, the same for Redis Streams and for the in-memory bus."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any, Protocol

import pytest
import redis.asyncio

from common.bus import Bus, Commit, Fence, Fenced, Handled, Unavailable
from common.bus.memory import MemoryBus
from common.bus.redis_streams import RedisBus
from common.events import Channel, Command, ControlCommand, Event, MarketTick, SystemAlert, WsPush, derive, originate
from common.events.control import AlertSeverity
from common.trading.instruments import Symbol

COMMAND = ControlCommand.TYPE
ALERT = SystemAlert.TYPE


class Harness(Protocol):
    """One implementation under test, with the faults that the contract speaks of."""

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
        self.bus = LosesOneReply(self.memory, self)

    async def cache(self, key: str) -> bytes | str | None:
        return self.memory.cache.get(key)

    async def events(self, stream: str) -> list[Event[Any]]:
        return self.memory.events(stream)


class LosesOneReply(MemoryBus):
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
        found: bytes | None = await self._client.get(key)
        return found

    async def events(self, stream: str) -> list[Event[Any]]:
        from common.bus.redis_streams import read_entry

        return [read_entry(stream, fields) for _, fields in await self._client.xrange(stream)]

    async def close(self) -> None:
        await self.redis_bus.close()
        await self._client.aclose()


class ReplyProxy:
    """Forwards bytes to Redis; once told to, it cuts the connection instead of passing a reply on."""

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


@pytest.fixture(params=["memory", "redis"])
async def harness(request: pytest.FixtureRequest) -> AsyncIterator[Harness]:
    if request.param == "memory":
        yield MemoryHarness()
        return
    url: str = request.getfixturevalue("redis_url")
    address = redis.asyncio.ConnectionPool.from_url(url).connection_kwargs
    proxy = ReplyProxy(address["host"], address["port"])
    await proxy.start()
    real = RedisHarness(url, proxy)
    try:
        yield real
    finally:
        await real.close()
        await proxy.stop()


def command(number: int) -> Event[ControlCommand]:
    payload = ControlCommand(command=Command.HALT, model=None, reason=f"number {number}", requested_by="test")
    return originate(payload, keys=(number,), time_ms=number, now_ms=number)


def alert(cause: Event[Any], index: int = 0) -> Event[SystemAlert]:
    payload = SystemAlert(
        code="SEEN", severity=AlertSeverity.INFO, service="test", model=None, message=cause.id, figures={}
    )
    return derive(cause, payload, 5, index=index)


async def publish(harness: Harness, *numbers: int) -> None:
    await harness.bus.commit(Commit("gateway", events=[command(number) for number in numbers]))


async def read(harness: Harness, consumer: str = "a", count: int = 100) -> list[Any]:
    return await harness.bus.read_new("risk", consumer, [COMMAND], count=count, block_ms=100)


def reasons(deliveries: list[Any]) -> list[str]:
    return [delivery.event.data.reason.removeprefix("number ") for delivery in deliveries]


async def test_events_arrive_in_order_with_gapless_sequences_and_one_epoch(harness: Harness) -> None:
    await harness.bus.prepare("risk", [COMMAND])
    await publish(harness, 1, 2)
    await publish(harness, 3)
    found = await read(harness)
    assert reasons(found) == ["1", "2", "3"]
    assert [d.event.sequence for d in found] == [1, 2, 3]
    assert {d.event.source for d in found} == {"gateway"}
    assert len({d.event.epoch for d in found}) == 1
    assert found[0].event.epoch > 0


async def test_sequences_count_per_producer(harness: Harness) -> None:
    await harness.bus.commit(Commit("gateway", events=[command(1)]))
    await harness.bus.commit(Commit("kill-switch", events=[command(2)]))
    assert [(e.source, e.sequence) for e in await harness.events(COMMAND)] == [("gateway", 1), ("kill-switch", 1)]


async def test_a_group_created_late_reads_from_the_beginning(harness: Harness) -> None:
    await publish(harness, 1)
    await harness.bus.prepare("risk", [COMMAND])
    await harness.bus.prepare("risk", [COMMAND])
    assert reasons(await read(harness)) == ["1"]


async def test_an_entry_goes_to_one_consumer_and_stays_pending_until_acknowledged(harness: Harness) -> None:
    await harness.bus.prepare("risk", [COMMAND])
    await publish(harness, 1, 2, 3)
    first = await read(harness, "a", count=2)
    assert reasons(await read(harness, "b")) == ["3"]
    again = await harness.bus.read_pending("risk", "a", [COMMAND], after={}, count=10)
    assert reasons(again) == ["1", "2"]
    await harness.bus.commit(Commit("risk", "risk", handled=[Handled(COMMAND, first[0].entry_id)]))
    left = await harness.bus.read_pending("risk", "a", [COMMAND], after={}, count=10)
    assert reasons(left) == ["2"]
    past = await harness.bus.read_pending("risk", "a", [COMMAND], after={COMMAND: left[0].entry_id}, count=10)
    assert past == []


async def test_untaken_are_the_latest_events_that_a_group_has_not_acknowledged(harness: Harness) -> None:
    assert await harness.bus.untaken("risk", COMMAND, count=10) == []
    await harness.bus.prepare("other", [COMMAND])
    await publish(harness, 1, 2, 3, 4)
    assert len(await harness.bus.untaken("risk", COMMAND, count=10)) == 4
    await harness.bus.prepare("risk", [COMMAND])
    first, _, _ = await read(harness, count=3)
    await harness.bus.commit(Commit("risk", "risk", handled=[Handled(COMMAND, first.entry_id)]))
    untaken = await harness.bus.untaken("risk", COMMAND, count=10)
    assert [event.data.reason for event in untaken] == ["number 2", "number 3", "number 4"]
    assert [event.data.reason for event in await harness.bus.untaken("risk", COMMAND, count=1)] == ["number 4"]


async def test_cached_values_come_in_the_order_asked_for(harness: Harness) -> None:
    await harness.bus.commit(Commit("risk", cache={"a": b"1", "b": "2"}))
    assert await harness.bus.cached(["b", "none", "a"]) == [b"2", None, b"1"]


async def test_outputs_cache_and_acknowledgement_commit_together(harness: Harness) -> None:
    await harness.bus.prepare("risk", [COMMAND])
    await publish(harness, 1)
    [delivery] = await read(harness)
    outputs = [alert(delivery.event, 0), alert(delivery.event, 1)]
    handled = [Handled(COMMAND, delivery.entry_id, outputs)]
    result = await harness.bus.commit(Commit("risk", "risk", handled=handled, cache={"account:x": b"1"}))
    assert (result.refused, result.published, result.repeated) == (0, 2, 0)
    assert [e.cause_id for e in await harness.events(ALERT)] == [delivery.event.id] * 2
    assert await harness.cache("account:x") in (b"1", "1")
    assert await harness.bus.read_pending("risk", "a", [COMMAND], after={}, count=10) == []


async def test_a_zombie_whose_entries_were_claimed_publishes_nothing(harness: Harness) -> None:
    await harness.bus.prepare("risk", [COMMAND])
    await publish(harness, *range(20))
    zombie = await read(harness, "zombie")
    heir = await harness.bus.claim("risk", "heir", [COMMAND], min_idle_ms=0, count=100)
    assert len(heir) == 20
    won = await harness.bus.commit(
        Commit("risk", "risk", handled=[Handled(COMMAND, d.entry_id, [alert(d.event)]) for d in heir])
    )
    lost = await harness.bus.commit(
        Commit("risk", "risk", handled=[Handled(COMMAND, d.entry_id, [alert(d.event, 7)]) for d in zombie])
    )
    assert (won.refused, won.published) == (0, 20)
    assert (lost.refused, lost.published) == (20, 0)
    assert len(await harness.events(ALERT)) == 20


async def test_bare_acknowledgements_that_were_not_ours_are_counted_as_refused(harness: Harness) -> None:
    await harness.bus.prepare("risk", [COMMAND])
    await publish(harness, 1, 2)
    found = await read(harness)
    handled = [Handled(COMMAND, d.entry_id) for d in found]
    assert (await harness.bus.commit(Commit("risk", "risk", handled=handled))).refused == 0
    assert (await harness.bus.commit(Commit("risk", "risk", handled=handled))).refused == 2


async def test_a_fresh_claim_leaves_busy_entries_alone(harness: Harness) -> None:
    await harness.bus.prepare("risk", [COMMAND])
    await publish(harness, 1)
    await read(harness, "a")
    assert await harness.bus.claim("risk", "b", [COMMAND], min_idle_ms=60_000, count=10) == []


async def test_a_commit_whose_reply_was_lost_has_happened_once(harness: Harness) -> None:
    await harness.bus.prepare("risk", [COMMAND])
    await publish(harness, 1)
    [delivery] = await read(harness)
    commit = Commit("risk", "risk", handled=[Handled(COMMAND, delivery.entry_id, [alert(delivery.event)])])
    await harness.lose_next_reply()
    with pytest.raises(Unavailable):
        await harness.bus.commit(commit)
    assert await harness.bus.read_pending("risk", "a", [COMMAND], after={}, count=10) == []
    again = await harness.bus.commit(commit)
    assert (again.refused, again.published) == (1, 0)
    assert len(await harness.events(ALERT)) == 1


async def test_a_repeated_publication_of_outside_facts_is_dropped(harness: Harness) -> None:
    await harness.lose_next_reply()
    with pytest.raises(Unavailable):
        await publish(harness, 1, 2)
    result = await harness.bus.commit(Commit("gateway", events=[command(1), command(2), command(3)]))
    assert (result.published, result.repeated) == (1, 2)
    assert [e.sequence for e in await harness.events(COMMAND)] == [1, 2, 3]


async def test_states_are_not_remembered_by_id(harness: Harness) -> None:
    numbers = dict.fromkeys(
        ("mid_price", "mark_price", "oracle_price", "prev_day_price", "day_volume_usd", "funding_rate_hourly"),
        Decimal(1),
    )
    tick = MarketTick(
        symbol=Symbol.BTC,
        best_bid_price=None,
        best_ask_price=None,
        open_interest_coin=Decimal(1),
        mark_received_ms=1,
        book_received_ms=1,
        **numbers,
    )
    event = originate(tick, keys=("BTC", 1), time_ms=1, now_ms=1)
    prices = originate(WsPush(channel=Channel.PRICE_UPDATE, data={}), keys=(1,), time_ms=1, now_ms=1)
    result = await harness.bus.commit(Commit("ingester", events=[event, event, prices, prices]))
    assert (result.published, result.repeated) == (4, 0)


async def test_channels_have_sequences_of_their_own(harness: Harness) -> None:
    pushes = [
        originate(WsPush(channel=channel, data={"n": n}), keys=(channel, n), time_ms=n, now_ms=n)
        for n in range(3)
        for channel in (Channel.TRADE_EXECUTED, Channel.AI_DECISION)
    ]
    await harness.bus.commit(Commit("recorder", events=pushes))
    found = await harness.events(WsPush.TYPE)
    assert [e.sequence for e in found] == [1, 2, 3, 4, 5, 6]
    assert [e.channel_sequence for e in found] == [1, 1, 2, 2, 3, 3]


async def test_an_older_fencing_token_commits_nothing(harness: Harness) -> None:
    old = await harness.bus.acquire_lease("risk", "one", ttl_ms=60_000)
    assert old is not None
    assert await harness.bus.acquire_lease("risk", "two", ttl_ms=60_000) is None
    await harness.bus.release_lease("risk", old)
    new = await harness.bus.acquire_lease("risk", "two", ttl_ms=60_000)
    assert new is not None
    assert new > old
    with pytest.raises(Fenced):
        await harness.bus.commit(Commit("risk", events=[command(1)], fence=Fence("risk", old)))
    assert await harness.events(COMMAND) == []
    await harness.bus.commit(Commit("risk", events=[command(1)], fence=Fence("risk", new)))
    assert len(await harness.events(COMMAND)) == 1
    assert not await harness.bus.renew_lease("risk", old, ttl_ms=1000)
    assert await harness.bus.renew_lease("risk", new, ttl_ms=1000)


async def test_a_restarted_owner_takes_its_lease_over_and_fences_its_former_self(harness: Harness) -> None:
    before = await harness.bus.acquire_lease("risk", "one", ttl_ms=60_000)
    after = await harness.bus.acquire_lease("risk", "one", ttl_ms=60_000)
    assert before is not None
    assert after is not None
    with pytest.raises(Fenced):
        await harness.bus.commit(Commit("risk", events=[command(1)], fence=Fence("risk", before)))


async def test_a_wipe_starts_a_new_epoch_voids_pending_work_and_every_token(harness: Harness) -> None:
    await harness.bus.prepare("risk", [COMMAND])
    token = await harness.bus.acquire_lease("risk", "one", ttl_ms=60_000)
    assert token is not None
    await publish(harness, 1)
    [delivery] = await read(harness)
    await harness.wipe()
    with pytest.raises(Fenced):
        await harness.bus.commit(Commit("risk", events=[command(9)], fence=Fence("risk", token)))
    with pytest.raises(Unavailable):
        await read(harness)
    handled = [Handled(COMMAND, delivery.entry_id, [alert(delivery.event)])]
    assert (await harness.bus.commit(Commit("risk", "risk", handled=handled))).refused == 1
    await harness.bus.prepare("risk", [COMMAND])
    await publish(harness, 2)
    [fresh] = await read(harness)
    assert fresh.event.sequence == 1
    assert fresh.event.epoch > delivery.event.epoch
    renewed = await harness.bus.acquire_lease("risk", "one", ttl_ms=60_000)
    assert renewed is not None
    assert renewed > token


async def test_failures_are_counted_per_entry_and_end_in_the_dead_letters(harness: Harness) -> None:
    await harness.bus.prepare("risk", [COMMAND])
    await publish(harness, 1, 2)
    poison, sound = await read(harness)
    counts = [await harness.bus.fail("risk", COMMAND, poison.entry_id, reason="boom", limit=3) for _ in range(3)]
    assert [(c.count, c.dead) for c in counts] == [(1, False), (2, False), (3, True)]
    left = await harness.bus.read_pending("risk", "a", [COMMAND], after={}, count=10)
    assert [d.entry_id for d in left] == [sound.entry_id]
    assert [e.id for e in await harness.events(f"{COMMAND}.dead")] == [poison.event.id]
    gone = await harness.bus.fail("risk", COMMAND, poison.entry_id, reason="boom", limit=3)
    assert (gone.count, gone.dead) == (0, False)


async def test_trimming_keeps_what_a_group_still_needs_and_the_cap_breaks_the_slowest(harness: Harness) -> None:
    await harness.bus.prepare("risk", [COMMAND])
    await publish(harness, *range(10))
    found = await read(harness, count=6)
    await harness.bus.commit(Commit("risk", "risk", handled=[Handled(COMMAND, d.entry_id) for d in found[:4]]))
    if isinstance(harness, MemoryHarness):
        harness.now_ms += 1000
    kept = await harness.bus.trim(COMMAND, retention_ms=-1000, hard_cap_entries=100)
    assert (kept.removed, kept.broken_groups) == (4, ())
    cut = await harness.bus.trim(COMMAND, retention_ms=60_000, hard_cap_entries=2)
    assert (cut.removed, cut.broken_groups) == (4, ("risk",))
    assert len(await harness.events(COMMAND)) == 2
