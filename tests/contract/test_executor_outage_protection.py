"""A real PostgreSQL that freezes or dies under the executor: a position without its stop still leaves the market."""

import json
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
import pytest
from executor_harness import ExecutorHarness, Fault

from aicoin_local.stores import Throwaway, free_port, postgres_store, wait_for_postgres
from common.events import IntentKind, OrderRole
from common.trading.instruments import Symbol
from common.trading.orders import Side
from simulator.testing.process import SimulatorProcess
from support.executor_process import address_of

CENT = Decimal("0.01")
START_LIMIT_S = 120.0


class Server:
    """A PostgreSQL of the test's own, which can be stopped in two ways and always comes back."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, free_port()
        self._frozen: list[psutil.Process] = []
        self._start()

    def _start(self) -> None:
        self.store = postgres_store(self._folder, self._port)
        self._head = Throwaway(self.store, self._folder / "log")
        wait_for_postgres(self.store.url, START_LIMIT_S)

    def freeze(self) -> None:
        """Every one of its processes stops where it is: connections stay open, and nothing is answered."""
        self._frozen = self._family()
        for process in self._frozen:
            process.suspend()

    def die(self) -> None:
        for process in self._family():
            process.kill()
        self._head.stop()

    def restore(self) -> None:
        if not self._frozen:
            self._start()
        for process in self._frozen:
            process.resume()
        self._frozen = []

    def stop(self) -> None:
        if self._frozen:
            self.restore()
        self._head.stop()

    def _family(self) -> list[psutil.Process]:
        """Its head first, so that nothing new is started meanwhile."""
        head = psutil.Process(self._head.pid)
        return [head, *head.children(recursive=True)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("postgres"))
    yield server
    server.stop()


@pytest.fixture
async def alone(
    tmp_path: Path, simulator: SimulatorProcess, redis_url: str, server: Server
) -> AsyncIterator[ExecutorHarness]:
    url = f"{server.store.url.rpartition('/')[0]}/{tmp_path.name}"
    wait_for_postgres(url)
    harness = ExecutorHarness(tmp_path, simulator, redis_url, url, {"UNPROTECTED_LIMIT_S": "8"})
    try:
        await harness.open()
        yield harness
    finally:
        await harness.close()


def held(harness: ExecutorHarness) -> dict[str, Decimal]:
    state: Any = harness.simulator.info(type="clearinghouseState", user=address_of("deepseek"))
    return {row["position"]["coin"]: Decimal(row["position"]["szi"]) for row in state["assetPositions"]}


async def gone(harness: ExecutorHarness, coin: str) -> None:
    async def look() -> bool:
        return coin not in held(harness)

    await harness.until(f"{coin} to be closed", look)


def cancel_orders(harness: ExecutorHarness, coin: str) -> None:
    """A person cancels a coin's orders, its stop among them."""
    with harness.by_hand() as exchange:
        for order in harness.open_orders():
            if order["coin"] == coin:
                exchange.cancel(coin, order["oid"])


async def check_alerts(harness: ExecutorHarness, closed: str, external: str) -> None:
    """When the closing of the one position began and ended, and else only of the external one."""
    alerts = [event.data for event in await harness.events("system.alert")]
    found = {(alert.code, alert.figures["symbol"]) for alert in alerts}
    closing = {("UNPROTECTED_CLOSING", closed), ("UNPROTECTED_CLOSED", closed)}
    assert found == closing | {("EXTERNAL_POSITION", external)}


def stops(harness: ExecutorHarness, coin: str) -> int:
    return sum(row["coin"] == coin and row["orderType"].startswith("Stop") for row in harness.open_orders())


async def protected_again(harness: ExecutorHarness, coin: str) -> None:
    async def look() -> bool:
        return stops(harness, coin) == 1

    await harness.until(f"a stop for {coin}", look)


def queued(harness: ExecutorHarness, kind: str = "actions") -> list[Any]:
    """What the protector has done and the tables don't have yet, by the file beside them."""
    found: list[Any] = json.loads((harness.folder / "protection-deepseek.json").read_text())[kind]
    return found


async def all_published(harness: ExecutorHarness) -> list[Any]:
    """Every fill of an account that is flat now, its cash explained by them."""
    account = await harness.flat()
    moved = account.sums
    explained = moved.closed_pnl_usd - moved.fees_usd + moved.funding_usd + moved.transfers_usd
    assert abs(account.balance_usd - moved.start_cash_usd - explained) < CENT
    fills = harness.fills()

    async def look() -> list[Any]:
        published: list[Any] = [event.data for event in await harness.events("order.filled")]
        return published if len(published) == len(fills) else []

    return await harness.until("every fill", look)


@pytest.mark.parametrize("how", ["frozen", "dead"])
async def test_positions_are_protected_in_a_database_outage(alone: ExecutorHarness, server: Server, how: str) -> None:
    harness = alone
    entry, other = harness.approve(Side.LONG, "0.5"), harness.approve(Side.SHORT, "5", Symbol.SOL)
    await harness.send(entry, other)
    await harness.ended(entry)
    await harness.ended(other)
    await harness.protected(Symbol.SOL)
    await harness.protected()
    with harness.by_hand() as exchange:
        exchange.market_open("XRP", is_buy=True, sz=50.0)  # A person's own: it is left alone.

    async def is_seen() -> bool:
        return any(position.symbol is Symbol.XRP for position in (await harness.account()).positions)

    await harness.until("the person's position", is_seen)
    (server.freeze if how == "frozen" else server.die)()
    if how == "frozen":
        harness.redis_proxy.harm("", Fault.REFUSE)  # The lease can't be renewed either.
    cancel_orders(harness, "ETH")
    await protected_again(harness, "ETH")
    before = {row["order"]["oid"] for row in harness.exchange_orders()}
    harness.proxy.harm('"positionTpsl"', Fault.REFUSE)
    cancel_orders(harness, "ETH")
    await gone(harness, "ETH")
    sent = [row["order"] for row in harness.exchange_orders() if row["order"]["oid"] not in before]
    assert [(order["coin"], order["side"], order["reduceOnly"]) for order in sent] == [("ETH", "A", True)]
    assert sorted(held(harness)) == ["SOL", "XRP"]

    async def is_kept() -> bool:
        return any(each["purpose"] == "flatten" and each["answer"] for each in queued(harness)) and [
            alert["data"]["code"] for alert in queued(harness, "alerts")
        ] == ["UNPROTECTED_CLOSING", "UNPROTECTED_CLOSED"]

    await harness.until("the answer and the alerts to be kept", is_kept)
    harness.proxy.reset()
    if how == "dead":
        harness.executor.kill()  # What it did, and what it protects, is in the file alone.
        cancel_orders(harness, "SOL")
        harness.executor.start()
        await protected_again(harness, "SOL")
        assert sorted(held(harness)) == ["SOL", "XRP"]
    server.restore()
    harness.redis_proxy.reset()

    async def is_recorded() -> bool:
        return not queued(harness)

    await harness.until("what was done to be recorded", is_recorded)
    orders = await harness.rows("SELECT client_order_id, intent_id FROM intent_orders WHERE role = 'flatten'")
    assert orders == [(sent[0]["cloid"], entry.id)]
    [(nonce, outcome)] = await harness.rows("SELECT nonce, outcome FROM intent_sends WHERE purpose = 'flatten'")
    assert "filled" in outcome
    with harness.by_hand() as exchange:
        exchange.market_close("XRP")
    leave = harness.approve(Side.SHORT, "5", Symbol.SOL, intent_kind=IntentKind.EXIT)
    await harness.send(leave)
    assert await harness.ended(leave) == "FILLED"
    [(next_nonce,)] = await harness.rows("SELECT nonce FROM intents WHERE intent_id = %s", leave.id)
    assert next_nonce > nonce
    published = await all_published(harness)
    assert {(fill.role, fill.intent_id) for fill in published if fill.symbol is Symbol.ETH} == {
        (OrderRole.ENTRY, entry.id),
        (OrderRole.FLATTEN, entry.id),
    }
    await check_alerts(harness, closed="ETH", external="XRP")
