"""Protection, halts and flattens of the executor as a real process with real neighbors."""

import asyncio
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from executor_harness import ExecutorHarness, Fault, stepped_harness

from common.events import Command, Event, IntentKind, OrderRole, RiskApproved
from common.trading.instruments import Symbol
from common.trading.orders import Side

SOON_VOID = pytest.mark.parametrize("changed", [{"INTENT_LIFE_S": "5"}], ids=["soon void"])
SOON_ALARMED = pytest.mark.parametrize("changed", [{"UNPROTECTED_LIMIT_S": "3"}], ids=["soon alarmed"])


async def test_a_partly_filled_entry_is_protected_for_what_it_holds(
    tmp_path: Path, redis_url: str, database_url: str
) -> None:
    async with stepped_harness(tmp_path, redis_url, database_url) as harness:  # The book stays as it was seen.
        harness.simulator.panel("step", count=4, ms=250)
        book: Any = harness.simulator.info(type="l2Book", coin="XRP")
        best = book["levels"][1][0]
        size = str(int(Decimal(best["sz"]) * 3 + 30))
        entry = harness.approve(Side.LONG, size, symbol=Symbol.XRP, limit_price=Decimal(best["px"]), leverage=20)
        await harness.send(entry)
        assert await harness.ended(entry) == "PARTIAL"
        position = await harness.protected(Symbol.XRP)
        assert position.size_coin < Decimal(size)
        assert position.stop_loss_price == entry.data.intent.stop_loss_price
        assert await harness.alerts() == []
        assert [o["isPositionTpsl"] for o in harness.open_orders()] == [True, True]


async def test_a_stop_that_vanished_is_placed_again(harness: ExecutorHarness) -> None:
    entry = harness.approve(Side.LONG, "0.5")
    await harness.send(entry)
    before = await harness.protected()
    [stop] = [o for o in harness.open_orders() if o["orderType"].startswith("Stop")]
    with harness.by_hand() as exchange:
        exchange.cancel("ETH", stop["oid"])

    async def is_back() -> bool:
        stops = [o for o in harness.open_orders() if o["orderType"].startswith("Stop")]
        account = await harness.account()
        return bool(stops) and stops[0]["oid"] != stop["oid"] and all(p.protected for p in account.positions)

    await harness.until("another stop", is_back)
    assert (await harness.protected()).stop_loss_price == before.stop_loss_price
    assert await harness.alerts() == []


async def test_protection_does_not_wait_for_redis(harness: ExecutorHarness) -> None:
    entry = harness.approve(Side.LONG, "0.5")
    await harness.send(entry)
    await harness.protected()
    harness.redis_proxy.harm("", Fault.REFUSE)
    with harness.by_hand() as exchange:
        for order in harness.open_orders():
            exchange.cancel("ETH", order["oid"])

    async def is_back() -> bool:
        return any(o["orderType"].startswith("Stop") for o in harness.open_orders())

    await harness.until("another stop", is_back)
    harness.redis_proxy.reset()

    async def published() -> bool:
        stops = [e for e in await harness.events("order.accepted") if e.data.role is OrderRole.STOP]
        return len(stops) == 2 and not await harness.rows("SELECT 1 FROM executor_outbox")

    await harness.until("what happened meanwhile to be published, once", published)


async def test_an_outage_of_the_exchange_passes(harness: ExecutorHarness) -> None:
    entry = harness.approve(Side.LONG, "0.5")
    await harness.send(entry)
    await harness.protected()
    harness.simulator.kill()
    while_away = [
        harness.exit_at(Decimal(2000)),
        harness.entry_at(Symbol.SOL, Decimal(150), valid_until_ms=time.time_ns() // 1_000_000 + 500),
    ]
    await harness.send(*while_away)

    async def stored() -> bool:
        return all([await harness.status(event.id) is not None for event in while_away])

    await harness.until("both to be stored", stored)
    harness.simulator.start()
    assert await harness.ended(while_away[1]) == "CANCELLED"
    assert await harness.ended(while_away[0]) == "FILLED"
    await harness.flat()


@SOON_ALARMED
async def test_a_position_without_a_confirmed_stop_is_closed(harness: ExecutorHarness) -> None:
    entry = harness.approve(Side.LONG, "0.5")
    await harness.send(entry)
    await harness.protected()
    harness.proxy.harm('"grouping": "positionTpsl"', Fault.REFUSE)
    with harness.by_hand() as exchange:
        for order in harness.open_orders():
            exchange.cancel("ETH", order["oid"])
    await harness.flat()

    async def published() -> bool:
        has_closed = any(e.data.role is OrderRole.FLATTEN for e in await harness.events("order.filled"))
        return has_closed and "UNPROTECTED_CLOSED" in await harness.alerts()

    await harness.until("the closing fill and the alert", published)


async def test_an_external_position_raises_an_alert(harness: ExecutorHarness) -> None:
    with harness.by_hand() as exchange:
        exchange.market_open("SOL", is_buy=True, sz=2.0)

    async def seen() -> Any:
        account = await harness.account()
        return next((p for p in account.positions if p.symbol is Symbol.SOL), None)

    position = await harness.until("the position", seen)
    assert position.intent_id is None
    assert not position.protected

    async def alerted() -> bool:
        return "EXTERNAL_POSITION" in await harness.alerts()

    await harness.until("the alert", alerted)


async def test_a_halt_stops_entries_and_lets_exits_pass(harness: ExecutorHarness) -> None:
    first = harness.approve(Side.LONG, "0.5")
    await harness.send(first)
    await harness.protected()
    await harness.command(Command.HALT)

    async def halted() -> bool:
        return (harness.folder / "halt").exists()

    await harness.until("the halt file", halted)
    entry, leave = (
        harness.approve(Side.LONG, "1", Symbol.SOL),
        harness.approve(Side.LONG, "0.5", intent_kind=IntentKind.EXIT),
    )
    await harness.send(entry, leave)
    assert await harness.ended(entry) == "CANCELLED"
    assert await harness.ended(leave) == "FILLED"
    await harness.command(Command.RESUME)

    async def resumed() -> bool:
        return not await halted()

    await harness.until("the halt file to go", resumed)

    async def proven() -> bool:
        return {"HALTED", "RESUMED"} <= set(await harness.alerts())

    await harness.until("both to be published", proven)


async def test_flatten_closes_what_is_held(harness: ExecutorHarness) -> None:
    entry = harness.approve(Side.SHORT, "0.5")
    await harness.send(entry)
    await harness.protected()
    await harness.command(Command.FLATTEN, "deepseek")
    await harness.flat()

    async def done() -> bool:
        return (await harness.rows("SELECT done_ms IS NOT NULL FROM executor_flattens")) == [(True,)]

    await harness.until("the request to be finished", done)

    async def proof() -> Any:
        return next((e.data for e in await harness.events("system.alert") if e.data.code == "FLATTENED"), None)

    proven = await harness.until("the proof", proof)
    assert (proven.model, proven.figures["positions"], proven.figures["stops"]) == ("deepseek", "0", "0")
    assert harness.open_orders() == []
    after = harness.approve(Side.LONG, "0.5")
    await harness.send(after)
    assert await harness.ended(after) == "FILLED"


async def hold_back(harness: ExecutorHarness) -> Event[RiskApproved]:
    """An entry whose first bytes never reached the exchange, its outcome unknown."""
    harness.proxy.harm('"grouping"', Fault.REFUSE)
    entry = harness.approve(Side.LONG, "0.5")
    await harness.send(entry)

    async def is_unknown() -> bool:
        return await harness.status(entry.id) in ("IN_FLIGHT", "CANCELLED")

    await harness.until("the outcome to be unknown", is_unknown)
    return entry


@SOON_VOID
async def test_a_halt_stops_an_entry_that_has_not_arrived(harness: ExecutorHarness) -> None:
    entry = await hold_back(harness)
    await harness.command(Command.HALT)

    async def halted() -> bool:
        return any(harness.folder.glob("**/halt*"))

    await harness.until("the halt", halted)

    async def is_answered() -> bool:
        return await harness.rows("SELECT 1 FROM intent_sends WHERE outcome IS NULL") == []

    await harness.until("what was sent before to be answered", is_answered)
    harness.proxy.reset()
    assert await harness.ended(entry) == "CANCELLED"
    assert harness.fills() == []


@SOON_VOID
async def test_a_flatten_waits_for_an_entry_that_may_still_arrive(harness: ExecutorHarness) -> None:
    entry = await hold_back(harness)
    await harness.command(Command.FLATTEN)

    async def is_asked() -> bool:
        return bool(await harness.rows("SELECT 1 FROM executor_flattens WHERE model = 'deepseek'"))

    await harness.until("the flatten", is_asked)
    asked_before = harness.proxy.order_questions

    async def is_known() -> bool:
        """A turn asks once: of the second question at the latest the turn has begun after the flatten."""
        return harness.proxy.order_questions >= asked_before + 2 or await harness.status(entry.id) == "CANCELLED"

    await harness.until("the flatten to be known", is_known)
    harness.proxy.reset()
    assert await harness.ended(entry) == "CANCELLED"
    assert harness.fills() == []
    [(ended_ms,)] = await harness.rows("SELECT updated_ms FROM intents WHERE intent_id = %s", entry.id)

    async def done_ms() -> int | None:
        [(at_ms,)] = await harness.rows("SELECT done_ms FROM executor_flattens WHERE model = 'deepseek'")
        return None if at_ms is None else int(at_ms)

    assert await harness.until("the flatten to be done", done_ms) >= ended_ms


async def test_an_instance_without_the_lease_sends_nothing(harness: ExecutorHarness) -> None:
    await harness.send(harness.approve(Side.LONG, "0.5"))
    await harness.protected()
    client: Any = harness.bus.client
    await client.set("bus:lease:executor", "executor-2")
    assert await harness.bus.acquire_lease("executor", "executor-2", ttl_ms=600_000)

    async def stands_by() -> bool:
        return "standing by: another instance owns the account" in harness.unready().get("account-deepseek", "")

    await harness.until("the first instance to stand by", stands_by)
    sends = await harness.rows("SELECT count(*) FROM intent_sends")
    with harness.by_hand() as exchange:
        for order in harness.open_orders():
            exchange.cancel("ETH", order["oid"])
    await asyncio.sleep(5)
    assert await harness.rows("SELECT count(*) FROM intent_sends") == sends
    assert harness.open_orders() == []
