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
from executor_stage import Fault, Stage, stepped_stage
from hyperliquid.exchange import Exchange

from common.events import IntentKind, LedgerKind, OrderRole
from common.trading.orders import Side
from support.executor_process import CONTENDERS, address_of, key_of, master_key_of

CENT = Decimal("0.01")
HOUR_MS = 3_600_000


def residual(account: Any) -> Decimal:
    """What of the account's cash its sums don't explain."""
    sums = account.sums
    moved = sums.closed_pnl_usd - sums.fees_usd + sums.funding_usd + sums.transfers_usd
    return Decimal(account.cash_usd - sums.start_cash_usd - moved)


async def movements(stage: Stage, kind: LedgerKind) -> list[Any]:
    return [event.data for event in await stage.events("account.ledger") if event.data.kind is kind]


async def test_a_round_trip_and_money_in_and_out_tie_out(stage: Stage) -> None:
    entry = stage.approve(Side.LONG, "1.5")
    await stage.send(entry)
    await stage.ended(entry)
    await stage.protected()
    leave = stage.approve(Side.LONG, "1.5", intent_kind=IntentKind.EXIT)
    await stage.send(leave)
    await stage.ended(leave)
    traded = await stage.flat()
    fills = stage.fills()
    assert traded.sums.fees_usd == sum(Decimal(fill["fee"]) for fill in fills) > 0
    assert traded.sums.closed_pnl_usd == sum(Decimal(fill["closedPnl"]) for fill in fills)
    assert abs(residual(traded)) < CENT
    stage.simulator.fund(address_of("deepseek"), "250")

    async def has(transfers_usd: Decimal) -> Any:
        account = await stage.account()
        return account if account.sums.transfers_usd == transfers_usd else None

    paid_in = await stage.until("the deposit", lambda: has(Decimal(250)))
    assert paid_in.equity_usd - traded.equity_usd == 250
    owner, spot = Account.from_key(master_key_of("deepseek")), {"universe": [], "tokens": []}
    meta: Any = stage.simulator.info(type="meta")
    exchange = Exchange(owner, stage.simulator.url, meta, spot_meta=spot)
    with exchange.session, exchange.info.session:
        exchange.withdraw_from_bridge(100, address_of("qwen"))
    paid_out = await stage.until("the withdrawal", lambda: has(Decimal(150)))
    assert abs(residual(paid_out)) < CENT
    published = await movements(stage, LedgerKind.TRANSFER)
    assert [(row.reason, row.amount_usd) for row in published] == [("deposit", 250), ("withdraw", -100)]


@pytest.fixture
async def stepped(tmp_path: Path, redis_url: str, database_url: str) -> AsyncIterator[Stage]:
    """A stage whose exchange's time moves by hand."""
    async with stepped_stage(tmp_path, redis_url, database_url) as stage:
        yield stage


async def test_funding_is_published_and_explains_the_cash(stepped: Stage) -> None:
    stage = stepped
    stage.simulator.panel("step", count=4, ms=250)
    entry = stage.approve(Side.LONG, "2")
    await stage.send(entry)
    await stage.ended(entry)
    before = await stage.protected()
    assert before.funding_since_open_usd == 0
    now_ms = stage.simulator.panel("step", count=1, ms=250)["time_ms"]
    assert isinstance(now_ms, int)
    stage.simulator.panel("step", count=1, ms=HOUR_MS - now_ms % HOUR_MS + 1000)

    async def paid() -> list[Any]:
        return await movements(stage, LedgerKind.FUNDING)

    [funding] = await stage.until("the funding payment", paid)
    [row] = stage.simulator.info(type="userFunding", user=address_of("deepseek"), startTime=0)  # type: ignore[attr-defined]
    assert (funding.coin, funding.size_coin) == ("ETH", Decimal(2))
    assert funding.amount_usd == Decimal(row["delta"]["usdc"]) != 0

    async def explained() -> Any:
        account = await stage.account()
        return account if account.sums.funding_usd == funding.amount_usd else None

    assert abs(residual(await stage.until("the sums", explained))) < CENT


async def test_the_cash_ledger_goes_on_after_a_kill(stage: Stage) -> None:
    entry = stage.approve(Side.SHORT, "0.5")
    await stage.send(entry)
    await stage.ended(entry)
    before = (await stage.account()).sums
    stage.executor.kill()
    stage.simulator.fund(address_of("deepseek"), "40")
    stage.executor.start()

    async def again() -> Any:
        account = await stage.account()
        return account if account.sums.transfers_usd == 40 else None

    account = await stage.until("the deposit of meanwhile", again)
    assert (account.sums.since_ms, account.sums.start_cash_usd) == (before.since_ms, before.start_cash_usd)
    assert abs(residual(account)) < CENT


async def test_a_triggered_stop_has_its_real_price_and_fee(stage: Stage) -> None:
    entry = stage.approve(Side.LONG, "0.5")
    await stage.send(entry)
    await stage.ended(entry)
    await stage.protected()
    stage.simulator.panel("jump", coin="ETH", percent=-8)
    account = await stage.flat()

    async def published() -> list[Any]:
        return [event.data for event in await stage.events("order.filled") if event.data.role is OrderRole.STOP]

    fills = await stage.until("the stop's fills", published)
    real = {fill["tid"]: fill for fill in stage.fills()}
    assert sum(fill.size_coin for fill in fills) == Decimal("0.5")
    for fill in fills:
        row = real[fill.trade_id]
        assert (fill.price, fill.fee_usd) == (Decimal(row["px"]), Decimal(row["fee"]))
        assert fill.intent_id == entry.id
        assert fill.price < entry.data.intent.stop_loss_price
    assert abs(residual(account)) < CENT


async def test_no_key_is_found_in_anything_that_is_written(stage: Stage) -> None:
    entry = stage.approve(Side.LONG, "0.5")
    await stage.send(entry)
    await stage.ended(entry)
    await stage.protected()
    stage.proxy.harm('"type": "clearinghouseState"', Fault.CUT_REPLY)

    async def was_harmed() -> bool:
        return "the exchange does not answer" in stage.executor.log.read_text(encoding="utf-8")

    await stage.until("an error in the log", was_harmed)
    stage.proxy.reset()
    log = stage.executor.log.read_text(encoding="utf-8")
    port = next(json.loads(line)["metrics_port"] for line in log.splitlines() if '"metrics_port"' in line)
    metrics = await asyncio.to_thread(lambda: httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=60).text)
    tables = [name for (name,) in await stage.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    rows = {name: str(await stage.rows(f"SELECT t::text FROM {name} t")) for name in tables}
    client: Any = stage.bus.client
    dump = "".join([str(await client.dump(key)) for key in await client.keys("*")])
    written = {"the log": log, "the metrics": metrics, "Redis": dump, **rows}
    written["the signed bytes"] = str(await stage.rows("SELECT convert_from(signed_action, 'UTF8') FROM intents"))
    assert "normalTpsl" in written["the signed bytes"]
    for model in CONTENDERS:
        secret = bytes.fromhex(key_of(model).removeprefix("0x"))
        for form in (secret.hex(), secret.hex().upper(), base64.b64encode(secret).decode()):
            assert [place for place, text in written.items() if form in text] == []
