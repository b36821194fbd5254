"""The executor as a real process against a real exchange simulator, PostgreSQL and Redis."""

import asyncio
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from executor_stage import Fault, Stage, stepped_stage

from common.events import Command, Event, IntentKind, OrderRole, RiskApproved
from common.events.codec import encode
from common.trading.instruments import Symbol
from common.trading.orders import Side
from support.executor_process import key_of

SOON_VOID = pytest.mark.parametrize("changed", [{"INTENT_LIFE_S": "5"}], ids=["soon void"])
SOON_ALARMED = pytest.mark.parametrize("changed", [{"UNPROTECTED_LIMIT_S": "3"}], ids=["soon alarmed"])


async def test_an_entry_comes_with_stop_and_target_and_leaves_none(stage: Stage) -> None:
    entry = stage.approve(Side.LONG, "1.2345")
    await stage.send(entry)
    assert await stage.ended(entry) == "FILLED"
    position = await stage.protected()
    assert position.size_coin == Decimal("1.2345")
    assert position.leverage == 5
    assert position.is_isolated
    assert position.intent_id == entry.id
    assert position.stop_loss_price == entry.data.intent.stop_loss_price
    assert position.take_profit_price == entry.data.intent.take_profit_price
    leave = stage.approve(Side.LONG, "1.2345", intent_kind=IntentKind.EXIT)
    await stage.send(leave)
    assert await stage.ended(leave) == "FILLED"
    account = await stage.flat()
    assert {entry.id, leave.id} <= set(account.covers)

    async def all_published() -> bool:
        return len(await stage.events("order.cancelled")) == 2

    await stage.until("the triggers' end to be published", all_published)
    accepted = await stage.events("order.accepted")
    assert [(e.data.role, e.cycle_id) for e in accepted] == [
        (OrderRole.ENTRY, "cycle-1"),
        (OrderRole.STOP, "cycle-1"),
        (OrderRole.TARGET, "cycle-1"),
        (OrderRole.EXIT, "cycle-2"),
    ]
    fills = await stage.filled("2.469")
    assert {e.data.role for e in fills} == {OrderRole.ENTRY, OrderRole.EXIT}
    assert len(fills) == len(stage.fills())
    assert sum(e.data.size_coin for e in fills) == 2 * Decimal("1.2345")
    assert await asyncio.to_thread(stage.executor.stop) == 0
    assert key_of("deepseek").removeprefix("0x") not in stage.executor.log.read_text()


async def test_a_lost_answer_leaves_exactly_one_order(stage: Stage) -> None:
    stage.proxy.harm('"grouping": "normalTpsl"', Fault.CUT_REPLY)
    entry = stage.approve(Side.LONG, "0.5")
    await stage.send(entry)
    assert await stage.ended(entry) == "FILLED"
    assert stage.proxy.harmed >= 1
    assert len(stage.entry_orders()) == 1
    assert (await stage.protected()).size_coin == Decimal("0.5")
    outcomes = await stage.rows("SELECT outcome FROM intent_sends WHERE intent_id = %s ORDER BY number", entry.id)
    assert any(outcome.startswith("unknown") for (outcome,) in outcomes)


async def test_an_approval_read_twice_is_one_order(stage: Stage) -> None:
    first = stage.approve(Side.LONG, "0.5")
    await stage.send(first)
    assert await stage.ended(first) == "FILLED"
    await stage.protected()

    async def covered() -> bool:
        return first.id in (await stage.account()).covers

    await stage.until("the account to be looked at", covered)
    leave = stage.approve(Side.LONG, "0.5", intent_kind=IntentKind.EXIT)
    fields = {"event": encode(leave), "source": "risk", "sequence": 1, "epoch": 1}
    client: Any = stage.bus.client
    for _ in range(2):
        await client.xadd(RiskApproved.TYPE, fields)
    assert await stage.ended(leave) == "FILLED"
    await stage.flat()
    assert len(stage.fills()) == len(await stage.filled("1"))
    assert await stage.rows("SELECT count(*) FROM intent_sends WHERE intent_id = %s", leave.id) == [(1,)]


async def test_an_order_that_never_arrived_is_resent_as_the_same_bytes(stage: Stage) -> None:
    stage.proxy.harm('"grouping": "normalTpsl"', Fault.REFUSE)
    entry = stage.approve(Side.SHORT, "0.5")
    await stage.send(entry)

    async def in_flight() -> bool:
        return await stage.status(entry.id) == "IN_FLIGHT"

    await stage.until("the unknown outcome", in_flight)
    stage.proxy.reset()
    assert await stage.ended(entry) == "FILLED"
    assert len(stage.entry_orders()) == 1
    sends = await stage.rows(
        "SELECT DISTINCT purpose FROM intent_sends WHERE intent_id = %s AND purpose <> 'leverage'", entry.id
    )
    assert {purpose for (purpose,) in sends} == {"orders", "resend"}


@SOON_VOID
async def test_an_order_that_never_arrives_ends_only_after_it_is_void(stage: Stage) -> None:
    stage.proxy.harm('"grouping": "normalTpsl"', Fault.REFUSE)
    entry = stage.approve(Side.LONG, "0.5")
    await stage.send(entry)
    assert await stage.ended(entry) == "CANCELLED"
    [(reason, ended_ms, expires_ms)] = await stage.rows(
        "SELECT reason, updated_ms, expires_after_ms FROM intents WHERE intent_id = %s", entry.id
    )
    assert reason == "NEVER_ARRIVED"
    assert ended_ms > expires_ms + 5_000
    assert stage.entry_orders() == []


async def test_a_kill_between_sending_and_answer_doubles_nothing(stage: Stage) -> None:
    stage.proxy.harm('"grouping": "normalTpsl"', Fault.HOLD_REPLY)
    entry = stage.approve(Side.LONG, "0.5")
    await stage.send(entry)

    async def was_taken() -> bool:
        return bool(stage.entry_orders())

    await stage.until("the exchange to have it", was_taken)
    stage.executor.kill()
    assert await stage.status(entry.id) == "SENT"
    stage.proxy.reset()
    stage.executor.start()
    assert await stage.ended(entry) == "FILLED"
    assert (await stage.protected()).intent_id == entry.id
    assert len(stage.entry_orders()) == 1
    assert sum(e.data.size_coin for e in await stage.filled("0.5")) == Decimal("0.5")


async def test_approvals_of_an_outage_are_sent_if_still_fresh(stage: Stage) -> None:
    stage.executor.kill()
    now_ms = time.time_ns() // 1_000_000
    late = stage.approve(Side.LONG, "0.5", symbol=Symbol.BTC, valid_until_ms=now_ms - 1)
    fresh = stage.approve(Side.LONG, "0.5", valid_until_ms=now_ms + 120_000)
    await stage.send(late, fresh)
    stage.executor.start()
    assert await stage.ended(fresh) == "FILLED"
    assert await stage.ended(late) == "CANCELLED"

    async def published() -> list[Any]:
        return [e.data for e in await stage.events("order.cancelled") if e.cause_id == late.id]

    [cancelled] = await stage.until("the expiry to be published", published)
    assert cancelled.reason == "EXPIRED_UNSENT"
    assert len(stage.entry_orders()) == 1


async def test_a_stored_intent_is_sent_once_after_a_restart(stage: Stage) -> None:
    stage.proxy.harm('"type": "updateLeverage"', Fault.REFUSE)
    entry = stage.approve(Side.LONG, "0.5")
    await stage.send(entry)

    async def stored() -> bool:
        return await stage.status(entry.id) == "STORED" and stage.proxy.harmed > 0

    await stage.until("the intent to be stored", stored)
    stage.executor.kill()
    stage.proxy.reset()
    stage.executor.start()
    assert await stage.ended(entry) == "FILLED"
    assert len(stage.entry_orders()) == 1


async def test_a_partly_filled_entry_is_protected_for_what_it_holds(
    tmp_path: Path, redis_url: str, database_url: str
) -> None:
    async with stepped_stage(tmp_path, redis_url, database_url) as stage:  # The book stays as it was seen.
        stage.simulator.panel("step", count=4, ms=250)
        book: Any = stage.simulator.info(type="l2Book", coin="XRP")
        best = book["levels"][1][0]
        size = str(int(Decimal(best["sz"]) * 3 + 30))
        entry = stage.approve(Side.LONG, size, symbol=Symbol.XRP, limit_price=Decimal(best["px"]), leverage=20)
        await stage.send(entry)
        assert await stage.ended(entry) == "PARTIAL"
        position = await stage.protected(Symbol.XRP)
        assert position.size_coin < Decimal(size)
        assert position.stop_loss_price == entry.data.intent.stop_loss_price
        assert await stage.alerts() == []
        assert [o["isPositionTpsl"] for o in stage.open_orders()] == [True, True]


async def test_a_stop_that_vanished_is_placed_again(stage: Stage) -> None:
    entry = stage.approve(Side.LONG, "0.5")
    await stage.send(entry)
    before = await stage.protected()
    [stop] = [o for o in stage.open_orders() if o["orderType"].startswith("Stop")]
    with stage.by_hand() as exchange:
        exchange.cancel("ETH", stop["oid"])

    async def is_back() -> bool:
        stops = [o for o in stage.open_orders() if o["orderType"].startswith("Stop")]
        account = await stage.account()
        return bool(stops) and stops[0]["oid"] != stop["oid"] and all(p.protected for p in account.positions)

    await stage.until("another stop", is_back)
    assert (await stage.protected()).stop_loss_price == before.stop_loss_price
    assert await stage.alerts() == []


async def test_protection_does_not_wait_for_redis(stage: Stage) -> None:
    entry = stage.approve(Side.LONG, "0.5")
    await stage.send(entry)
    await stage.protected()
    stage.redis_proxy.harm("", Fault.REFUSE)
    with stage.by_hand() as exchange:
        for order in stage.open_orders():
            exchange.cancel("ETH", order["oid"])

    async def is_back() -> bool:
        return any(o["orderType"].startswith("Stop") for o in stage.open_orders())

    await stage.until("another stop", is_back)
    stage.redis_proxy.reset()

    async def published() -> bool:
        stops = [e for e in await stage.events("order.accepted") if e.data.role is OrderRole.STOP]
        return len(stops) == 2 and not await stage.rows("SELECT 1 FROM executor_outbox")

    await stage.until("what happened meanwhile to be published, once", published)


async def test_an_outage_of_the_exchange_passes(stage: Stage) -> None:
    entry = stage.approve(Side.LONG, "0.5")
    await stage.send(entry)
    await stage.protected()
    stage.simulator.kill()
    while_away = [
        stage.exit_at(Decimal(2000)),
        stage.entry_at(Symbol.SOL, Decimal(150), valid_until_ms=time.time_ns() // 1_000_000 + 500),
    ]
    await stage.send(*while_away)

    async def stored() -> bool:
        return all([await stage.status(event.id) is not None for event in while_away])

    await stage.until("both to be stored", stored)
    stage.simulator.start()
    assert await stage.ended(while_away[1]) == "CANCELLED"
    assert await stage.ended(while_away[0]) == "FILLED"
    await stage.flat()


@SOON_ALARMED
async def test_a_position_without_a_confirmed_stop_is_closed(stage: Stage) -> None:
    entry = stage.approve(Side.LONG, "0.5")
    await stage.send(entry)
    await stage.protected()
    stage.proxy.harm('"grouping": "positionTpsl"', Fault.REFUSE)
    with stage.by_hand() as exchange:
        for order in stage.open_orders():
            exchange.cancel("ETH", order["oid"])
    await stage.flat()

    async def published() -> bool:
        has_closed = any(e.data.role is OrderRole.FLATTEN for e in await stage.events("order.filled"))
        return has_closed and "UNPROTECTED_CLOSED" in await stage.alerts()

    await stage.until("the closing fill and the alert", published)


async def test_an_external_position_raises_an_alert(stage: Stage) -> None:
    with stage.by_hand() as exchange:
        exchange.market_open("SOL", is_buy=True, sz=2.0)

    async def seen() -> Any:
        account = await stage.account()
        return next((p for p in account.positions if p.symbol is Symbol.SOL), None)

    position = await stage.until("the position", seen)
    assert position.intent_id is None
    assert not position.protected

    async def alerted() -> bool:
        return "EXTERNAL_POSITION" in await stage.alerts()

    await stage.until("the alert", alerted)


async def test_a_halt_stops_entries_and_lets_exits_pass(stage: Stage) -> None:
    first = stage.approve(Side.LONG, "0.5")
    await stage.send(first)
    await stage.protected()
    await stage.command(Command.HALT)

    async def halted() -> bool:
        return (stage.folder / "halt").exists()

    await stage.until("the halt file", halted)
    entry, leave = (
        stage.approve(Side.LONG, "1", Symbol.SOL),
        stage.approve(Side.LONG, "0.5", intent_kind=IntentKind.EXIT),
    )
    await stage.send(entry, leave)
    assert await stage.ended(entry) == "CANCELLED"
    assert await stage.ended(leave) == "FILLED"
    await stage.command(Command.RESUME)

    async def resumed() -> bool:
        return not await halted()

    await stage.until("the halt file to go", resumed)

    async def proven() -> bool:
        return {"HALTED", "RESUMED"} <= set(await stage.alerts())

    await stage.until("both to be published", proven)


async def test_flatten_closes_what_is_held(stage: Stage) -> None:
    entry = stage.approve(Side.SHORT, "0.5")
    await stage.send(entry)
    await stage.protected()
    await stage.command(Command.FLATTEN, "deepseek")
    await stage.flat()

    async def done() -> bool:
        return (await stage.rows("SELECT done_ms IS NOT NULL FROM executor_flattens")) == [(True,)]

    await stage.until("the request to be finished", done)

    async def proof() -> Any:
        return next((e.data for e in await stage.events("system.alert") if e.data.code == "FLATTENED"), None)

    proven = await stage.until("the proof", proof)
    assert (proven.model, proven.figures["positions"], proven.figures["stops"]) == ("deepseek", "0", "0")
    assert stage.open_orders() == []
    after = stage.approve(Side.LONG, "0.5")
    await stage.send(after)
    assert await stage.ended(after) == "FILLED"


async def hold_back(stage: Stage) -> Event[RiskApproved]:
    """An entry whose first bytes never reached the exchange, its outcome unknown."""
    stage.proxy.harm('"grouping"', Fault.REFUSE)
    entry = stage.approve(Side.LONG, "0.5")
    await stage.send(entry)

    async def is_unknown() -> bool:
        return await stage.status(entry.id) in ("IN_FLIGHT", "CANCELLED")

    await stage.until("the outcome to be unknown", is_unknown)
    return entry


@SOON_VOID
async def test_a_halt_stops_an_entry_that_has_not_arrived(stage: Stage) -> None:
    entry = await hold_back(stage)
    await stage.command(Command.HALT)

    async def halted() -> bool:
        return any(stage.folder.glob("**/halt*"))

    await stage.until("the halt", halted)

    async def is_answered() -> bool:
        return await stage.rows("SELECT 1 FROM intent_sends WHERE outcome IS NULL") == []

    await stage.until("what was sent before to be answered", is_answered)
    stage.proxy.reset()
    assert await stage.ended(entry) == "CANCELLED"
    assert stage.fills() == []


@SOON_VOID
async def test_a_flatten_waits_for_an_entry_that_may_still_arrive(stage: Stage) -> None:
    entry = await hold_back(stage)
    await stage.command(Command.FLATTEN)

    async def is_asked() -> bool:
        return bool(await stage.rows("SELECT 1 FROM executor_flattens WHERE model = 'deepseek'"))

    await stage.until("the flatten", is_asked)
    asked_before = stage.proxy.order_questions

    async def is_known() -> bool:
        """A turn asks once: of the second question at the latest the turn has begun after the flatten."""
        return stage.proxy.order_questions >= asked_before + 2 or await stage.status(entry.id) == "CANCELLED"

    await stage.until("the flatten to be known", is_known)
    stage.proxy.reset()
    assert await stage.ended(entry) == "CANCELLED"
    assert stage.fills() == []
    [(ended_ms,)] = await stage.rows("SELECT updated_ms FROM intents WHERE intent_id = %s", entry.id)

    async def done_ms() -> int | None:
        [(at_ms,)] = await stage.rows("SELECT done_ms FROM executor_flattens WHERE model = 'deepseek'")
        return None if at_ms is None else int(at_ms)

    assert await stage.until("the flatten to be done", done_ms) >= ended_ms


async def test_an_instance_without_the_lease_sends_nothing(stage: Stage) -> None:
    await stage.send(stage.approve(Side.LONG, "0.5"))
    await stage.protected()
    client: Any = stage.bus.client
    await client.set("bus:lease:executor", "executor-2")
    assert await stage.bus.acquire_lease("executor", "executor-2", ttl_ms=600_000)

    async def stands_by() -> bool:
        return "standing by: another instance owns the account" in stage.unready().get("account-deepseek", "")

    await stage.until("the first instance to stand by", stands_by)
    sends = await stage.rows("SELECT count(*) FROM intent_sends")
    with stage.by_hand() as exchange:
        for order in stage.open_orders():
            exchange.cancel("ETH", order["oid"])
    await asyncio.sleep(5)
    assert await stage.rows("SELECT count(*) FROM intent_sends") == sends
    assert stage.open_orders() == []
