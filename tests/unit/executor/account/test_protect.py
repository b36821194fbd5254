"""A position has its stop confirmed or is closed, and no trigger outlives its position."""

from dataclasses import replace
from decimal import Decimal

import pytest
from account_harness import MODEL, AccountHarness

from common.events.alerts import AlertCode
from executor.account.action_quota import ActionQuota
from executor.account.protect import PositionProtector
from executor.account.reconcile import Reconciler
from executor.account.submit import OrderSubmitter
from executor.domain.order import SignedAction


class Account:
    """Submitter, reconciler and protector of one account, a poll at a time."""

    def __init__(self, harness: AccountHarness) -> None:
        self.harness = harness
        self.submitter = OrderSubmitter(harness.context, ActionQuota(harness.context))
        self.reconciler, self.protector = Reconciler(harness.context), PositionProtector(harness.context)

    async def enter(self, size: str = "1") -> None:
        await self.submitter.submit(await self.harness.store(self.harness.approve(size)), None)

    async def poll(self, *, after_s: float = 0.0) -> None:
        self.harness.pass_time(after_s)
        self.reconciler.invalidate()
        view = await self.reconciler.poll()
        await self.protector.enforce(view, await self.harness.context.flattens.requested_since(MODEL))
        await self.reconciler.finalize(view)

    def stops(self) -> int:
        return sum(order["orderType"].startswith("Stop") for order in self.harness.open_orders())

    def alerts(self) -> list[str]:
        return [alert.code for alert in self.harness.events("system.alert")]


@pytest.fixture
async def account(harness: AccountHarness) -> Account:
    account = Account(harness)
    await account.enter()
    await account.poll()
    assert not account.protector.needs_poll
    return account


async def test_a_missing_stop_is_placed_again_once_a_second_poll_misses_it(account: Account) -> None:
    account.harness.cancel_all_orders()
    await account.poll(after_s=1)
    assert (account.stops(), account.protector.needs_poll) == (0, True)
    await account.poll(after_s=1)
    assert account.stops() == 1
    await account.poll(after_s=1)
    assert account.protector.unprotected_since == {}
    assert account.alerts() == []


@pytest.mark.parametrize("how", ["overdue", "refused"])
async def test_a_position_whose_stop_cannot_be_placed_is_closed(account: Account, how: str) -> None:
    account.harness.cancel_all_orders()
    await account.poll(after_s=1)
    if how == "overdue":
        account.harness.wire.lose_request("positionTpsl")
        await account.poll(after_s=account.harness.settings.unprotected_limit_s + 1)
    else:
        market = account.harness.exchange.world.market.coins["ETH"]
        market.mid = market.oracle = market.mark = market.mark * 0.9  # Beyond the stop: the exchange refuses it.
        await account.poll(after_s=1)
        await account.poll(after_s=1)
    assert account.harness.held() == 0
    assert account.alerts() == [AlertCode.UNPROTECTED_CLOSED]


async def test_triggers_without_a_position_are_cancelled_when_seen_twice(account: Account) -> None:
    harness = account.harness
    view = await account.reconciler.poll()
    view.state = replace(view.state, positions=())
    await account.protector.enforce(view, None)
    assert account.protector.needs_poll
    assert len(harness.open_orders()) == 2
    harness.pass_time(2)
    await account.protector.enforce(view, None)
    assert harness.open_orders() == []


async def test_an_entry_on_its_way_keeps_the_coins_triggers(account: Account) -> None:
    harness = account.harness
    entering = (await harness.store(harness.approve("1"))).sent(SignedAction(b"bytes", 1, 2))
    view = await account.reconciler.poll()
    view.state, view.unfinished = replace(view.state, positions=()), [entering]
    for _ in range(3):
        await account.protector.enforce(view, None)
        harness.pass_time(2)
    assert len(harness.open_orders()) == 2


async def test_an_external_position_raises_one_alert_and_stays(harness: AccountHarness) -> None:
    account = Account(harness)
    order = {"coin": "ETH", "is_buy": True, "sz": 0.5, "limit_px": 1e6, "order_type": {"limit": {"tif": "Ioc"}}}
    mark = harness.exchange.world.market.coins["ETH"].mark_price
    order |= {"limit_px": float(round(mark * Decimal("1.02"))), "reduce_only": False}
    await harness.context.exchange.send(harness.context.exchange.sign_requests([order]).body)
    await account.poll(after_s=1)
    await account.poll(after_s=20)
    assert account.alerts() == [AlertCode.EXTERNAL_POSITION]
    assert harness.held() == Decimal("0.5")
    await harness.context.flattens.request("command", MODEL, harness.clock.now_ms())
    await account.poll(after_s=6)
    assert harness.held() == 0


async def test_a_flatten_closes_after_its_grace_and_proves_it(account: Account) -> None:
    harness = account.harness
    await harness.context.flattens.request("command", MODEL, harness.clock.now_ms())
    await account.poll(after_s=1)
    assert harness.held() == 1
    await account.poll(after_s=5)
    assert harness.held() == 0
    for _ in range(3):
        await account.poll(after_s=3)
    assert await harness.context.flattens.requested_since(MODEL) is None
    assert account.alerts() == [AlertCode.FLATTENED]


def test_an_attempts_number_is_never_used_twice(harness: AccountHarness) -> None:
    protector = PositionProtector(harness.context)
    numbers = [protector.next_attempt() for _ in range(3)]
    harness.pass_time(-5)
    numbers.append(protector.next_attempt())
    assert numbers == sorted(set(numbers))
