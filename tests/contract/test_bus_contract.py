"""The bus's contract, the same for Redis Streams and for the in-memory bus."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
import redis.asyncio
from bus_harness import BusHarness, MemoryHarness, RedisHarness, ReplyProxy

from common.bus import Commit, Fence, Fenced, Handled, Unavailable
from common.events import Channel, Command, ControlCommand, Event, MarketTick, SystemAlert, WsPush, derive, originate
from common.events.control import AlertSeverity
from common.trading.instruments import Symbol

COMMAND = ControlCommand.TYPE
ALERT = SystemAlert.TYPE


@pytest.fixture(params=["memory", "redis"])
async def harness(request: pytest.FixtureRequest) -> AsyncIterator[BusHarness]:
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


async def publish(harness: BusHarness, *numbers: int) -> None:
    await harness.bus.commit(Commit("gateway", events=[command(number) for number in numbers]))


async def read(harness: BusHarness, consumer: str = "a", count: int = 100) -> list[Any]:
    return await harness.bus.read_new("risk", consumer, [COMMAND], count=count, block_ms=100)


def reasons(deliveries: list[Any]) -> list[str]:
    return [delivery.event.data.reason.removeprefix("number ") for delivery in deliveries]


async def test_events_arrive_in_order_with_gapless_sequences_and_one_epoch(harness: BusHarness) -> None:
    await harness.bus.prepare("risk", [COMMAND])
    await publish(harness, 1, 2)
    await publish(harness, 3)
    found = await read(harness)
    assert reasons(found) == ["1", "2", "3"]
    assert [d.event.sequence for d in found] == [1, 2, 3]
    assert {d.event.source for d in found} == {"gateway"}
    assert len({d.event.epoch for d in found}) == 1
    assert found[0].event.epoch > 0


async def test_sequences_count_per_producer(harness: BusHarness) -> None:
    await harness.bus.commit(Commit("gateway", events=[command(1)]))
    await harness.bus.commit(Commit("kill-switch", events=[command(2)]))
    assert [(e.source, e.sequence) for e in await harness.events(COMMAND)] == [("gateway", 1), ("kill-switch", 1)]


async def test_a_group_created_late_reads_from_the_beginning(harness: BusHarness) -> None:
    await publish(harness, 1)
    await harness.bus.prepare("risk", [COMMAND])
    await harness.bus.prepare("risk", [COMMAND])
    assert reasons(await read(harness)) == ["1"]


async def test_an_entry_stays_pending_for_one_consumer_until_acknowledged(harness: BusHarness) -> None:
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


async def test_unacknowledged_returns_the_latest_that_a_group_has_not_acked(harness: BusHarness) -> None:
    assert await harness.bus.unacknowledged("risk", COMMAND, count=10) == []
    await harness.bus.prepare("other", [COMMAND])
    await publish(harness, 1, 2, 3, 4)
    assert len(await harness.bus.unacknowledged("risk", COMMAND, count=10)) == 4
    await harness.bus.prepare("risk", [COMMAND])
    first, _, _ = await read(harness, count=3)
    await harness.bus.commit(Commit("risk", "risk", handled=[Handled(COMMAND, first.entry_id)]))
    unacknowledged = await harness.bus.unacknowledged("risk", COMMAND, count=10)
    assert [event.data.reason for event in unacknowledged] == ["number 2", "number 3", "number 4"]
    assert [event.data.reason for event in await harness.bus.unacknowledged("risk", COMMAND, count=1)] == ["number 4"]


async def test_cached_values_come_in_the_order_asked_for(harness: BusHarness) -> None:
    await harness.bus.commit(Commit("risk", cache={"a": b"1", "b": "2"}))
    assert await harness.bus.cached(["b", "none", "a"]) == [b"2", None, b"1"]


async def test_outputs_cache_and_acknowledgment_commit_together(harness: BusHarness) -> None:
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


async def test_a_zombie_whose_entries_were_claimed_publishes_nothing(harness: BusHarness) -> None:
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


async def test_acknowledgments_of_entries_not_pending_count_as_refused(harness: BusHarness) -> None:
    await harness.bus.prepare("risk", [COMMAND])
    await publish(harness, 1, 2)
    found = await read(harness)
    handled = [Handled(COMMAND, d.entry_id) for d in found]
    assert (await harness.bus.commit(Commit("risk", "risk", handled=handled))).refused == 0
    assert (await harness.bus.commit(Commit("risk", "risk", handled=handled))).refused == 2


async def test_a_fresh_claim_leaves_busy_entries_alone(harness: BusHarness) -> None:
    await harness.bus.prepare("risk", [COMMAND])
    await publish(harness, 1)
    await read(harness, "a")
    assert await harness.bus.claim("risk", "b", [COMMAND], min_idle_ms=60_000, count=10) == []


async def test_a_commit_whose_reply_was_lost_has_happened_once(harness: BusHarness) -> None:
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


async def test_a_repeated_publication_of_outside_events_is_dropped(harness: BusHarness) -> None:
    await harness.lose_next_reply()
    with pytest.raises(Unavailable):
        await publish(harness, 1, 2)
    result = await harness.bus.commit(Commit("gateway", events=[command(1), command(2), command(3)]))
    assert (result.published, result.repeated) == (1, 2)
    assert [e.sequence for e in await harness.events(COMMAND)] == [1, 2, 3]


async def test_states_are_not_remembered_by_id(harness: BusHarness) -> None:
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


async def test_channels_have_sequences_of_their_own(harness: BusHarness) -> None:
    pushes = [
        originate(WsPush(channel=channel, data={"n": n}), keys=(channel, n), time_ms=n, now_ms=n)
        for n in range(3)
        for channel in (Channel.TRADE_EXECUTED, Channel.AI_DECISION)
    ]
    await harness.bus.commit(Commit("recorder", events=pushes))
    found = await harness.events(WsPush.TYPE)
    assert [e.sequence for e in found] == [1, 2, 3, 4, 5, 6]
    assert [e.channel_sequence for e in found] == [1, 1, 2, 2, 3, 3]


async def test_an_older_fencing_token_commits_nothing(harness: BusHarness) -> None:
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
    assert not await harness.bus.renew_lease("risk", old, "one", ttl_ms=1000)
    assert await harness.bus.renew_lease("risk", new, "two", ttl_ms=1000)


async def test_an_expired_lease_is_renewed_unless_another_acquired_it(harness: BusHarness) -> None:
    token = await harness.bus.acquire_lease("risk", "one", ttl_ms=60_000)
    assert token is not None
    await harness.bus.release_lease("risk", token)
    assert await harness.bus.renew_lease("risk", token, "one", ttl_ms=60_000)
    assert await harness.bus.acquire_lease("risk", "two", ttl_ms=60_000) is None
    await harness.bus.release_lease("risk", token)
    assert await harness.bus.acquire_lease("risk", "two", ttl_ms=60_000) is not None
    assert not await harness.bus.renew_lease("risk", token, "one", ttl_ms=60_000)


async def test_a_restarted_owner_takes_its_lease_over_and_fences_its_former_self(harness: BusHarness) -> None:
    before = await harness.bus.acquire_lease("risk", "one", ttl_ms=60_000)
    after = await harness.bus.acquire_lease("risk", "one", ttl_ms=60_000)
    assert before is not None
    assert after is not None
    with pytest.raises(Fenced):
        await harness.bus.commit(Commit("risk", events=[command(1)], fence=Fence("risk", before)))


async def test_a_wipe_starts_a_new_epoch_and_ends_pending_work_and_tokens(harness: BusHarness) -> None:
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


async def test_failures_are_counted_per_entry_and_end_in_the_dead_letters(harness: BusHarness) -> None:
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


async def test_trimming_keeps_unacknowledged_entries_up_to_the_hard_cap(harness: BusHarness) -> None:
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
