"""An intent is sent once, and its outcome is asked for until it is known."""

import contextlib
import json
from dataclasses import replace

import pytest
from account_harness import LIFE_MS, AccountHarness

from common.trading.orders import CancelReason, IntentKind, IntentStatus
from executor.account.action_quota import ActionQuota
from executor.account.submit import OrderSubmitter
from executor.domain.halt import HaltRecord
from executor.domain.intent import Intent
from executor.exchange.errors import UnknownOutcome
from support.forged_approvals import LIMITS, forged_approvals


@pytest.fixture
def submitter(harness: AccountHarness) -> OrderSubmitter:
    return OrderSubmitter(harness.context, ActionQuota(harness.context))


async def test_an_entry_is_filled_with_its_children(harness: AccountHarness, submitter: OrderSubmitter) -> None:
    intent = await harness.store(harness.approve("1.5"))
    assert await submitter.submit(intent)
    assert (await harness.stored(intent.intent_id)).status is IntentStatus.FILLED
    assert harness.held() == intent.order.size_coin
    assert [event.role for event in harness.events("order.accepted")] == ["entry", "stop", "target"]
    assert len(harness.open_orders()) == 2


async def test_a_confirmed_leverage_is_not_asked_for_again(harness: AccountHarness, submitter: OrderSubmitter) -> None:
    first, second = await harness.store(harness.approve("1")), await harness.store(harness.approve("1"))
    assert not submitter.can_send_at_once(first)
    await submitter.submit(first)
    assert submitter.can_send_at_once(second)
    await submitter.submit(second)
    assert sum("updateLeverage" in request for request in harness.wire.requests) == 1
    submitter.invalidate()
    assert not submitter.can_send_at_once(second)


@pytest.mark.parametrize("reason", [CancelReason.HALTED, CancelReason.FLATTENED, CancelReason.EXPIRED_UNSENT])
async def test_an_entry_that_may_not_be_sent_ends_unsent(
    harness: AccountHarness, submitter: OrderSubmitter, reason: CancelReason
) -> None:
    intent = await harness.store(harness.approve("1"))
    if reason is CancelReason.HALTED:
        harness.context.halts.write(HaltRecord(None, "test", 1, "test", is_local=True))
    if reason is CancelReason.FLATTENED:
        harness.context.memory.request_flatten(5, is_stored=False)
    if reason is CancelReason.EXPIRED_UNSENT:
        harness.advance(60)
    assert await submitter.submit(intent)
    assert (await harness.stored(intent.intent_id)).status is IntentStatus.CANCELLED
    assert [event.reason for event in harness.events("order.cancelled")] == [reason]
    assert not any("normalTpsl" in request for request in harness.wire.requests)


async def test_a_flatten_during_an_entrys_commit_keeps_its_bytes_here(
    harness: AccountHarness, submitter: OrderSubmitter
) -> None:
    intent = await harness.store(harness.approve("1"))
    await submitter.submit(await harness.store(harness.approve("1")))
    sent_before = len(harness.filled_orders())

    async def record_sent(sent: Intent, now_ms: int) -> bool:
        harness.context.memory.request_flatten(now_ms, is_stored=False)
        return await harness.context.intents.mark_sent(sent, now_ms)

    assert submitter.can_send_at_once(intent)
    assert not await submitter.send_first(intent, record_sent)
    assert len(harness.filled_orders()) == sent_before
    harness.advance(LIFE_MS / 1000 + 6)
    assert await submitter.submit(await harness.stored(intent.intent_id))
    assert [event.reason for event in harness.events("order.cancelled")] == [CancelReason.FLATTENED]


async def test_an_exit_is_sent_in_spite_of_halt_and_flatten(harness: AccountHarness, submitter: OrderSubmitter) -> None:
    await submitter.submit(await harness.store(harness.approve("1")))
    harness.context.halts.write(HaltRecord(None, "test", 1, "test", is_local=True))
    await submitter.submit(await harness.store(harness.approve("1", IntentKind.EXIT)))
    assert harness.held() == 0


async def test_a_lost_reply_is_resolved_without_a_second_order(
    harness: AccountHarness, submitter: OrderSubmitter
) -> None:
    harness.wire.lose_reply("normalTpsl")
    intent = await harness.store(harness.approve("1"))
    assert not await submitter.submit(intent)
    unknown = await harness.stored(intent.intent_id)
    assert unknown.status is IntentStatus.IN_FLIGHT
    assert await submitter.submit(unknown)
    assert (await harness.stored(intent.intent_id)).status is IntentStatus.FILLED
    assert len(harness.filled_orders()) == 1


async def test_a_lost_request_is_sent_again_as_the_same_bytes(
    harness: AccountHarness, submitter: OrderSubmitter
) -> None:
    harness.wire.lose_request("normalTpsl")
    intent = await harness.store(harness.approve("1"))
    await submitter.submit(intent)
    harness.wire.reset()
    assert not await submitter.submit(await harness.stored(intent.intent_id))
    harness.advance(2.5)
    assert await submitter.submit(await harness.stored(intent.intent_id))
    sent = [request for request in harness.wire.requests if "normalTpsl" in request]
    assert len(sent) == 2
    assert sent[0] == sent[1]
    assert len(harness.filled_orders()) == 1


async def test_bytes_that_never_arrived_end_an_entry(harness: AccountHarness, submitter: OrderSubmitter) -> None:
    harness.wire.lose_request('"type": "order"')
    intent = await harness.store(harness.approve("1"))
    await submitter.submit(intent)
    harness.advance(LIFE_MS / 1000 + 4.9)
    await submitter.submit(await harness.stored(intent.intent_id))
    assert (await harness.stored(intent.intent_id)).status is IntentStatus.IN_FLIGHT
    harness.advance(2)
    assert await submitter.submit(await harness.stored(intent.intent_id))
    assert (await harness.stored(intent.intent_id)).status is IntentStatus.CANCELLED


async def test_an_exit_that_may_still_arrive_gets_no_second_order(
    harness: AccountHarness, submitter: OrderSubmitter
) -> None:
    """Its bytes bear no end: they arrive a minute late, and the same ones have been carried out meanwhile."""
    await submitter.submit(await harness.store(harness.approve("1")))
    harness.wire.lose_request('"type": "order"')
    intent = await harness.store(harness.approve("1", IntentKind.EXIT))
    await submitter.submit(intent)
    [late] = [text for text in harness.wire.requests if '"r": true' in text and "normalTpsl" not in text]
    for _ in range(3):
        harness.advance(20)
        with pytest.raises(UnknownOutcome):
            await submitter.submit(await harness.stored(intent.intent_id))
    harness.wire.reset()
    harness.advance(20)
    assert await submitter.submit(await harness.stored(intent.intent_id))
    harness.exchange.request("/exchange", json.loads(late))
    assert (await harness.stored(intent.intent_id)).status is IntentStatus.FILLED
    assert (harness.held(), len(harness.filled_orders())) == (0, 2)


async def test_an_exit_whose_bytes_are_refused_is_signed_again(
    harness: AccountHarness, submitter: OrderSubmitter
) -> None:
    await submitter.submit(await harness.store(harness.approve("1")))
    harness.wire.lose_request('"type": "order"')
    intent = await harness.store(harness.approve("1", IntentKind.EXIT))
    await submitter.submit(intent)
    harness.wire.reset()
    harness.advance(LIFE_MS / 1000 + 6)
    harness.wire.answer_once('"type": "order"', {"status": "err", "response": "Invalid nonce"})
    for status in (IntentStatus.IN_FLIGHT, IntentStatus.STORED):
        assert not await submitter.submit(await harness.stored(intent.intent_id))
        assert (await harness.stored(intent.intent_id)).status is status
        harness.advance(3)
    assert await submitter.submit(await harness.stored(intent.intent_id))
    assert harness.held() == 0


async def test_of_a_thousand_forged_approvals_not_one_is_signed(
    harness: AccountHarness, submitter: OrderSubmitter
) -> None:
    coins = harness.exchange.world.market.coins
    marks = {symbol: coins[symbol.value].mark_price for symbol in harness.settings.coins}
    settings = harness.settings.model_copy(update={"max_notional_usd": LIMITS.max_notional_usd})
    submitter = OrderSubmitter(replace(harness.context, settings=settings), ActionQuota(harness.context))
    for event in forged_approvals(1_000, marks, harness.clock.now_ms(), seed=13):
        intent = await harness.store(event)
        assert not submitter.can_send_at_once(intent)
        assert await submitter.submit(intent)
    rows = harness.database.rows("SELECT status, reason, count(*) AS count FROM intents GROUP BY status, reason")
    assert [(row["status"], row["reason"], row["count"]) for row in rows] == [("CANCELLED", "OUTSIDE_ENVELOPE", 1_000)]
    assert not any('"type": "order"' in request for request in harness.wire.requests)
    assert {event.reason for event in harness.events("order.cancelled")} == {"OUTSIDE_ENVELOPE"}
    assert len(harness.event_ids("order.cancelled")) == len(harness.event_ids("system.alert")) == 1_000
    assert {event.code for event in harness.events("system.alert")} == {"OUTSIDE_ENVELOPE"}


async def test_an_unconfirmed_owner_sends_exits_alone(harness: AccountHarness, submitter: OrderSubmitter) -> None:
    harness.is_confirmed_owner = False
    entry = await harness.store(harness.approve("1", IntentKind.ENTRY))
    with contextlib.suppress(UnknownOutcome):
        await submitter.submit(entry)
    assert not any('"type": "order"' in request for request in harness.wire.requests)
    leave = await harness.store(harness.approve("1", IntentKind.EXIT))
    await submitter.submit(leave)
    assert any('"type": "order"' in request for request in harness.wire.requests)


async def test_nothing_is_sent_without_the_lease(harness: AccountHarness, submitter: OrderSubmitter) -> None:
    intent = await harness.store(harness.approve("1", IntentKind.EXIT))
    harness.is_owner = False
    assert not await submitter.submit(intent)
    assert not any('"type": "order"' in request for request in harness.wire.requests)


POST_ONLY = "Only post-only orders allowed immediately after a network upgrade"


async def test_a_refusal_that_passes_delays_an_exit_and_ends_an_entry(
    harness: AccountHarness, submitter: OrderSubmitter
) -> None:
    assert await submitter.submit(await harness.store(harness.approve("1")))
    harness.wire.refuse('"orders"', POST_ONLY)
    entry, leave = await harness.store(harness.approve("1")), await harness.store(harness.approve("1", IntentKind.EXIT))
    assert await submitter.submit(entry)
    assert (await harness.stored(entry.intent_id)).status is IntentStatus.REJECTED
    for _ in range(5):
        assert not await submitter.submit(await harness.stored(leave.intent_id))
        harness.pass_time(1)
    assert sum('"Ioc"' in text and "normalTpsl" not in text for text in harness.wire.requests) == 2
    harness.wire.reset()
    harness.pass_time(1)
    assert await submitter.submit(await harness.stored(leave.intent_id))
    assert harness.held() == 0


async def test_a_refusal_of_the_order_itself_ends_an_exit(harness: AccountHarness, submitter: OrderSubmitter) -> None:
    leave = await harness.store(harness.approve("1", IntentKind.EXIT))
    assert await submitter.submit(leave)
    assert (await harness.stored(leave.intent_id)).status is IntentStatus.REJECTED


async def test_an_exit_filled_in_spite_of_its_refusal_goes_out_once(
    harness: AccountHarness, submitter: OrderSubmitter
) -> None:
    """The answer was false: the exchange's record of the order decides."""
    entry = await harness.store(harness.approve("1"))
    await submitter.submit(entry)
    leave = await harness.store(harness.approve("1", IntentKind.EXIT))
    harness.wire.refuse_falsely('"Ioc"', "Internal error")
    assert not await submitter.submit(leave)
    assert harness.held() == 0
    harness.wire.reset()
    assert await submitter.submit(await harness.stored(leave.intent_id))
    assert (await harness.stored(leave.intent_id)).status is IntentStatus.FILLED


async def test_an_exit_refused_for_now_ends_when_nothing_is_held(
    harness: AccountHarness, submitter: OrderSubmitter
) -> None:
    """As of a coin that was delisted and settled: the refusal would never pass."""
    leave = await harness.store(harness.approve("1", IntentKind.EXIT))
    harness.wire.refuse('"Ioc"', "Trading is halted. asset=1")
    assert await submitter.submit(leave)
    assert (await harness.stored(leave.intent_id)).status is IntentStatus.REJECTED


async def test_an_order_whose_fills_cannot_be_read_ends_by_its_status(
    harness: AccountHarness, submitter: OrderSubmitter
) -> None:
    harness.wire.lose_reply("normalTpsl")
    harness.wire.spoil("userFillsByTime", '"px": ', '"p": ')
    intent = await harness.store(harness.approve("1"))
    await submitter.submit(intent)
    harness.advance(LIFE_MS / 1000 + 6)
    assert await submitter.submit(await harness.stored(intent.intent_id))
    ended = await harness.stored(intent.intent_id)
    assert (ended.status, ended.filled_size_coin) == (IntentStatus.FILLED, 1)


async def test_a_part_filled_by_its_status_alone_counts_as_filled(
    harness: AccountHarness, submitter: OrderSubmitter
) -> None:
    """One of its fills stays away for longer than the bytes are valid; the order's own status knows of it."""
    harness.exchange.world.market.coins["ETH"].depth = 0.01
    harness.advance(1)
    harness.wire.lose_reply("normalTpsl")
    harness.wire.spoil("userFillsByTime", '"oid": ', '"oid": 1')
    intent = await harness.store(harness.approve("900"))
    await submitter.submit(intent)
    harness.advance(LIFE_MS / 1000 + 6)
    assert await submitter.submit(await harness.stored(intent.intent_id))
    ended = await harness.stored(intent.intent_id)
    assert 0 < harness.held() == ended.filled_size_coin
    assert ended.status is IntentStatus.PARTIAL


async def test_an_entry_refused_in_a_post_only_time_ends_and_is_not_tried_again(
    harness: AccountHarness, submitter: OrderSubmitter
) -> None:
    text = "Only post-only orders allowed immediately after a network upgrade."
    harness.wire.refuse("normalTpsl", text)
    intent = await harness.store(harness.approve("1"))
    assert await submitter.submit(intent)
    [row] = harness.database.rows("SELECT status, reason FROM intents WHERE intent_id = ?", intent.intent_id)
    assert (row["status"], row["reason"]) == (IntentStatus.REJECTED, text)
    assert sum("normalTpsl" in request for request in harness.wire.requests) == 1
