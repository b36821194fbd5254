"""One account in this process."""

import contextlib
from pathlib import Path

import pytest
from account_harness import AccountHarness

from executor.account.action_quota import ActionQuota
from executor.account.protection.protector import POLL_AGAIN_S, PositionProtector
from executor.account.reconcile import Reconciler
from executor.account.submit import OrderSubmitter
from executor.exchange.errors import ExchangeError


class Account:
    """Submitter, protector and books of one account, a round at a time. `stale` are the parts that were behind."""

    def __init__(self, harness: AccountHarness) -> None:
        self.harness, self.memory = harness, harness.context.memory
        self.submitter = OrderSubmitter(harness.context, ActionQuota(harness.context))
        self.protector = PositionProtector(harness.context, harness.service.set_ready, lambda: None)
        self.reconciler = Reconciler(harness.context, self.protector.poller)
        self.stale: tuple[str, ...] = ()

    def restarted(self) -> "Account":
        """The same account in another process, which has nothing but the files."""
        return Account(self.harness.restarted())

    async def enter(self, size: str = "1") -> str:
        intent = await self.harness.store(self.harness.approve(size))
        await self.submitter.submit(intent)
        self.reconciler.invalidate()  # As the worker does.
        return intent.intent_id

    async def protect(self, *, after_s: float = 0.0) -> None:
        """One round of the protector alone; what the exchange doesn't answer is left for the next."""
        self.harness.pass_time(after_s)
        self.protector.poller.invalidate()
        with contextlib.suppress(ExchangeError):
            await self.protector.round()

    async def run_protector(self, seconds: float) -> None:
        """The protector's rounds at their own times, as its task makes them without news."""
        protector, end_s = self.protector, self.harness.clock.monotonic() + seconds
        while (now_s := self.harness.clock.monotonic()) < end_s:
            wait_s = min(protector.poller.wait_s(), POLL_AGAIN_S if protector.needs_poll else end_s - now_s)
            self.harness.pass_time(max(wait_s, 0.01))
            if protector.needs_poll:
                protector.poller.repeat(orders=True)
            if protector.poller.wait_s() <= 0:
                with contextlib.suppress(ExchangeError):
                    await protector.round()

    async def poll(self, *, after_s: float = 0.0) -> None:
        """A round of the protector, and the books with its poll."""
        await self.protect(after_s=after_s)
        await self.keep_books()

    async def keep_books(self) -> None:
        poll = self.protector.poller.latest
        assert poll is not None
        self.stale = await self.reconciler.keep_books(poll)

    def stops(self) -> int:
        return sum(order["orderType"].startswith("Stop") for order in self.harness.open_orders())

    def targets(self) -> int:
        return sum(order["orderType"].startswith("Take") for order in self.harness.open_orders())

    def alerts(self) -> list[str]:
        """Of the outbox, and those that wait for it."""
        waiting = [alert.data.code for alert in self.memory.alerts.values()]
        return [alert.code for alert in self.harness.events("system.alert")] + waiting


@pytest.fixture
async def harness(tmp_path: Path) -> AccountHarness:
    harness = AccountHarness(tmp_path)
    await harness.open()
    return harness


@pytest.fixture
async def empty(harness: AccountHarness) -> Account:
    """An account that has not traded yet."""
    account = Account(harness)
    await account.reconciler.read_tables()
    return account


@pytest.fixture
async def account(empty: Account) -> Account:
    """One with a long position that has its stop and its target."""
    await empty.enter()
    await empty.poll()
    assert not empty.protector.needs_poll
    return empty
