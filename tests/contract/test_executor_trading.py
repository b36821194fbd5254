"""The executor as a real process against a real exchange simulator, PostgreSQL and Redis."""

import asyncio
import time
from decimal import Decimal
from typing import Any

import pytest
from executor_harness import ExecutorHarness, Fault

from common.events import IntentKind, OrderRole, RiskApproved
from common.events.codec import encode
from common.trading.instruments import Symbol
from common.trading.orders import Side
from support.executor_process import key_of

SOON_VOID = pytest.mark.parametrize("changed", [{"INTENT_LIFE_S": "5"}], ids=["soon void"])
SOON_ALARMED = pytest.mark.parametrize("changed", [{"UNPROTECTED_LIMIT_S": "3"}], ids=["soon alarmed"])


async def test_an_entry_comes_with_stop_and_target_and_leaves_none(harness: ExecutorHarness) -> None:
    entry = harness.approve(Side.LONG, "1.2345")
    await harness.send(entry)
    assert await harness.ended(entry) == "FILLED"
    position = await harness.protected()
    assert position.size_coin == Decimal("1.2345")
    assert position.leverage == 5
    assert position.is_isolated
    assert position.intent_id == entry.id
    assert position.stop_loss_price == entry.data.intent.stop_loss_price
    assert position.take_profit_price == entry.data.intent.take_profit_price
    leave = harness.approve(Side.LONG, "1.2345", intent_kind=IntentKind.EXIT)
    await harness.send(leave)
    assert await harness.ended(leave) == "FILLED"
    account = await harness.flat()
    assert {entry.id, leave.id} <= set(account.covers)

    async def all_published() -> bool:
        return len(await harness.events("order.cancelled")) == 2

    await harness.until("the triggers' end to be published", all_published)
    accepted = await harness.events("order.accepted")
    assert [(e.data.role, e.cycle_id) for e in accepted] == [
        (OrderRole.ENTRY, "cycle-1"),
        (OrderRole.STOP, "cycle-1"),
        (OrderRole.TARGET, "cycle-1"),
        (OrderRole.EXIT, "cycle-2"),
    ]
    fills = await harness.filled("2.469")
    assert {e.data.role for e in fills} == {OrderRole.ENTRY, OrderRole.EXIT}
    assert len(fills) == len(harness.fills())
    assert sum(e.data.size_coin for e in fills) == 2 * Decimal("1.2345")
    assert await asyncio.to_thread(harness.executor.stop) == 0
    assert key_of("deepseek").removeprefix("0x") not in harness.executor.log.read_text()


async def test_a_lost_answer_leaves_exactly_one_order(harness: ExecutorHarness) -> None:
    harness.proxy.harm('"grouping": "normalTpsl"', Fault.CUT_REPLY)
    entry = harness.approve(Side.LONG, "0.5")
    await harness.send(entry)
    assert await harness.ended(entry) == "FILLED"
    assert harness.proxy.harmed >= 1
    assert len(harness.entry_orders()) == 1
    assert (await harness.protected()).size_coin == Decimal("0.5")
    outcomes = await harness.rows("SELECT outcome FROM intent_sends WHERE intent_id = %s ORDER BY number", entry.id)
    assert any(outcome.startswith("unknown") for (outcome,) in outcomes)


async def test_an_approval_read_twice_is_one_order(harness: ExecutorHarness) -> None:
    first = harness.approve(Side.LONG, "0.5")
    await harness.send(first)
    assert await harness.ended(first) == "FILLED"
    await harness.protected()

    async def covered() -> bool:
        return first.id in (await harness.account()).covers

    await harness.until("the account to be looked at", covered)
    leave = harness.approve(Side.LONG, "0.5", intent_kind=IntentKind.EXIT)
    fields = {"event": encode(leave), "source": "risk", "sequence": 1, "epoch": 1}
    client: Any = harness.bus.client
    for _ in range(2):
        await client.xadd(RiskApproved.TYPE, fields)
    assert await harness.ended(leave) == "FILLED"
    await harness.flat()
    assert len(harness.fills()) == len(await harness.filled("1"))
    assert await harness.rows("SELECT count(*) FROM intent_sends WHERE intent_id = %s", leave.id) == [(1,)]


async def test_an_order_that_never_arrived_is_resent_as_the_same_bytes(harness: ExecutorHarness) -> None:
    harness.proxy.harm('"grouping": "normalTpsl"', Fault.REFUSE)
    entry = harness.approve(Side.SHORT, "0.5")
    await harness.send(entry)

    async def in_flight() -> bool:
        return await harness.status(entry.id) == "IN_FLIGHT"

    await harness.until("the unknown outcome", in_flight)
    harness.proxy.reset()
    assert await harness.ended(entry) == "FILLED"
    assert len(harness.entry_orders()) == 1
    sends = await harness.rows(
        "SELECT DISTINCT purpose FROM intent_sends WHERE intent_id = %s AND purpose <> 'leverage'", entry.id
    )
    assert {purpose for (purpose,) in sends} == {"orders", "resend"}


@SOON_VOID
async def test_an_order_that_never_arrives_ends_only_after_it_is_void(harness: ExecutorHarness) -> None:
    harness.proxy.harm('"grouping": "normalTpsl"', Fault.REFUSE)
    entry = harness.approve(Side.LONG, "0.5")
    await harness.send(entry)
    assert await harness.ended(entry) == "CANCELLED"
    [(reason, ended_ms, expires_ms)] = await harness.rows(
        "SELECT reason, updated_ms, expires_after_ms FROM intents WHERE intent_id = %s", entry.id
    )
    assert reason == "NEVER_ARRIVED"
    assert ended_ms > expires_ms + 5_000
    assert harness.entry_orders() == []


async def test_a_kill_between_sending_and_answer_doubles_nothing(harness: ExecutorHarness) -> None:
    harness.proxy.harm('"grouping": "normalTpsl"', Fault.HOLD_REPLY)
    entry = harness.approve(Side.LONG, "0.5")
    await harness.send(entry)

    async def was_taken() -> bool:
        return bool(harness.entry_orders())

    await harness.until("the exchange to have it", was_taken)
    harness.executor.kill()
    assert await harness.status(entry.id) == "SENT"
    harness.proxy.reset()
    harness.executor.start()
    assert await harness.ended(entry) == "FILLED"
    assert (await harness.protected()).intent_id == entry.id
    assert len(harness.entry_orders()) == 1
    assert sum(e.data.size_coin for e in await harness.filled("0.5")) == Decimal("0.5")


async def test_approvals_of_an_outage_are_sent_if_still_fresh(harness: ExecutorHarness) -> None:
    harness.executor.kill()
    now_ms = time.time_ns() // 1_000_000
    late = harness.approve(Side.LONG, "0.5", symbol=Symbol.BTC, valid_until_ms=now_ms - 1)
    fresh = harness.approve(Side.LONG, "0.5", valid_until_ms=now_ms + 120_000)
    await harness.send(late, fresh)
    harness.executor.start()
    assert await harness.ended(fresh) == "FILLED"
    assert await harness.ended(late) == "CANCELLED"

    async def published() -> list[Any]:
        return [e.data for e in await harness.events("order.cancelled") if e.cause_id == late.id]

    [cancelled] = await harness.until("the expiry to be published", published)
    assert cancelled.reason == "EXPIRED_UNSENT"
    assert len(harness.entry_orders()) == 1


async def test_a_stored_intent_is_sent_once_after_a_restart(harness: ExecutorHarness) -> None:
    harness.proxy.harm('"type": "updateLeverage"', Fault.REFUSE)
    entry = harness.approve(Side.LONG, "0.5")
    await harness.send(entry)

    async def stored() -> bool:
        return await harness.status(entry.id) == "STORED" and harness.proxy.harmed > 0

    await harness.until("the intent to be stored", stored)
    harness.executor.kill()
    harness.proxy.reset()
    harness.executor.start()
    assert await harness.ended(entry) == "FILLED"
    assert len(harness.entry_orders()) == 1
