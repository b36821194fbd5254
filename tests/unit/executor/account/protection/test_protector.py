"""A position has its stop confirmed or is closed, by the exchange's answers and memory alone."""

import json
from collections import Counter
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from account_harness import ETH, MODEL, AccountHarness

from common.events.alerts import AlertCode
from common.trading.orders import IntentKind
from executor.account.protection.actions import ProtectiveActions
from executor.exchange.errors import ExchangeUnavailable
from executor.exchange.rate_limit import weight_of
from support.executor_process import address_of

Account = Any
"""The fixture's; see conftest."""
POST_ONLY = "Only post-only orders allowed immediately after a network upgrade"


# What is missing is placed.


async def test_a_missing_stop_is_placed_again_once_a_second_poll_misses_it(account: Account) -> None:
    account.harness.cancel_all_orders()
    await account.poll(after_s=1)
    assert (account.stops(), account.protector.needs_poll) == (0, True)
    await account.poll(after_s=1)
    assert account.stops() == 1
    await account.poll(after_s=1)
    assert not account.protector.needs_poll
    assert account.alerts() == []


@pytest.mark.parametrize("word", ["Stop", "Take"])
async def test_only_the_leg_that_is_missing_is_placed_again(account: Account, word: str) -> None:
    kept = {order["oid"] for order in account.harness.open_orders() if not order["orderType"].startswith(word)}
    account.harness.cancel_all_orders(word)
    for _ in range(3):
        await account.poll(after_s=1)
    assert (account.stops(), account.targets()) == (1, 1)
    assert kept < {order["oid"] for order in account.harness.open_orders()}
    assert sum("positionTpsl" in text for text in account.harness.wire.requests) == 1


async def test_a_stop_refused_for_a_reason_that_passes_is_tried_again_soon(account: Account) -> None:
    """No list has to say that nothing rests: the refusal says it."""
    account.harness.cancel_all_orders()
    account.harness.wire.refuse("positionTpsl", POST_ONLY)
    for after_s in (1, 1, 0.3):
        await account.poll(after_s=after_s)
    account.harness.wire.reset()
    account.harness.wire.lose_request("frontendOpenOrders")
    await account.poll(after_s=1)
    assert account.stops() == 1
    assert sum("positionTpsl" in text for text in account.harness.wire.requests) == 3
    assert account.alerts() == []


async def test_a_stop_whose_bytes_arrived_before_waits_for_a_list(account: Account) -> None:
    account.harness.cancel_all_orders()
    account.harness.wire.refuse("positionTpsl", "Invalid nonce: duplicate nonce 1")
    for after_s in (1, 1, 0.3, 0.3):
        await account.poll(after_s=after_s)
    assert sum("positionTpsl" in text for text in account.harness.wire.requests) == 1


async def test_stops_confirmed_one_by_one_count_while_no_list_comes(empty: Account) -> None:
    await empty.protect()
    empty.harness.wire.lose_request("frontendOpenOrders")
    await empty.enter()
    for _ in range(5):
        await empty.poll(after_s=6)
    assert (empty.harness.held(), empty.stops(), empty.alerts()) == (1, 1, [])
    empty.harness.cancel_all_orders()
    for _ in range(3):
        await empty.poll(after_s=2)
    assert (empty.harness.held() == 0) == (empty.stops() == 0)


@pytest.mark.parametrize("kind", ["frontendOpenOrders", "clearinghouseState"])
async def test_a_stop_that_the_stream_reports_as_gone_is_placed_again(account: Account, kind: str) -> None:
    """One of the two questions goes without an answer."""
    orders = {int(order["oid"]): "canceled" for order in account.harness.open_orders()}
    account.harness.cancel_all_orders()
    account.harness.wire.lose_request(kind)
    account.protector.poller.report_orders(orders)
    for _ in range(2):
        await account.protect(after_s=1)
    assert account.stops() == 1


# Nothing but the exchange and memory is needed.


@pytest.mark.parametrize("error", [psycopg.OperationalError("gone"), psycopg.errors.ReadOnlySqlTransaction("no")])
async def test_a_position_is_protected_without_tables(account: Account, error: Exception) -> None:
    run = account.harness.database.run

    def refuse(query: str, parameters: Any) -> Any:
        raise error

    account.harness.database.run = refuse
    account.harness.cancel_all_orders()
    for _ in range(3):
        await account.protect(after_s=1)
    assert account.stops() == 1
    account.harness.cancel_all_orders()
    account.harness.wire.lose_request("positionTpsl")
    await account.protect(after_s=1)
    await account.protect(after_s=11)
    assert account.harness.held() == 0
    account.harness.database.run = run
    account.harness.wire.reset()
    await account.poll(after_s=1)
    assert account.alerts() == [AlertCode.UNPROTECTED_CLOSING, AlertCode.UNPROTECTED_CLOSED]
    roles = {(fill.role, fill.intent_id is not None) for fill in account.harness.events("order.filled")}
    assert roles == {("entry", True), ("flatten", True)}


async def test_a_position_is_protected_after_a_start_without_tables(account: Account) -> None:
    """What the file beside says is enough."""
    again = account.restarted()
    assert again.memory.has_tables is False
    account.harness.cancel_all_orders()
    await again.protect(after_s=1)
    await again.protect(after_s=1)
    assert account.stops() == 1


async def test_a_disk_that_refuses_the_file_changes_nothing_else(account: Account) -> None:
    folder = account.harness.settings.executor_data_dir
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    folder.write_text("no folder any more")
    account.harness.cancel_all_orders()
    await account.protect(after_s=1)
    await account.protect(after_s=1)
    assert account.stops() == 1


async def test_an_unexpected_error_keeps_no_position_waiting(account: Account) -> None:
    """The error comes out of the round, after everything has had its turn."""
    account.harness.cancel_all_orders()
    await account.protect()
    account.memory.flatten_since_ms = "not a time"
    account.harness.pass_time(1)
    with pytest.raises(TypeError):
        await account.protector.round()
    assert account.stops() == 1


@pytest.mark.parametrize("kind", ["frontendOpenOrders", "clearinghouseState"])
async def test_a_question_without_an_answer_stays_due(account: Account, kind: str) -> None:
    account.harness.wire.lose_request(kind)
    account.protector.poller.invalidate()
    with pytest.raises(ExchangeUnavailable):
        await account.protector.round()
    assert account.protector.poller.wait_s() == 0


# Triggers without a position.


async def test_triggers_without_a_position_are_cancelled_when_seen_twice(account: Account) -> None:
    harness = account.harness
    harness.exchange.world.exchange.accounts[address_of(MODEL)].positions.clear()
    await account.poll(after_s=1)
    assert len(harness.open_orders()) == 2  # The state may be older than the entry.
    await account.poll(after_s=9)
    await account.poll(after_s=1)
    assert len(harness.open_orders()) == 2
    await account.poll(after_s=1)
    assert harness.open_orders() == []


async def test_an_entry_on_its_way_keeps_the_coins_triggers(account: Account) -> None:
    harness = account.harness
    harness.wire.lose_request("normalTpsl")
    await account.poll(after_s=20)
    harness.exchange.world.exchange.accounts[address_of(MODEL)].positions.clear()
    await account.enter()
    for _ in range(3):
        await account.protect(after_s=10)
    assert len(harness.open_orders()) == 2


@pytest.mark.parametrize("lag_s", [2.5, 7.0])
async def test_a_state_older_than_the_fill_cancels_no_stop(empty: Account, lag_s: float) -> None:
    harness = empty.harness
    await empty.poll()
    harness.advance(1)
    harness.wire.hold("clearinghouseState")
    intent_id = await empty.enter()
    for _ in range(int(lag_s * 2)):
        await empty.poll(after_s=0.5)
    assert (empty.stops(), empty.targets()) == (1, 1)
    assert sum("cancel" in text or "positionTpsl" in text for text in harness.wire.requests) == 0
    harness.wire.reset()
    await empty.poll(after_s=0.5)
    assert (await harness.context.intents.held_entries(MODEL))[ETH].intent_id == intent_id
    assert empty.alerts() == []


@pytest.mark.parametrize("lag_s", [2.5, 7.0])
async def test_a_state_older_than_the_exit_gets_no_stop(account: Account, lag_s: float) -> None:
    harness = account.harness
    harness.wire.requests.clear()
    harness.advance(1)
    harness.wire.hold("clearinghouseState")
    harness.pass_time(0.1)
    await account.submitter.submit(await harness.store(harness.approve("1", IntentKind.EXIT)))
    for _ in range(int(lag_s * 2)):
        await account.poll(after_s=0.5)
    assert not any("positionTpsl" in text for text in harness.wire.requests)
    assert account.alerts() == []


async def test_stops_that_the_list_does_not_show_yet_are_not_placed_twice(empty: Account) -> None:
    await empty.poll()
    empty.harness.wire.hold("frontendOpenOrders")
    await empty.enter()
    for _ in range(9):
        await empty.poll(after_s=1)
    assert not any("positionTpsl" in text for text in empty.harness.wire.requests)
    assert empty.harness.held() == 1


async def test_a_stop_that_ends_before_any_list_shows_it_is_placed_again(empty: Account) -> None:
    await empty.poll()
    await empty.enter()
    empty.harness.cancel_all_orders()
    for _ in range(3):
        await empty.protect(after_s=1)
    assert empty.stops() == 1


async def test_questions_after_unlisted_stops_leave_weight_for_the_books(empty: Account) -> None:
    await empty.poll()
    empty.harness.wire.hold("frontendOpenOrders")
    await empty.enter()
    empty.harness.wire.requests.clear()
    await empty.run_protector(60)
    kinds: Counter[str] = Counter(json.loads(text).get("type", "action") for text in empty.harness.wire.requests)
    assert (empty.stops(), empty.targets(), kinds["action"]) == (1, 1, 0)
    assert 10 <= kinds["orderStatus"] <= 30
    assert sum(weight_of(kind) * count for kind, count in kinds.items()) <= 360


@pytest.mark.parametrize("news", ["nothing", "the position's size", "a mark past the stop"])
async def test_news_of_an_unlisted_stop_has_it_asked_for_at_once(empty: Account, news: str) -> None:
    harness, world = empty.harness, empty.harness.exchange.world
    await empty.poll()
    harness.wire.hold("frontendOpenOrders")
    await empty.enter()
    stop = next(order for order in harness.open_orders() if order["orderType"].startswith("Stop"))
    for _ in range(5):
        await empty.protect(after_s=1)
    harness.wire.requests.clear()
    if news == "the position's size":
        world.exchange.accounts[address_of(MODEL)].positions["ETH"].size /= 2
    elif news == "a mark past the stop":
        coin = world.market.coins["ETH"]
        coin.mid = coin.oracle = coin.mark = float(stop["triggerPx"]) - 1
    await empty.protect(after_s=0.1)
    is_asked = any("orderStatus" in text and stop["cloid"] in text for text in harness.wire.requests)
    assert is_asked == (news != "nothing")


# Positions that no intent explains.


async def test_an_external_position_raises_one_alert_and_stays(empty: Account) -> None:
    harness = empty.harness
    order = {"coin": "ETH", "is_buy": True, "sz": 0.5, "limit_px": 1e6, "order_type": {"limit": {"tif": "Ioc"}}}
    mark = harness.exchange.world.market.coins["ETH"].mark_price
    order |= {"limit_px": float(round(mark * Decimal("1.02"))), "reduce_only": False}
    await harness.context.exchange.load_universe()
    await harness.context.exchange.send(harness.context.exchange.sign_requests([order]).body)
    await empty.poll(after_s=1)
    await empty.poll(after_s=20)
    assert empty.alerts() == [AlertCode.EXTERNAL_POSITION]
    assert harness.held() == Decimal("0.5")
    await harness.context.flattens.request("command", MODEL, harness.clock.now_ms())
    await empty.poll(after_s=6)
    await empty.poll(after_s=1)
    assert harness.held() == 0


async def test_a_stop_that_is_once_unknown_is_still_seen(account: Account) -> None:
    harness = account.harness
    await account.poll(after_s=1)
    [stop] = [order for order in harness.open_orders() if order["orderType"].startswith("Stop")]
    harness.wire.requests.clear()
    for _ in range(4):
        harness.wire.answer_once('"type": "orderStatus"', {"status": "unknownOid"})
    await account.run_protector(20)
    assert any("orderStatus" in text for text in harness.wire.requests)
    poll = account.protector.poller.latest
    assert poll is not None
    assert stop["oid"] in {order.order_id for order in poll.open_orders}
    assert account.stops() == 1


def test_an_attempts_number_is_never_used_twice(harness: AccountHarness) -> None:
    actions = ProtectiveActions(harness.context)
    numbers = [actions.next_attempt() for _ in range(3)]
    harness.pass_time(-5)
    numbers.append(actions.next_attempt())
    assert numbers == sorted(set(numbers))
