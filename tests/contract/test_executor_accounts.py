"""An account in trouble opens nothing; its protection and exits, and the other account, go on. The process lives."""

from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from executor_harness import ExecutorHarness
from hyperliquid.exchange import Exchange

from common.events import IntentKind, OrderRole
from common.trading.instruments import Symbol
from common.trading.orders import Side
from support.executor_process import address_of, key_of, master_key_of, wallet_of
from support.simulator_process import ForkedSimulator

ETH = Symbol.ETH


def send_away(harness: ExecutorHarness, model: str, usd: float) -> None:
    """A person takes money out of an account, as the exchange's own page does it."""
    owner, spot = Account.from_key(master_key_of(model)), {"universe": [], "tokens": []}
    meta: Any = harness.simulator.info(type="meta")
    exchange = Exchange(owner, harness.simulator.url, meta, spot_meta=spot)
    with exchange.session, exchange.info.session:
        answer = exchange.withdraw_from_bridge(usd, "0x" + "9" * 40)
    assert answer["status"] == "ok", answer


async def account_with(harness: ExecutorHarness, what: str, model: str, holds: Any) -> Any:
    async def look() -> Any:
        account = await harness.account(model)
        return account if account is not None and holds(account) else None

    return await harness.until(what, look)


@pytest.fixture
async def testnet(
    tmp_path: Path, simulator: ForkedSimulator, redis_url: str, database_url: str
) -> AsyncIterator[ExecutorHarness]:
    """A harness whose executor takes the simulator for testnet, where funds are checked; qwen's account is poor."""
    harness = ExecutorHarness(tmp_path, simulator, redis_url, database_url, {"HYPERLIQUID_ENV": "testnet"})
    try:
        send_away(harness, "qwen", 9_990)
        await harness.open()
        yield harness
    finally:
        await harness.close()


async def test_one_account_under_the_minimum_leaves_the_other_alone(testnet: ExecutorHarness) -> None:
    harness = testnet
    poor = await account_with(harness, "the finding", "qwen", lambda account: account.problems)
    assert "at least 20 are needed" in poor.problems[0]
    entry = harness.approve(Side.LONG, "0.5")
    refused = harness.approve(Side.LONG, "0.1", model="qwen")
    await harness.send(refused, entry)
    assert await harness.ended(entry) == "FILLED"
    await harness.protected()
    assert await harness.ended(refused) == "CANCELLED"
    reasons = await harness.rows("SELECT reason FROM intents WHERE intent_id = %s", refused.id)
    assert reasons == [("ACCOUNT_REFUSED",)]
    assert (await harness.account("deepseek")).problems == ()
    assert "ACCOUNT_REFUSED" in await harness.alerts()


async def test_an_account_made_unified_keeps_its_equity_and_its_stop(harness: ExecutorHarness) -> None:
    entry = harness.approve(Side.LONG, "1")
    await harness.send(entry)
    await harness.ended(entry)
    before = await harness.protected()
    assert before.protected
    standard = await harness.account()
    harness.simulator.panel("account", user=address_of("deepseek"), mode="unified")
    unified = await account_with(harness, "the mode", "deepseek", lambda account: account.mode == "unifiedAccount")
    assert abs(unified.equity_usd - standard.equity_usd) < standard.equity_usd / 100
    assert unified.is_explained
    assert abs(unified.available_balance_usd - standard.available_balance_usd) < standard.equity_usd / 100
    for event in await harness.events("account.updated"):
        if event.data.model == "deepseek" and event.data.is_explained:
            assert event.data.equity_usd > standard.equity_usd * Decimal("0.9")
    leave = harness.approve(Side.LONG, "1", intent_kind=IntentKind.EXIT)
    await harness.send(leave)
    assert await harness.ended(leave) == "FILLED"
    flat = await harness.flat()
    moved = flat.sums.closed_pnl_usd - flat.sums.fees_usd + flat.sums.funding_usd + flat.sums.transfers_usd
    assert abs(flat.balance_usd - flat.sums.start_cash_usd - moved) < Decimal("0.01")
    roles = {event.data.role for event in await harness.events("order.filled")}
    assert OrderRole.FLATTEN not in roles


async def test_an_account_on_portfolio_margin_is_refused_and_protected(harness: ExecutorHarness) -> None:
    entry = harness.approve(Side.LONG, "0.5")
    await harness.send(entry)
    await harness.ended(entry)
    await harness.protected()
    harness.simulator.panel("account", user=address_of("deepseek"), mode="portfolioMargin")
    account = await account_with(harness, "the finding", "deepseek", lambda account: account.problems)
    assert "is in the mode 'portfolioMargin', which is not supported" in account.problems[0]
    assert "open a new account" in account.problems[0]
    assert account.positions[0].protected
    with harness.by_hand() as person:
        for order in harness.open_orders():
            person.cancel("ETH", order["oid"])
    await account_with(harness, "another stop", "deepseek", lambda account: account.positions[0].protected)
    leave = harness.approve(Side.LONG, "0.5", intent_kind=IntentKind.EXIT)
    await harness.send(leave)
    assert await harness.ended(leave) == "FILLED"
    refused = harness.approve(Side.LONG, "0.5")
    await harness.send(refused)
    assert await harness.ended(refused) == "CANCELLED"


async def test_an_ended_wallet_is_found_by_the_exchanges_own_words(harness: ExecutorHarness) -> None:
    await account_with(harness, "the checks", "qwen", lambda account: not account.problems)
    harness.simulator.panel("wallet", address=wallet_of("qwen"))
    refused = harness.approve(Side.LONG, "0.5", model="qwen")
    entry = harness.approve(Side.LONG, "0.5")
    await harness.send(refused, entry)
    found = await account_with(harness, "the finding", "qwen", lambda account: account.problems)
    assert "is no API wallet of any account (any more)" in found.problems[0]
    assert await harness.ended(entry) == "FILLED"
    await harness.protected()
    assert (await harness.account("deepseek")).problems == ()


def has_moved(usd: int) -> Callable[[Any], bool]:
    """Whether an account's sums are known and have that much in transfers, in USD."""
    return lambda account: account.sums is not None and account.sums.transfers_usd == usd


async def test_a_sent_transfer_is_a_transfer(harness: ExecutorHarness) -> None:
    for model in ("deepseek", "qwen"):
        begun = await account_with(harness, "the ledger's begin", model, lambda account: account.sums)
        later_ms = begun.sums.since_ms + 1_000
        await account_with(harness, "a later state", model, lambda account, ms=later_ms: account.state_ms > ms)
    owner, spot = Account.from_key(master_key_of("deepseek")), {"universe": [], "tokens": []}
    meta: Any = harness.simulator.info(type="meta")
    person = Exchange(owner, harness.simulator.url, meta, spot_meta=spot)
    with person.session, person.info.session:
        answer = person.send_asset(address_of("qwen"), "", "", "USDC", 4_000.0)
    assert answer["status"] == "ok", answer
    sent = await account_with(
        harness, "the row", "deepseek", lambda account: account.sums and account.sums.transfers_usd == -4_000
    )
    assert sent.is_explained
    came = await account_with(
        harness, "the row", "qwen", lambda account: account.sums and account.sums.transfers_usd == 4_000
    )
    assert came.is_explained


async def test_a_persons_position_is_not_taken_for_an_old_intents(
    tmp_path: Path, simulator: ForkedSimulator, redis_url: str, database_url: str
) -> None:
    """The same database, then another account, on which a person holds the coin that the arena held."""
    first = ExecutorHarness(tmp_path, simulator, redis_url, database_url)
    await first.open()
    entry = first.approve(Side.LONG, "0.5")
    await first.send(entry)
    await first.ended(entry)
    await first.protected()
    await first.close()
    own = {"deepseek": address_of("deepseek"), "qwen": address_of("qwen")}
    swapped = {
        "HYPERLIQUID_ACCOUNT_ADDRESS_DEEPSEEK": own["qwen"],
        "HYPERLIQUID_ACCOUNT_ADDRESS_QWEN": own["deepseek"],
        "HYPERLIQUID_PRIVATE_KEY_DEEPSEEK": key_of("qwen"),
        "HYPERLIQUID_PRIVATE_KEY_QWEN": key_of("deepseek"),
    }
    second = ExecutorHarness(tmp_path, simulator, redis_url, database_url, swapped)
    second.number = first.number
    with second.by_hand("qwen") as person:
        assert person.market_open("ETH", True, 0.5)["status"] == "ok"
    await second.open()
    try:
        taken = await account_with(
            second, "the person's position", "deepseek", lambda account: account.address == own["qwen"]
        )
        [position] = taken.positions
        assert (position.intent_id, position.protected) == (None, False)
        leave = second.approve(Side.LONG, "0.5", intent_kind=IntentKind.EXIT, epoch=f"paper:{own['deepseek']}")
        await second.send(leave)
        cancelled = await second.until("the cancellation", lambda: cancellation(second, leave.id))
        assert cancelled.reason == "OTHER_ACCOUNT"
        assert "UNPROTECTED_CLOSED" not in await second.alerts()
        assert second.simulator.info(type="frontendOpenOrders", user=own["qwen"]) == []
    finally:
        await second.close()
    third = ExecutorHarness(tmp_path, simulator, redis_url, database_url)
    await third.open()
    try:
        back = await account_with(
            third, "the arena's position", "deepseek", lambda account: account.address == own["deepseek"]
        )
        assert back.positions[0].intent_id == entry.id
        assert back.positions[0].protected
    finally:
        await third.close()


async def cancellation(harness: ExecutorHarness, intent_id: str) -> Any:
    found = [event.data for event in await harness.events("order.cancelled") if event.data.intent_id == intent_id]
    return found[0] if found else None
