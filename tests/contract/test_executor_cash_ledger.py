"""Every cent that an account gains or loses is explained: fills, funding, money in and out."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from eth_account import Account
from executor_harness import ExecutorHarness, Fault, stepped_harness
from hyperliquid.exchange import Exchange

from common.events import IntentKind, LedgerKind, OrderRole
from common.trading.durations import HOUR_MS
from common.trading.orders import Side
from support.executor_process import CONTENDERS, address_of, key_of, master_key_of

CENT = Decimal("0.01")


def residual(account: Any) -> Decimal:
    """What of the account's cash its sums don't explain."""
    sums = account.sums
    moved = sums.closed_pnl_usd - sums.fees_usd + sums.funding_usd + sums.transfers_usd
    return Decimal(account.balance_usd - sums.start_cash_usd - moved)


async def movements(harness: ExecutorHarness, kind: LedgerKind) -> list[Any]:
    return [event.data for event in await harness.events("account.ledger") if event.data.kind is kind]


async def test_a_round_trip_and_money_in_and_out_tie_out(harness: ExecutorHarness) -> None:
    entry = harness.approve(Side.LONG, "1.5")
    await harness.send(entry)
    await harness.ended(entry)
    await harness.protected()
    leave = harness.approve(Side.LONG, "1.5", intent_kind=IntentKind.EXIT)
    await harness.send(leave)
    await harness.ended(leave)
    traded = await harness.flat()
    fills = harness.fills()
    assert traded.sums.fees_usd == sum(Decimal(fill["fee"]) for fill in fills) > 0
    assert traded.sums.closed_pnl_usd == sum(Decimal(fill["closedPnl"]) for fill in fills)
    assert abs(residual(traded)) < CENT
    harness.simulator.fund(address_of("deepseek"), "250")

    async def has(transfers_usd: Decimal) -> Any:
        account = await harness.account()
        return account if account.sums and account.sums.transfers_usd == transfers_usd else None

    paid_in = await harness.until("the deposit", lambda: has(Decimal(250)))
    assert paid_in.equity_usd - traded.equity_usd == 250
    owner, spot = Account.from_key(master_key_of("deepseek")), {"universe": [], "tokens": []}
    meta: Any = harness.simulator.info(type="meta")
    exchange = Exchange(owner, harness.simulator.url, meta, spot_meta=spot)
    with exchange.session, exchange.info.session:
        exchange.withdraw_from_bridge(100, address_of("qwen"))
    paid_out = await harness.until("the withdrawal", lambda: has(Decimal(150)))
    assert abs(residual(paid_out)) < CENT
    published = await movements(harness, LedgerKind.TRANSFER)
    assert [(row.reason, row.amount_usd) for row in published] == [("deposit", 250), ("withdraw", -100)]


@pytest.fixture
async def stepped(tmp_path: Path, redis_url: str, database_url: str) -> AsyncIterator[ExecutorHarness]:
    """A harness whose exchange's time moves by hand."""
    async with stepped_harness(tmp_path, redis_url, database_url) as harness:
        yield harness


async def test_funding_is_published_and_explains_the_cash(stepped: ExecutorHarness) -> None:
    harness = stepped
    harness.simulator.panel("step", count=4, ms=250)
    entry = harness.approve(Side.LONG, "2")
    await harness.send(entry)
    await harness.ended(entry)
    before = await harness.protected()
    assert before.funding_since_open_usd == 0
    now_ms = harness.simulator.panel("step", count=1, ms=250)["time_ms"]
    assert isinstance(now_ms, int)
    harness.simulator.panel("step", count=1, ms=HOUR_MS - now_ms % HOUR_MS + 1000)

    async def paid() -> list[Any]:
        return await movements(harness, LedgerKind.FUNDING)

    [funding] = await harness.until("the funding payment", paid)
    [row] = harness.simulator.info(type="userFunding", user=address_of("deepseek"), startTime=0)  # type: ignore[attr-defined]
    assert (funding.coin, funding.size_coin) == ("ETH", Decimal(2))
    assert funding.amount_usd == Decimal(row["delta"]["usdc"]) != 0

    async def explained() -> Any:
        account = await harness.account()
        return account if account.sums and account.sums.funding_usd == funding.amount_usd else None

    assert abs(residual(await harness.until("the sums", explained))) < CENT


async def test_the_cash_ledger_goes_on_after_a_kill(harness: ExecutorHarness) -> None:
    entry = harness.approve(Side.SHORT, "0.5")
    await harness.send(entry)
    await harness.ended(entry)
    before = (await harness.account()).sums
    harness.executor.kill()
    harness.simulator.fund(address_of("deepseek"), "40")
    harness.executor.start()

    async def again() -> Any:
        account = await harness.account()
        return account if account.sums and account.sums.transfers_usd == 40 else None

    account = await harness.until("the deposit of meanwhile", again)
    assert (account.sums.since_ms, account.sums.start_cash_usd) == (before.since_ms, before.start_cash_usd)
    assert abs(residual(account)) < CENT


async def test_a_triggered_stop_has_its_real_price_and_fee(harness: ExecutorHarness) -> None:
    entry = harness.approve(Side.LONG, "0.5")
    await harness.send(entry)
    await harness.ended(entry)
    await harness.protected()
    harness.simulator.panel("jump", coin="ETH", percent=-8)
    account = await harness.flat()

    async def published() -> list[Any]:
        return [event.data for event in await harness.events("order.filled") if event.data.role is OrderRole.STOP]

    fills = await harness.until("the stop's fills", published)
    real = {fill["tid"]: fill for fill in harness.fills()}
    assert sum(fill.size_coin for fill in fills) == Decimal("0.5")
    for fill in fills:
        row = real[fill.trade_id]
        assert (fill.price, fill.fee_usd) == (Decimal(row["px"]), Decimal(row["fee"]))
        assert fill.intent_id == entry.id
        assert fill.price < entry.data.intent.stop_loss_price
    assert abs(residual(account)) < CENT


async def test_no_key_is_found_in_anything_that_is_written(harness: ExecutorHarness) -> None:
    entry = harness.approve(Side.LONG, "0.5")
    await harness.send(entry)
    await harness.ended(entry)
    await harness.protected()
    harness.proxy.harm('"type": "clearinghouseState"', Fault.CUT_REPLY)

    async def was_harmed() -> bool:
        return "no usable answer from the exchange" in harness.executor.log.read_text(encoding="utf-8")

    await harness.until("an error in the log", was_harmed)
    harness.proxy.reset()
    log = harness.executor.log.read_text(encoding="utf-8")
    port = next(json.loads(line)["metrics_port"] for line in log.splitlines() if '"metrics_port"' in line)
    metrics = await asyncio.to_thread(lambda: httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=60).text)
    tables = [name for (name,) in await harness.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    rows = {name: str(await harness.rows(f"SELECT t::text FROM {name} t")) for name in tables}
    client: Any = harness.bus.client
    dump = "".join([str(await client.dump(key)) for key in await client.keys("*")])
    written = {"the log": log, "the metrics": metrics, "Redis": dump, **rows}
    written["the signed bytes"] = str(await harness.rows("SELECT convert_from(signed_action, 'UTF8') FROM intents"))
    assert "normalTpsl" in written["the signed bytes"]
    for model in CONTENDERS:
        secret = bytes.fromhex(key_of(model).removeprefix("0x"))
        for form in (secret.hex(), secret.hex().upper(), base64.b64encode(secret).decode()):
            assert [place for place, text in written.items() if form in text] == []
