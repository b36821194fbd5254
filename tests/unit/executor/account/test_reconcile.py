"""Polls record each fill once, ask no more than is due, and explain the cash."""

from decimal import Decimal

import pytest
from account_harness import MODEL, AccountHarness

from common.events import LedgerKind
from common.trading.orders import IntentKind, OrderRole
from executor.account.action_quota import ActionQuota
from executor.account.reconcile import Reconciler
from executor.account.submit import OrderSubmitter
from support.executor_process import address_of


@pytest.fixture
def reconciler(harness: AccountHarness) -> Reconciler:
    return Reconciler(harness.context)


async def enter(harness: AccountHarness, kind: IntentKind = IntentKind.ENTRY) -> str:
    submitter = OrderSubmitter(harness.context, ActionQuota(harness.context))
    intent = await harness.store(harness.approve("1", kind))
    assert await submitter.submit(intent, None)
    return intent.intent_id


async def test_fills_are_published_once_with_their_intent(harness: AccountHarness, reconciler: Reconciler) -> None:
    intent_id = await enter(harness)
    for _ in range(3):
        reconciler.invalidate()
        await reconciler.finalize(await reconciler.poll())
    fills = harness.events("order.filled")
    assert len(harness.event_ids("order.filled")) == len({fill.trade_id for fill in fills})
    assert {(fill.role, fill.intent_id) for fill in fills} == {(OrderRole.ENTRY, intent_id)}


async def test_a_view_covers_the_intents_that_ended_before_it(harness: AccountHarness, reconciler: Reconciler) -> None:
    intent_id = await enter(harness)
    waiting = await harness.store(harness.approve("1"))
    view = await reconciler.poll()
    assert view.covers == (intent_id,)
    assert [intent.intent_id for intent in view.unfinished] == [waiting.intent_id]
    assert {entry.intent_id for entry in view.entries.values()} == {intent_id}
    assert [order.role for order in view.open_orders] == [OrderRole.STOP, OrderRole.TARGET] or len(
        view.open_orders
    ) == 2


async def test_a_poll_without_news_asks_for_the_state_alone(harness: AccountHarness, reconciler: Reconciler) -> None:
    await reconciler.poll()
    assert not reconciler.is_due()
    harness.wire.requests.clear()
    harness.pass_time(harness.settings.state_interval_s)
    assert reconciler.is_due()
    await reconciler.poll()
    assert ["clearinghouseState" in request for request in harness.wire.requests] == [True]


async def test_only_reports_that_no_poll_has_shown_make_one_due(
    harness: AccountHarness, reconciler: Reconciler
) -> None:
    await enter(harness)
    await reconciler.poll()
    [fill, *_] = harness.events("order.filled")
    reconciler.report_fills([fill.trade_id])
    reconciler.report_orders({order.order_id: "open" for order in reconciler.open_orders})
    harness.pass_time(1)
    reconciler.weigh_reports()
    assert not reconciler.is_due()
    reconciler.report_fills([fill.trade_id + 1])
    reconciler.weigh_reports()
    assert reconciler.is_due()


async def test_children_of_a_closed_position_end_with_their_status(
    harness: AccountHarness, reconciler: Reconciler
) -> None:
    await enter(harness)
    await reconciler.poll()
    await enter(harness, IntentKind.EXIT)
    assert harness.open_orders() == []
    reconciler.invalidate()
    await reconciler.finalize(await reconciler.poll())
    ended = {event.role for event in harness.events("order.cancelled")}
    assert ended == {OrderRole.STOP, OrderRole.TARGET}


async def test_a_deposit_is_a_movement_that_explains_the_cash(harness: AccountHarness, reconciler: Reconciler) -> None:
    await reconciler.finalize(await reconciler.poll())
    harness.advance(2)
    harness.exchange.world.exchange.deposit(address_of(MODEL), Decimal(250), harness.clock.now_ms())
    harness.exchange.publish_changes()
    reconciler.invalidate()
    view = await reconciler.poll()
    await reconciler.finalize(view)
    [movement] = harness.events("account.ledger")
    assert (movement.kind, movement.amount_usd) == (LedgerKind.TRANSFER, 250)
    totals = await harness.context.cash_ledger.load(MODEL)
    assert totals is not None
    assert totals.residual_usd(view.state.balance_usd) == 0
