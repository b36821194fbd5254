"""The rows of one account are set aside while its contender trades another one."""

from pathlib import Path

import pytest
from account_harness import MODEL, AccountHarness

from executor.account.action_quota import ActionQuota
from executor.account.submit import OrderSubmitter
from executor.storage.epochs import TABLES


@pytest.fixture
async def harness(tmp_path: Path) -> AccountHarness:
    harness = AccountHarness(tmp_path)
    await harness.open()
    return harness


async def test_an_old_intent_stands_behind_no_position_of_another_account(harness: AccountHarness) -> None:
    context = harness.context
    assert not await context.epochs.enter(MODEL, "paper:0xa")
    entry = await harness.store(harness.approve("1"))
    await OrderSubmitter(context, ActionQuota(context)).submit(entry)
    unsent = await harness.store(harness.approve("1"))
    assert await context.intents.held_entries(MODEL)
    assert await context.epochs.enter(MODEL, "testnet:0xb")
    assert await context.intents.held_entries(MODEL) == {}
    assert await context.intents.unfinished(MODEL) == []
    assert await context.fills.recorded_until(MODEL) is None
    assert await context.cash_ledger.load(MODEL) is None
    assert await context.orders.known(MODEL, harness.clock.now_ms()) == {}
    assert await context.epochs.enter(MODEL, "paper:0xa")
    assert list(await context.intents.held_entries(MODEL)) == [entry.symbol]
    assert [intent.intent_id for intent in await context.intents.unfinished(MODEL)] == [unsent.intent_id]


async def test_every_table_with_a_model_has_epochs(harness: AccountHarness) -> None:
    tables = [row["name"] for row in harness.database.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    with_model = {
        table
        for table in tables
        if any(
            row["name"] == "model" for row in harness.database.rows(f"SELECT name FROM pragma_table_info('{table}')")
        )
    }
    assert with_model - {"executor_epochs", "executor_halts"} == set(TABLES)
