"""The cash ledger explains the cash, or says that it doesn't: modes, unknown rows, and a person's word."""

import json
from decimal import Decimal
from typing import Any

import pytest
from account_harness import AccountHarness

from common.events.alerts import AlertCode
from common.trading.orders import IntentKind
from executor.account.action_quota import ActionQuota
from executor.account.protection.poll import AccountPoller
from executor.account.reconcile import Reconciler
from executor.account.submit import OrderSubmitter
from executor.exchange.http import HttpResponse
from simulator.exchange.state import account_modes
from support.executor_process import address_of

D = Decimal
MODEL = "deepseek"


class CashAtHand:
    """One account whose cash is reconciled by hand."""

    def __init__(self, harness: AccountHarness) -> None:
        self.harness, self.poller = harness, AccountPoller(harness.context)
        self.reconciler = Reconciler(harness.context, self.poller)
        self.account = harness.exchange.world.exchange.accounts[address_of(MODEL)]

    async def look(self) -> Any:
        """A poll and the books with it, a while later: the account as it is published."""
        self.harness.advance(10)
        self.reconciler.invalidate()
        assert await self.reconciler.keep_books(await self.poller.poll()) == ()
        outbox = self.harness.context.outbox
        await outbox._publish_accounts()
        return self.harness.bus.events("account.updated")[-1].data

    async def transfers(self) -> Decimal:
        totals = await self.harness.context.cash_ledger.load(MODEL)
        assert totals is not None
        return totals.transfers_usd

    @property
    def is_explained(self) -> bool:
        return self.harness.context.standing.is_explained

    @property
    def alerts(self) -> list[str]:
        return [alert.code for alert in self.harness.events("system.alert")]

    def append_row(self, kind: str, **delta: Any) -> None:
        """A row in the exchange's ledger."""
        exchange = self.harness.exchange.world.exchange
        exchange.append_ledger(self.account.address, self.harness.clock.now_ms(), {"type": kind} | delta)


@pytest.fixture
async def books(harness: AccountHarness) -> CashAtHand:
    made = CashAtHand(harness)
    await made.look()
    harness.advance(1)
    return made


async def test_an_account_made_unified_keeps_its_equity(books: CashAtHand) -> None:
    intent = await books.harness.store(books.harness.approve("1"))
    await OrderSubmitter(books.harness.context, ActionQuota(books.harness.context)).submit(intent)
    before = await books.look()
    assert before.positions
    books.account.set_mode(account_modes.UNIFIED)
    after = await books.look()
    assert books.harness.context.standing.mode == "unifiedAccount"
    assert books.is_explained
    assert abs(after.equity_usd - before.equity_usd) < before.equity_usd / 100
    assert abs(await books.transfers()) < D("0.01")
    assert books.alerts == []
    leave = await books.harness.store(books.harness.approve("1", IntentKind.EXIT))
    await OrderSubmitter(books.harness.context, ActionQuota(books.harness.context)).submit(leave)
    flat = await books.look()
    totals = await books.harness.context.cash_ledger.load(MODEL)
    assert totals is not None
    assert abs(totals.residual_usd(flat.balance_usd)) < D("0.01")


async def test_a_new_mode_counts_what_stood_in_spot_as_a_transfer(books: CashAtHand) -> None:
    books.account.spot_usd = D(700)
    books.account.set_mode(account_modes.UNIFIED)
    await books.look()
    assert not books.is_explained  # A read may lag: it is entered once it has stayed so.
    await books.look()
    state = await books.look()
    assert (state.equity_usd, await books.transfers(), books.is_explained) == (10_700, 700, True)
    assert books.alerts == []
    [movement] = books.harness.events("account.ledger")
    assert (movement.amount_usd, movement.reason) == (700, "unifiedAccount")


async def test_a_jump_without_a_reason_waits_for_one(books: CashAtHand) -> None:
    books.account.raw_usd += 2_000
    await books.look()
    assert not books.is_explained
    assert books.alerts == []  # A read may lag: a person is called when it lasts.
    await books.look()
    await books.look()
    assert not books.is_explained
    assert books.alerts == [AlertCode.EQUITY_UNEXPLAINED]
    books.append_row("deposit", usdc="2000.0")
    books.harness.pass_time(60)
    await books.look()
    assert books.is_explained
    assert await books.transfers() == 2_000


async def test_a_little_that_is_not_explained_holds_nothing_back(books: CashAtHand) -> None:
    books.account.raw_usd += 20
    await books.look()
    assert books.is_explained
    assert books.alerts == []


async def test_an_unknown_row_is_a_transfer_of_unknown_size(books: CashAtHand) -> None:
    books.account.raw_usd += 20
    books.append_row("somethingNew", amount="20.0")
    for _ in range(3):
        await books.look()
        assert not books.is_explained
    assert books.alerts == [AlertCode.UNKNOWN_MOVEMENT, AlertCode.EQUITY_UNEXPLAINED]
    books.reconciler.accept_unexplained(books.harness.clock.now_ms())
    await books.look()
    assert (books.is_explained, await books.transfers()) == (True, 20)
    await books.look()
    assert (books.is_explained, await books.transfers()) == (True, 20)


async def test_an_unknown_row_that_moved_nothing_is_only_reported(books: CashAtHand) -> None:
    books.append_row("somethingNew", amount="20.0")
    books.account.raw_usd += D("0.02")
    for _ in range(3):
        await books.look()
    assert books.alerts == [AlertCode.UNKNOWN_MOVEMENT, AlertCode.EQUITY_UNEXPLAINED]
    books.account.raw_usd -= D("0.02")
    await books.look()
    assert books.is_explained


@pytest.mark.parametrize("rows", [250, 100])
async def test_a_record_in_short_pages_is_read_to_its_end(books: CashAtHand, rows: int) -> None:
    """The exchange answers a hundred rows where five hundred are documented."""
    for _ in range(rows):
        books.harness.pass_time(0.001)
        books.append_row("deposit", usdc="4.0")
    books.account.raw_usd += 4 * rows
    post = books.harness.wire.post

    def short(path: str, body: bytes) -> HttpResponse:
        response = post(path, body)
        answer = response.json()
        cut = answer[:100] if isinstance(answer, list) else answer
        return HttpResponse(response.status, json.dumps(cut).encode())

    books.harness.wire.post = short  # type: ignore[method-assign]
    await books.look()
    assert (await books.transfers(), books.is_explained) == (4 * rows, True)


async def test_a_spot_row_that_moved_the_cash_after_all_explains_it(books: CashAtHand) -> None:
    """By what is known rewards are paid into spot; should they come here, the amount says so."""
    books.append_row("rewardsClaim", amount="300.0", token="USDC")
    await books.look()
    assert await books.transfers() == 0
    books.account.raw_usd += 300
    await books.look()
    assert (await books.transfers(), books.is_explained) == (300, True)
    assert books.alerts == []
