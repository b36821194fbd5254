"""Coins outside the arena: what of them a flatten cancels and closes."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from account_harness import ETH, AccountHarness

from common.trading.instruments import Symbol
from executor.account.protection.actions import FLATTEN, ProtectiveActions
from executor.account.protection.external_positions import (
    cancel_external_orders,
    cancellable_orders,
    close_external_position,
)
from executor.account.protection.poll import AccountPoller
from executor.account.protection.record import record_protection
from executor.domain.account import AccountPoll, ExternalOrder
from executor.exchange.errors import UnknownOutcome


@pytest.fixture
async def harness(tmp_path: Path) -> AccountHarness:
    """The arena trades ETH alone."""
    harness = AccountHarness(tmp_path, coins=[ETH])
    await harness.open()
    return harness


def by_hand(harness: AccountHarness, coin: Symbol, size: float, price_factor: float, **options: Any) -> None:
    """A person's order; a negative size sells."""
    market = harness.exchange.world.market.coins[coin.value]
    order = {
        "coin": coin.value,
        "is_buy": size > 0,
        "sz": abs(size),
        "limit_px": float(f"{market.mark * price_factor:.4g}"),
        "order_type": options.get("kind", {"limit": {"tif": "Ioc"}}),
        "reduce_only": options.get("reduce_only", False),
    }
    action = harness.context.exchange.sign_requests([order])
    status, body = harness.exchange.request("/exchange", json.loads(action.body))
    [outcome] = json.loads(body)["response"]["data"]["statuses"]
    assert status == 200
    assert "error" not in outcome, outcome


@pytest.fixture
def actions(harness: AccountHarness) -> ProtectiveActions:
    return ProtectiveActions(harness.context)


async def polled(harness: AccountHarness) -> AccountPoll:
    harness.pass_time(1)
    return await AccountPoller(harness.context).poll()


def has_external(poll: AccountPoll) -> bool:
    return bool(poll.state.external or poll.external_orders)


async def test_an_account_of_the_arenas_coins_has_nothing_external(harness: AccountHarness) -> None:
    by_hand(harness, ETH, 0.5, 1.01)
    view = await polled(harness)
    assert not has_external(view)
    assert cancellable_orders(view) == []


@pytest.mark.parametrize("size", [3.0, -3.0])
async def test_a_position_is_closed_whole_and_reduce_only(
    harness: AccountHarness, actions: ProtectiveActions, size: float
) -> None:
    by_hand(harness, Symbol.SOL, size, 1.01 if size > 0 else 0.99)
    view = await polled(harness)
    assert has_external(view)
    [position] = view.state.external
    await close_external_position(harness.context, actions, position)
    newest = max(harness.filled_orders(), key=lambda row: row["order"]["oid"])["order"]
    assert (newest["coin"], newest["reduceOnly"], newest["side"]) == ("SOL", True, "A" if size > 0 else "B")
    assert not has_external(await polled(harness))
    await record_protection(harness.context)
    [line] = harness.database.rows("SELECT intent_id, purpose FROM intent_sends")
    assert (line["intent_id"], line["purpose"]) == (FLATTEN, "flatten")


async def test_each_attempt_is_an_order_of_its_own(harness: AccountHarness, actions: ProtectiveActions) -> None:
    by_hand(harness, Symbol.SOL, 3.0, 1.01)
    [position] = (await polled(harness)).state.external
    harness.wire.lose_request('"type": "order"')
    for _ in range(3):
        with pytest.raises(UnknownOutcome):
            await close_external_position(harness.context, actions, position)
    sent = [json.loads(request) for request in harness.wire.requests if '"type": "order"' in request]
    references = [body["action"]["orders"][0]["c"] for body in sent]
    assert len(set(references)) == 3


async def test_what_could_open_something_is_cancelled_and_a_stop_kept(
    harness: AccountHarness, actions: ProtectiveActions
) -> None:
    by_hand(harness, Symbol.SOL, 3.0, 1.01)
    by_hand(harness, Symbol.SOL, 1.0, 0.8, kind={"limit": {"tif": "Gtc"}})
    market = harness.exchange.world.market.coins["SOL"]
    stop = {"trigger": {"isMarket": True, "triggerPx": float(f"{market.mark * 0.9:.4g}"), "tpsl": "sl"}}
    by_hand(harness, Symbol.SOL, -3.0, 0.85, kind=stop, reduce_only=True)
    view = await polled(harness)
    assert len(view.external_orders) == 2
    orders = cancellable_orders(view)
    assert orders == [(order.coin, order.order_id) for order in view.external_orders if not order.reduce_only]
    await cancel_external_orders(harness.context, actions, orders)
    left = await polled(harness)
    assert [order.reduce_only for order in left.external_orders] == [True]
    [position] = left.state.external
    await close_external_position(harness.context, actions, position)
    assert not has_external(await polled(harness))


async def test_a_stop_that_cannot_be_read_stays_while_its_position_does(harness: AccountHarness) -> None:
    by_hand(harness, ETH, 0.5, 1.01)
    poll = await polled(harness)
    unread = [ExternalOrder("ETH", 1, True), ExternalOrder("ETH", 2, False), ExternalOrder("SOL", 3, True)]
    unnamed = [ExternalOrder(None, 4, False), ExternalOrder("SOL", None, False)]
    assert cancellable_orders(replace(poll, external_orders=[*unread, *unnamed])) == [("ETH", 2), ("SOL", 3)]


async def test_a_position_without_a_price_is_closed_by_the_mid(
    harness: AccountHarness, actions: ProtectiveActions
) -> None:
    by_hand(harness, ETH, 0.5, 1.01)
    [position] = (await polled(harness)).state.positions
    await actions.close(replace(position, mark_price=Decimal(0)), None, Decimal("0.03"))
    assert harness.held() == 0


async def test_a_lost_cancellation_is_an_unknown_outcome(harness: AccountHarness, actions: ProtectiveActions) -> None:
    by_hand(harness, Symbol.SOL, 1.0, 0.8, kind={"limit": {"tif": "Gtc"}})
    orders = cancellable_orders(await polled(harness))
    harness.wire.lose_reply('"type": "cancel"')
    with pytest.raises(UnknownOutcome):
        await cancel_external_orders(harness.context, actions, orders)
    assert not has_external(await polled(harness))
