"""The cash ledger of one account: when the exchange is asked, and what explains the cash."""

from decimal import Decimal
from typing import Any

import pytest
from account_harness import MODEL, AccountHarness

from common.events import LedgerKind
from common.events.alerts import AlertCode
from executor.account.cash import ATTEMPTS, FIRST_S, LAG_MS, RETRY_S, TIMER_S, CashReconciler
from executor.domain.account import AccountState
from executor.domain.cash_ledger import CashTotals
from executor.exchange.errors import ExchangeUnavailable
from support.executor_process import address_of


class Ledger:
    """A reconciler at work, and how often it asked for the record of movements and of fills."""

    def __init__(self, harness: AccountHarness) -> None:
        self.harness, self.reconciler = harness, CashReconciler(harness.context)
        self.fill_records = 0

    async def _record_fills(self, state: AccountState, since_ms: int) -> list[Any]:
        self.fill_records += 1
        return await self.harness.context.exchange.fill_rows_since(since_ms)

    async def reconcile(self) -> tuple[AccountState, CashTotals]:
        state = await self.harness.context.exchange.account_state()
        return await self.reconciler.reconcile(state, self._record_fills)

    async def questions(self) -> int:
        """How often a reconciliation asks for funding payments."""
        self.harness.wire.requests.clear()
        await self.reconcile()
        return sum("userFunding" in request for request in self.harness.wire.requests)

    def deposit(self, usd: int) -> None:
        self.harness.advance(1)
        exchange = self.harness.exchange.world.exchange
        exchange.deposit(address_of(MODEL), Decimal(usd), self.harness.clock.now_ms())
        self.harness.exchange.publish_changes()


@pytest.fixture
def ledger(harness: AccountHarness) -> Ledger:
    return Ledger(harness)


def residual(found: tuple[AccountState, CashTotals]) -> Decimal:
    state, totals = found
    return totals.residual_usd(state.balance_usd)


async def test_the_ledger_begins_with_the_cash_of_the_first_state(ledger: Ledger) -> None:
    state, totals = await ledger.reconcile()
    assert (totals.start_cash_usd, totals.since_ms) == (state.balance_usd, state.time_ms)
    assert ledger.fill_records == 0
    assert ledger.harness.events("account.ledger") == []


async def test_news_of_a_cent_is_asked_for_at_once(ledger: Ledger) -> None:
    await ledger.reconcile()
    assert await ledger.questions() == 0
    ledger.deposit(250)
    found = await ledger.reconcile()
    assert residual(found) == 0
    assert found[1].transfers_usd == 250
    [movement] = ledger.harness.events("account.ledger")
    assert (movement.kind, movement.amount_usd) == (LedgerKind.TRANSFER, 250)
    assert await ledger.questions() == 0


async def test_without_news_the_record_is_read_by_the_timer(ledger: Ledger) -> None:
    await ledger.reconcile()
    assert await ledger.questions() == 0
    ledger.harness.pass_time(FIRST_S)
    assert await ledger.questions() == 1
    ledger.harness.pass_time(TIMER_S - 1)
    assert await ledger.questions() == 0
    ledger.harness.pass_time(1)
    assert await ledger.questions() == 1


async def unexplained(ledger: Ledger) -> Any:
    """The account's cash is one dollar more than its ledger says; asked for in vain."""
    await ledger.reconcile()
    ledger.harness.exchange.world.exchange.accounts[address_of(MODEL)].raw_usd += 1
    ledger.harness.pass_time(1)
    return await ledger.reconcile()


async def test_what_no_record_explains_stays_to_be_seen(ledger: Ledger) -> None:
    found = await unexplained(ledger)
    assert residual(found) == 1
    assert 1 <= ledger.fill_records <= ATTEMPTS


async def test_what_stays_unexplained_is_asked_for_once_a_minute(ledger: Ledger) -> None:
    await unexplained(ledger)
    assert await ledger.questions() == 0
    ledger.harness.pass_time(RETRY_S - 1)
    assert await ledger.questions() == 0
    ledger.harness.pass_time(1)
    assert await ledger.questions() == 1


async def test_while_nothing_is_read_no_jump_begins(ledger: Ledger) -> None:
    """The record's first reading afterwards may lag: it needs its own time before a jump is alerted."""
    await ledger.reconcile()
    ledger.harness.exchange.world.exchange.accounts[address_of(MODEL)].raw_usd += 1000
    for _ in range(3):
        ledger.harness.pass_time(LAG_MS / 1000)
        await ledger.reconciler.judge(await ledger.harness.context.exchange.account_state())
        assert not ledger.harness.context.standing.is_explained
    await ledger.reconcile()
    assert ledger.harness.events("system.alert") == []
    ledger.harness.pass_time(LAG_MS / 1000)
    await ledger.reconcile()
    assert [alert.code for alert in ledger.harness.events("system.alert")] == [AlertCode.EQUITY_UNEXPLAINED]


async def test_a_movement_is_entered_once_by_two_reconcilers(ledger: Ledger) -> None:
    await ledger.reconcile()
    ledger.deposit(40)
    await ledger.reconcile()
    ledger.harness.pass_time(TIMER_S)
    restarted = Ledger(ledger.harness)
    assert residual(await restarted.reconcile()) == 0
    assert len(ledger.harness.event_ids("account.ledger")) == 1


async def test_a_lost_answer_enters_nothing_and_the_next_turn_does(ledger: Ledger) -> None:
    await ledger.reconcile()
    ledger.deposit(40)
    ledger.harness.wire.lose_request("userNonFundingLedgerUpdates")
    with pytest.raises(ExchangeUnavailable):
        await ledger.reconcile()
    assert ledger.harness.events("account.ledger") == []
    ledger.harness.wire.reset()
    assert residual(await ledger.reconcile()) == 0


async def test_a_ledger_that_is_gone_is_named(ledger: Ledger) -> None:
    await ledger.reconcile()
    ledger.deposit(40)

    async def lose(state: AccountState, since_ms: int) -> list[Any]:
        async with ledger.harness.context.intents.transaction() as connection:
            await connection.execute("DELETE FROM executor_books")
        return []

    with pytest.raises(ValueError, match=f"the cash ledger of {MODEL} is gone"):
        await ledger.reconciler.reconcile(await ledger.harness.context.exchange.account_state(), lose)
