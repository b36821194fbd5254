"""Files of fills, orders, funding, snapshots and prompts against the events, and the archive of them."""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from gateway_server import GatewayServer, gateway_server
from recorder_examples import decided, filled, snapshot, state

from common.events import AccountLedger, LedgerKind, originate
from common.trading.instruments import Symbol
from gateway.rest.export.tables import EXPORTS

D = Decimal


@pytest.fixture
async def server(database_url: str, redis_url: str) -> AsyncIterator[GatewayServer]:
    async with gateway_server(database_url, redis_url) as server:
        yield server


def events() -> list[Any]:
    paid = [
        AccountLedger(model=model, kind=kind, amount_usd=D(amount), reason="r", coin="BTC")
        for model, kind, amount in (
            ("qwen", LedgerKind.FUNDING, "-0.25"),
            ("qwen", LedgerKind.TRANSFER, "100"),
            ("deepseek", LedgerKind.FUNDING, "0.5"),
        )
    ]
    ledger = [originate(each, keys=(str(n),), time_ms=3_000 + n, now_ms=3_000) for n, each in enumerate(paid)]
    fills = [
        filled(model, Symbol.BTC, number, 2_000 + number, D(1), D(100 + number), D(0), fee=D("0.05"))
        for number, model in enumerate(("qwen", "deepseek", "qwen"))
    ]
    decisions = [decided(model, "c1", 1_500) for model in ("qwen", "deepseek")]
    states = [state(model, 1_000, D(10_000)) for model in ("qwen", "deepseek")]
    return [*states, *decisions, *fills, *ledger, snapshot("c1", 1_400, {Symbol.BTC: D(100)})]


async def rows_of(server: GatewayServer, name: str, **parameters: str) -> list[dict[str, str]]:
    answer = await server.client.get(f"/api/v1/export/{name}.csv", params=parameters)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


async def test_the_files_hold_what_happened(server: GatewayServer) -> None:
    happened = events()
    await server.recorder.store(happened, 10_000)
    fills = await rows_of(server, "fills")
    assert [(row["model"], row["price"], row["fee"]) for row in fills] == [
        ("qwen", "100", "0.05"),
        ("deepseek", "101", "0.05"),
        ("qwen", "102", "0.05"),
    ]
    assert [row["price"] for row in await rows_of(server, "fills", model="qwen")] == ["100", "102"]
    funding = await rows_of(server, "funding")
    assert [(row["model"], row["amount"], row["symbol"]) for row in funding] == [
        ("qwen", "-0.25", "BTC"),
        ("deepseek", "0.5", "BTC"),
    ]
    [seen] = await rows_of(server, "snapshots", model="qwen")
    assert json.loads(seen["summary"])["coins"][0]["mid_price"] == "100"
    prompts = {row["model"]: row for row in await rows_of(server, "prompts")}
    for event in happened:
        if event.type == "agent.decision":
            row = prompts[event.data.model]
            assert (row["prompt_user"], row["raw_response"]) == (event.data.prompt.user, event.data.raw_response)


async def test_the_archive_holds_every_file_with_its_hash(server: GatewayServer) -> None:
    await server.recorder.store(events(), 10_000)
    answer = await server.client.get("/api/v1/export/archive.zip", params={"model": "qwen"})
    assert answer.headers["content-type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    manifest = json.loads(archive.read("manifest.json"))
    assert {each["name"] for each in manifest["files"]} == {f"{name}.csv" for name in EXPORTS}
    assert manifest["record"] == (await server.get("status"))["record"] != []
    sums = dict(line.split("  ")[::-1] for line in archive.read("SHA256SUMS").decode().splitlines())
    for each in manifest["files"]:
        data = archive.read(each["name"])
        assert hashlib.sha256(data).hexdigest() == each["sha256"] == sums[each["name"]]
        assert len(data) == each["bytes"]
        assert len(list(csv.DictReader(io.StringIO(data.decode())))) == each["rows"]
        name = each["name"].removesuffix(".csv")
        assert data.decode() == (await server.client.get(f"/api/v1/export/{name}.csv?model=qwen")).text


async def test_without_the_reading_token_nothing_is_exported(database_url: str, redis_url: str) -> None:
    async with gateway_server(database_url, redis_url, read_token="r" * 32) as server:
        for path in ("export/fills.csv", "export/archive.zip"):
            assert (await server.client.get(f"/api/v1/{path}")).status_code == 401
