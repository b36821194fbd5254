"""The hostile faults: every trouble does what its name says and ends; a seed and a pair always go the same way."""

import asyncio
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from redis.exceptions import ResponseError

from common.bus.port import Unavailable
from simulation.adapters.bus import FaultyBus
from simulation.adapters.database import Pool
from simulation.faults import FaultInjector
from simulation.figures import unprotected_text
from simulation.harness import Harness
from simulation.hostile.profiles import HOSTILE, HOSTILE_PROFILES, PAIR_PROFILE, STANDBY_PROFILES, STOCK, profile_of
from simulation.hostile.schedule import pair_of
from simulation.hostile.store_states import BUS_STATES, DATABASE_STATES, GROUP, READ, WRITE
from simulation.hostile.troubles import TROUBLES, begin_trouble, held_positions
from simulation.loop import OWNER, VirtualLoop
from simulation.process import ProcessRun
from simulation.run import run_pair_of_troubles, run_seed
from simulator.exchange.state.orders import Request
from simulator.exchange.trading.order_entry import place
from simulator.market.coins import COINS

LONGEST_S = 61.0


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    """Without services: two accounts, one of which has a position with stop and target."""
    loop = VirtualLoop(random.Random(1))
    asyncio.set_event_loop(loop)
    harness = Harness(loop, random.Random(1), 1, PAIR_PROFILE, tmp_path)
    exchange, coin = harness.exchange.world.exchange, COINS["ETH"]
    address, mark = sorted(harness.addresses.values())[0], exchange.market.coins["ETH"].mark_price
    now_ms = harness.clock.now_ms()
    place(exchange, address, Request(coin, True, round(mark * 11 / 10, 0), coin.lot * 300, False, "Ioc"), now_ms)
    for kind, factor in (("sl", 9), ("tp", 11)):
        price = round(mark * factor / 10, 0)
        options: Any = {"trigger_price": price, "trigger_is_market": True, "trigger_kind": kind}
        place(exchange, address, Request(coin, False, price, coin.lot * 300, True, **options), now_ms)
    harness.exchange.publish_changes()
    yield harness
    loop.close()
    asyncio.set_event_loop(None)


def ask(harness: Harness, kind: str) -> Any:
    address = sorted(harness.addresses.values())[0]
    status, body = harness.exchange.request("/info", {"type": kind, "user": address, "startTime": 0})
    assert status == 200
    return json.loads(body)


def later(harness: Harness, seconds: float = LONGEST_S) -> None:
    harness.loop.run_until_complete(asyncio.sleep(seconds))
    harness.exchange.step()


def begin(harness: Harness, name: str) -> float:
    """Begins a trouble as a running simulation does."""

    async def run() -> float:
        return begin_trouble(harness, TROUBLES[name], random.Random(name))

    return harness.loop.run_until_complete(run())


Seen = Callable[[Harness], Any]
LASTING: dict[str, Seen] = {
    "states lag": lambda harness: harness.faults.lag_s(harness.loop.time()) > 0,
    "orders lag": lambda harness: harness.faults.lag_s(harness.loop.time()) > 0,
    "fills lag": lambda harness: harness.faults.lag_s(harness.loop.time()) > 0,
    "short pages": lambda harness: any(
        fault.applies("userFunding", None, harness.exchange.world.market.time_ms)
        for fault in harness.exchange.world.exchange.deviations.reads
    ),
    "odd rows": lambda harness: any(
        fault.applies("userFills", fault.user, harness.exchange.world.market.time_ms)
        for fault in harness.exchange.world.exchange.deviations.reads
    ),
    "endpoint away": lambda harness: _window(harness),
    "answers drip": lambda harness: _window(harness) == "reply_lost",
    "actions away": lambda harness: harness.faults.window_of(("/exchange",), harness.loop.time()),
    "post-only time": lambda harness: (
        harness.exchange.world.exchange.deviations.post_only_until_ms > harness.exchange.world.market.time_ms
    ),
    "wallet gone": lambda harness: len(harness.exchange.world.keys.agents) < len(harness.models),
    "clock skewed": lambda harness: harness.clock.now_ms() != harness.exchange_clock.now_ms(),
    "clock days off": lambda harness: abs(harness.clock.now_ms() - harness.exchange_clock.now_ms()) > 86_400_000,
    "executor paused": lambda harness: harness.processes["executor"].paused_until_s > harness.loop.time(),
    "process paused": lambda harness: any(
        harness.processes[name].paused_until_s > harness.loop.time() for name in ("risk", "recorder")
    ),
    "database not now": lambda harness: any(
        harness.faults.database_error(step, harness.loop.time()) for state in DATABASE_STATES for step in state.steps
    ),
    "Redis not now": lambda harness: harness.faults.bus_error(WRITE, harness.loop.time()),
    "stream silent": lambda harness: harness.faults.stream_until_s > harness.loop.time(),
    "outage": lambda harness: harness.faults.outage_until_s > harness.loop.time(),
}
STAYING: dict[str, Seen] = {
    "leverage lowered": lambda harness: harness.exchange.world.market.listing.coins["BTC"].max_leverage < 40,
    "coin delisted": lambda harness: harness.exchange.world.market.listing.delisted,
    "triggers refused": lambda harness: harness.exchange.world.exchange.deviations.refusals[0].role == "trigger",
    "closes refused": lambda harness: harness.exchange.world.exchange.deviations.refusals[0].role == "closing",
    "cancelled by hand": lambda harness: len(ask(harness, "frontendOpenOrders")) < 2,
    "mode switched": lambda harness: {each.mode for each in _accounts(harness)} != {"default"},
    "cash moved": lambda harness: len({each.paid_in_usd for each in _accounts(harness)}) == 2,
}
OF_PROCESSES = {"process killed", "people halt"}
"""These act on running services: the runs of seeds and pairs have them."""


def _window(harness: Harness) -> str | None:
    targets = tuple(window.target for window in harness.faults.windows)
    return harness.faults.window_of(targets, harness.loop.time())


def _accounts(harness: Harness) -> list[Any]:
    return [harness.exchange.world.exchange.accounts[address] for address in harness.addresses.values()]


def test_every_trouble_has_its_check() -> None:
    assert LASTING.keys() | STAYING.keys() | OF_PROCESSES == TROUBLES.keys()


@pytest.mark.parametrize("name", LASTING)
def test_a_trouble_lasts_for_its_time(harness: Harness, name: str) -> None:
    assert not LASTING[name](harness)
    length_s = begin(harness, name)
    assert LASTING[name](harness)
    later(harness, length_s + 11)
    assert not LASTING[name](harness)


@pytest.mark.parametrize("name", LASTING)
def test_a_trouble_ends_with_the_faults(harness: Harness, name: str) -> None:
    begin(harness, name)
    harness.faults.stop_faults()
    harness.exchange.world.exchange.deviations.clear()
    assert not LASTING[name](harness)
    later(harness)
    assert not LASTING[name](harness)


@pytest.mark.parametrize("name", STAYING)
def test_a_trouble_changes_what_stays(harness: Harness, name: str) -> None:
    begin(harness, name)
    assert STAYING[name](harness)


def test_only_what_reaches_the_exchange_counts_as_protection(harness: Harness) -> None:
    begin(harness, "states lag")
    assert harness.faults.blocked_until_s < harness.loop.time()
    length_s = begin(harness, "post-only time")
    assert harness.faults.blocked_until_s == harness.loop.time() + length_s
    assert held_positions(harness) == [(sorted(harness.addresses.values())[0], "ETH")]


@pytest.mark.parametrize("state", DATABASE_STATES, ids=lambda state: state.sqlstate)
def test_a_database_state_answers_with_its_sqlstate(harness: Harness, state: Any) -> None:
    faults: FaultInjector = harness.faults
    faults.database_state, faults.database_state_until_s = state, 10.0
    run = ProcessRun(harness.processes["risk"], 0)
    harness.processes["risk"].is_up = True
    with pytest.raises(psycopg.Error) as raised:
        harness.loop.run_until_complete(run.fault_point(state.steps[0]))
    assert raised.value.sqlstate == state.sqlstate


@pytest.mark.parametrize("state", BUS_STATES, ids=lambda state: state.word)
def test_a_state_of_redis_refuses_its_commands_only(harness: Harness, state: Any) -> None:
    faults: FaultInjector = harness.faults
    faults.bus_state, faults.bus_state_until_s = state, 10.0
    harness.processes["risk"].is_up = True
    bus = FaultyBus(harness.bus, ProcessRun(harness.processes["risk"], 0), harness.trace, lambda event: None)
    calls = {
        READ: lambda: bus.cached([]),
        GROUP: lambda: bus.claim("g", "c", [], min_idle_ms=1, count=1),
        WRITE: lambda: bus.acquire_lease("lease", "owner", ttl_ms=1_000),
    }
    for kind, call in calls.items():
        if kind in state.kinds:
            with pytest.raises((Unavailable, ResponseError), match=state.word):
                harness.loop.run_until_complete(call())
        else:
            harness.loop.run_until_complete(call())


def test_a_paused_process_goes_on_where_it_stopped(harness: Harness) -> None:
    """Neither its timers nor its transactions' successors run meanwhile; what it has begun in the database ends."""
    process, ticks = harness.processes["risk"], []

    async def tick() -> None:
        OWNER.set(process)
        pool: Any = Pool(harness.database, ProcessRun(process, 0).fault_point)
        while True:
            await asyncio.sleep(1)
            async with pool.connection() as connection:
                await connection.execute("SELECT 1")
            ticks.append(harness.loop.time())

    async def run() -> None:
        process.is_up = True
        task = asyncio.create_task(tick())
        await asyncio.sleep(5.5)
        process.pause(30.0)
        await asyncio.sleep(40.0)
        task.cancel()

    harness.loop.run_until_complete(run())
    assert not [at for at in ticks if 6.5 < at < 35.5]
    assert len([at for at in ticks if at >= 35.5]) >= 9


def test_stock_seeds_keep_their_profiles() -> None:
    assert profile_of(STOCK, 6).name == "outages"
    assert not any(profile_of(STOCK, seed).troubles_per_minute for seed in range(20))
    assert [profile_of(HOSTILE, seed) for seed in range(len(HOSTILE_PROFILES))] == list(HOSTILE_PROFILES)


def test_pairs_are_drawn_from_all_troubles() -> None:
    drawn = {trouble.name for number in range(500) for trouble in pair_of(number)}
    assert drawn == TROUBLES.keys()
    assert all(first is not second for first, second in map(pair_of, range(500)))
    assert pair_of(7) == pair_of(7)


def test_the_times_without_a_stop_are_a_distribution() -> None:
    assert unprotected_text([]) == "no position was without a stop"
    lengths_s = [number / 10 for number in range(100, 0, -1)]
    expected = "positions without a stop: 100 times; p50 5.00 s, p99 9.90 s, longest 10.00 s"
    assert unprotected_text(lengths_s) == expected


async def pause_the_owner(harness: Harness) -> None:
    """The executor doesn't run for forty seconds; half a minute later its standby has to own the lease."""
    await asyncio.sleep(5)
    harness.processes["executor"].pause(40)
    await asyncio.sleep(30)
    harness.faults.counts["taken over"] += harness.services["standby"].is_owner
    await asyncio.sleep(30)
    harness.faults.counts["still owned"] += harness.services["standby"].is_owner
    harness.faults.counts["owners"] += sum(harness.services[each.name].is_owner for each in harness.executors)


def test_a_standby_takes_over_from_an_executor_that_does_not_run() -> None:
    profile = replace(STANDBY_PROFILES[0], pauses_per_minute=0.0, price_gaps_per_minute=0.0)
    result = run_seed(1, profile=profile, faults_s=70.0, script=pause_the_owner)
    assert {name: result.fault_counts[name] for name in ("taken over", "still owned", "owners")} == {
        "taken over": 1,
        "still owned": 1,
        "owners": 1,
    }


def test_a_hostile_seed_and_a_pair_repeat_exactly() -> None:
    first, second = (run_seed(2, fault_set=HOSTILE) for _ in range(2))
    assert first.digest == second.digest
    assert any(name.startswith("trouble ") for name in first.fault_counts)
    pairs = [run_pair_of_troubles(1) for _ in range(2)]
    assert pairs[0].digest == pairs[1].digest
    assert sum(count for name, count in pairs[0].fault_counts.items() if name.startswith("trouble ")) == 2
