"""Books record each fill once, explain the cash, and wait for one another as little as can be."""

from decimal import Decimal
from typing import Any

import pytest
from account_harness import ETH, MODEL, no_fault

from common.events import LedgerKind
from common.events.alerts import AlertCode
from common.trading.orders import IntentKind, OrderRole
from executor.account.books import WAIT_LIMIT_S
from executor.storage.orders import OrderStore
from simulation.adapters.database import Pool
from support.executor_process import address_of

Account = Any
"""The fixture's; see conftest."""


async def leave(account: Account) -> str:
    intent = await account.harness.store(account.harness.approve("1", IntentKind.EXIT))
    assert await account.submitter.submit(intent)
    return str(intent.intent_id)


async def published(account: Account) -> Any:
    await account.harness.context.outbox._publish_accounts()
    [event] = account.harness.bus.events("account.updated")[-1:]
    return event.data


async def test_fills_are_published_once_with_their_intent(empty: Account) -> None:
    intent_id, harness = await empty.enter(), empty.harness
    for _ in range(3):
        empty.reconciler.invalidate()
        await empty.poll()
    fills = harness.events("order.filled")
    assert len(harness.event_ids("order.filled")) == len({fill.trade_id for fill in fills})
    assert {(fill.role, fill.intent_id) for fill in fills} == {(OrderRole.ENTRY, intent_id)}


async def test_a_state_covers_the_intents_whose_fills_it_contains(empty: Account) -> None:
    harness = empty.harness
    await empty.poll()
    harness.pass_time(1)
    harness.wire.hold("clearinghouseState")
    harness.pass_time(1)
    intent_id = await empty.enter()
    waiting = await harness.store(harness.approve("1"))
    await empty.poll(after_s=1)
    late = await published(empty)
    assert (late.covers, late.open_intents) == ((), (waiting.intent_id,))
    harness.wire.reset()
    await empty.poll(after_s=1)
    now = await published(empty)
    assert (now.covers, [each.intent_id for each in now.positions]) == ((intent_id,), [intent_id])


async def test_a_poll_without_news_asks_for_the_state_alone(empty: Account) -> None:
    harness, poller = empty.harness, empty.protector.poller
    for _ in range(2):
        await empty.poll()
    assert poller.wait_s() > 0
    harness.wire.requests.clear()
    harness.pass_time(harness.settings.state_interval_s)
    assert poller.wait_s() == 0
    await empty.protector.round()
    await empty.keep_books()
    assert ["clearinghouseState" in request for request in harness.wire.requests] == [True]


async def test_only_reports_that_no_poll_has_shown_make_one_due(account: Account) -> None:
    harness, poller = account.harness, account.protector.poller
    [fill, *_] = harness.events("order.filled")
    poller.report_fills([fill.trade_id])
    poller.report_orders({order.order_id: "open" for order in poller.latest.open_orders})
    harness.pass_time(1)
    assert not poller.weigh_reports()
    assert poller.wait_s() > 0
    poller.report_fills([fill.trade_id + 1])
    assert poller.weigh_reports()
    assert poller.wait_s() == 0


async def test_children_of_a_closed_position_end_with_their_status(account: Account) -> None:
    await leave(account)
    assert account.harness.open_orders() == []
    await account.poll()
    ended = {event.role for event in account.harness.events("order.cancelled")}
    assert ended == {OrderRole.STOP, OrderRole.TARGET}


async def test_a_deposit_is_a_movement_that_explains_the_cash(empty: Account) -> None:
    harness = empty.harness
    await empty.poll()
    harness.advance(2)
    harness.exchange.world.exchange.deposit(address_of(MODEL), Decimal(250), harness.clock.now_ms())
    harness.exchange.publish_changes()
    await empty.poll()
    [movement] = harness.events("account.ledger")
    assert (movement.kind, movement.amount_usd) == (LedgerKind.TRANSFER, 250)
    totals = await harness.context.cash_ledger.load(MODEL)
    assert totals is not None
    assert totals.residual_usd((await published(empty)).balance_usd) == 0


# One part's failure.


@pytest.mark.parametrize("kind", ["userFillsByTime", "orderStatus", "userFunding"])
async def test_an_endpoint_that_is_away_keeps_no_other_part_waiting(empty: Account, kind: str) -> None:
    """Its part is named as stale in what is published, until it is back."""
    await empty.poll()
    empty.harness.wire.lose_request(kind)
    await empty.enter()
    await leave(empty)
    empty.harness.exchange.world.exchange.deposit(address_of(MODEL), Decimal(250), empty.harness.clock.now_ms())
    for _ in range(3):
        empty.reconciler.invalidate()
        await empty.poll(after_s=20)
    stale = await published(empty)
    assert stale.stale == {"userFillsByTime": ("fills",), "orderStatus": ("orders",), "userFunding": ("cash",)}[kind]
    assert (stale.sums is None) == (kind != "orderStatus")
    empty.harness.wire.reset()
    await empty.poll(after_s=20)
    assert ((await published(empty)).stale, empty.stale) == ((), ())
    assert {fill.role for fill in empty.harness.events("order.filled")} == {"entry", "exit"}


async def test_books_that_wait_for_weight_fail_past_their_limit(empty: Account) -> None:
    """What waits is named as stale at once; past the limit it counts as failed, with one alert."""
    await empty.poll()
    await empty.enter()
    limiter, clock = empty.harness.context.exchange._rate_limiter, empty.harness.clock
    third = WAIT_LIMIT_S / 3
    for after_s, failed in ((0, ()), (third, ()), (third, ()), (third + 1, ("fills",)), (third, ("fills",))):
        empty.harness.pass_time(after_s)
        limiter.spend(1_000, clock.monotonic())  # What protects has taken everything.
        await empty.poll()
        assert ((await published(empty)).stale, empty.stale) == (("fills",), failed)
    assert empty.alerts() == [AlertCode.BOOKS_BEHIND]
    await empty.poll(after_s=60)
    assert ((await published(empty)).stale, empty.stale) == ((), ())
    assert {fill.role for fill in empty.harness.events("order.filled")} == {OrderRole.ENTRY}
    assert empty.alerts() == [AlertCode.BOOKS_BEHIND]


async def test_time_in_which_books_were_not_tried_counts_as_no_wait(empty: Account) -> None:
    await empty.poll()
    await empty.enter()
    limiter, clock = empty.harness.context.exchange._rate_limiter, empty.harness.clock
    for after_s in (0.0, WAIT_LIMIT_S * 60):
        empty.harness.pass_time(after_s)
        limiter.spend(1_000, clock.monotonic())
        await empty.poll()
        assert empty.stale == ()
    assert empty.alerts() == []


async def test_one_fill_that_cannot_be_read_stops_no_exit_and_no_protection(account: Account) -> None:
    account.harness.wire.spoil("userFillsByTime", '"sz": "', '"sz": "?')
    account.reconciler.invalidate()
    await account.poll(after_s=1)
    assert account.stale == ()
    account.harness.cancel_all_orders()
    for _ in range(3):
        await account.poll(after_s=1)
    assert account.stops() == 1
    await leave(account)
    assert account.harness.held() == 0


@pytest.mark.parametrize("kind", ["userFillsByTime", "userNonFundingLedgerUpdates"])
async def test_cash_that_cannot_be_explained_yet_is_no_profit(empty: Account, kind: str) -> None:
    await empty.poll()
    empty.harness.advance(2)
    empty.harness.wire.lose_request(kind)
    empty.harness.exchange.world.exchange.deposit(address_of(MODEL), Decimal(2_000), empty.harness.clock.now_ms())
    empty.reconciler.invalidate()
    await empty.poll(after_s=20)
    state = await published(empty)
    assert (state.sums, state.is_explained) == (None, False)
    empty.harness.wire.reset()
    await empty.poll(after_s=20)
    assert (await published(empty)).is_explained


@pytest.mark.parametrize("column", ["symbol", "role"])
async def test_a_fill_of_an_order_row_that_cannot_be_read_has_its_intent(empty: Account, column: str) -> None:
    await empty.poll()
    intent_id = await empty.enter()
    empty.harness.database.run(f"UPDATE intent_orders SET {column} = %s", ("ODD",))
    await empty.poll(after_s=1)
    fills = empty.harness.events("order.filled")
    assert fills
    assert {(fill.intent_id, fill.role) for fill in fills} == {(intent_id, OrderRole.ENTRY)}


async def test_an_order_row_that_cannot_be_read_hides_no_other(account: Account) -> None:
    database, found = account.harness.database, []
    orders = OrderStore(Pool(database, no_fault), lambda *row: found.append(row[:2]))
    known = sorted(await orders.known(MODEL, 0))
    database.run("UPDATE intent_orders SET symbol = %s WHERE client_order_id = %s", ("ODD", known[0]))
    assert sorted(await orders.known(MODEL, 0)) == known[1:]
    assert found == [("intent_orders", known[0])]


async def test_an_entry_of_before_a_clock_was_set_back_is_closed(account: Account) -> None:
    intents, now_ms = account.harness.context.intents, account.harness.clock.now_ms()
    await intents.mark_entries_closed(MODEL, [ETH], now_ms - 20_000, 1)
    assert list(await intents.held_entries(MODEL)) == [ETH]
    await intents.mark_entries_closed(MODEL, [ETH], now_ms - 3_600_000, 1)
    assert await intents.held_entries(MODEL) == {}


async def test_an_entry_is_not_closed_by_a_state_older_than_its_fill(empty: Account) -> None:
    harness = empty.harness
    await empty.poll()
    harness.wire.hold("clearinghouseState")
    harness.pass_time(1)
    intent_id = await empty.enter()
    for _ in range(30):
        await empty.poll(after_s=1)
    assert (await harness.context.intents.held_entries(MODEL))[ETH].intent_id == intent_id


async def test_a_position_that_comes_back_is_its_entrys_again(account: Account) -> None:
    harness = account.harness
    await harness.context.intents.mark_entries_closed(MODEL, [ETH], harness.clock.now_ms() + 1, 1)
    assert await harness.context.intents.held_entries(MODEL) == {}
    await account.poll(after_s=1)
    assert list(await harness.context.intents.held_entries(MODEL)) == [ETH]
    assert account.alerts() == []


async def test_an_entry_whose_position_is_gone_is_closed(account: Account) -> None:
    await leave(account)
    await account.poll(after_s=1)
    await account.poll(after_s=16)
    assert await account.harness.context.intents.held_entries(MODEL) == {}


async def test_a_fills_row_that_cannot_be_read_is_set_aside_with_one_alert(empty: Account) -> None:
    """The rest of the books goes on, and the order whose fill it was ends by its status."""
    await empty.poll()
    await empty.enter()
    empty.harness.wire.spoil("userFillsByTime", '"px": ', '"p": ')
    await leave(empty)
    for _ in range(3):
        empty.reconciler.invalidate()
        await empty.poll(after_s=20)
    assert empty.stale == ()
    made = empty.harness.exchange.world.histories.fills[address_of(MODEL)]
    read = {fill.trade_id for fill in empty.harness.events("order.filled")}
    assert len(read) == len(made) - 1
    assert empty.alerts().count(AlertCode.UNKNOWN_MOVEMENT) == 1
