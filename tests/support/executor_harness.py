"""A harness for the executor: a real process with a real exchange simulator, PostgreSQL, Redis, and faulty proxies."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import psycopg
from eth_account import Account
from harness import eventually
from hyperliquid.exchange import Exchange

from common.bus.port import Commit
from common.bus.redis_streams import RedisBus, read_entry
from common.events import Command, ControlCommand, Event, IntentKind, originate
from common.events.codec import decode
from common.trading.instruments import Symbol
from common.trading.orders import Side
from support.executor_process import ExecutorProcess, address_of, approval, environment, fresh_accounts, key_of
from support.service_rights import own_database_url, own_redis_url
from support.simulator_process import ForkedSimulator

ENTRY_LIFE_MS = 120_000
ETH = Symbol.ETH
T = TypeVar("T")


class Fault(StrEnum):
    """What becomes of a request that the proxy harms."""

    CUT_REPLY = "the exchange carries it out, the answer is lost"
    REFUSE = "the exchange never sees it"
    HOLD_REPLY = "the exchange carries it out, the answer does not come"


class FaultProxy:
    """A TCP proxy that applies a fault to the requests that contain `marker`; `harmed` counts them."""

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self._server: asyncio.Server | None = None
        self.url = ""
        self.marker: bytes | None = None
        self.fault = Fault.CUT_REPLY
        self.harmed = 0
        self.order_questions = 0
        """How often the exchange was asked what became of an order."""
        self.renamed: tuple[bytes, bytes] | None = None
        """A word of the exchange's answers and another one of its length that is heard instead."""
        self._writers: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[Any]] = set()

    async def start(self) -> str:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self.url

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._writers):
            writer.close()
        await asyncio.gather(*self._serving)

    def harm(self, marker: str, fault: Fault) -> None:
        self.marker, self.fault = marker.encode(), fault

    def reset(self) -> None:
        self.marker = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            writer.close()
            return
        harmed = asyncio.Event()

        async def up() -> None:
            while data := await reader.read(65536):
                self.order_questions += b'"type": "orderStatus"' in data
                if self.marker is not None and self.marker in data:
                    self.harmed += 1
                    harmed.set()
                    if self.fault is Fault.REFUSE:
                        break
                back.write(data)
                await back.drain()
            back.close()
            writer.close()

        async def down() -> None:
            while data := await there.read(65536):
                if harmed.is_set():
                    if self.fault is Fault.HOLD_REPLY:
                        continue
                    break
                if self.renamed is not None:
                    # A piece may end within the word, which is then completed first.
                    while any(data.endswith(self.renamed[0][:length]) for length in range(1, len(self.renamed[0]))):
                        if not (more := await there.read(65536)):
                            break
                        data += more
                    data = data.replace(*self.renamed)
                writer.write(data)
                await writer.drain()
            writer.close()
            back.close()

        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        self._writers |= {writer, back}
        await asyncio.gather(up(), down(), return_exceptions=True)
        await asyncio.gather(writer.wait_closed(), back.wait_closed(), return_exceptions=True)
        self._writers -= {writer, back}
        self._serving.discard(task)


class ExecutorHarness:
    """Everything a test touches. `changed` are settings of the executor that the test wants otherwise."""

    def __init__(
        self,
        folder: Path,
        simulator: ForkedSimulator,
        redis_url: str,
        database_url: str,
        changed: Mapping[str, str] | None = None,
    ) -> None:
        self.folder, self.simulator, self.database_url = folder, simulator, database_url
        self._changed = dict(changed or {})
        self.bus = RedisBus(redis_url)
        self.proxy = FaultProxy(simulator.port)
        self.redis_url = redis_url
        self.redis_proxy = FaultProxy(urlsplit(redis_url).port or 0)
        self.executor: ExecutorProcess
        self.number = 0
        self._connection: psycopg.AsyncConnection[Any] | None = None

    async def open(self) -> None:
        url = await self.proxy.start()
        proxied_port = urlsplit(await self.redis_proxy.start()).port
        redis_url = own_redis_url("executor", self.redis_url)
        redis_url = redis_url.replace(f":{self.redis_proxy.target_port}/", f":{proxied_port}/")
        database_url = own_database_url("executor", self.database_url)
        variables = environment(self.folder, api_url=url, redis_url=redis_url, database_url=database_url)
        self.executor = ExecutorProcess(self.folder, variables | self._changed)
        self.executor.start()
        await self.until("an account state", self.account)

    async def close(self) -> None:
        self.executor.kill()
        await self.proxy.stop()
        await self.redis_proxy.stop()
        await self.bus.close()
        if self._connection is not None:
            await self._connection.close()

    async def until(self, what: str, look: Callable[[], Awaitable[T | None]]) -> T:
        return await eventually(what, look, details=lambda: self.executor.log.read_text()[-4000:])

    async def account(self, model: str = "deepseek") -> Any:
        client: Any = self.bus.client
        body = await client.get(f"account:{model}")
        return None if body is None else decode("account.updated", body).data

    async def events(self, kind: str) -> list[Event[Any]]:
        client: Any = self.bus.client
        return [read_entry(kind, fields) for _, fields in await client.xrange(kind)]

    async def filled(self, size_coin: str) -> list[Event[Any]]:
        """The published fills, once they come to that size; they reach the stream after the tables."""

        async def look() -> list[Event[Any]] | None:
            fills = await self.events("order.filled")
            return fills if sum(e.data.size_coin for e in fills) >= Decimal(size_coin) else None

        return await self.until(f"fills of {size_coin}", look)

    async def rows(self, query: str, *parameters: object) -> list[Any]:
        """A query's rows, over a connection that is kept until the server ends it."""
        try:
            return await self._rows(query, parameters)
        except psycopg.OperationalError:
            return await self._rows(query, parameters)

    async def _rows(self, query: str, parameters: Sequence[object]) -> list[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(self.database_url, autocommit=True)
        return await (await self._connection.execute(query.encode(), parameters)).fetchall()

    async def status(self, intent_id: str) -> str | None:
        rows = await self.rows("SELECT status FROM intents WHERE intent_id = %s", intent_id)
        return rows[0][0] if rows else None

    async def ended(self, event: Event[Any]) -> str:
        async def look() -> str | None:
            status = await self.status(event.id)
            return status if status not in (None, "STORED", "SENT", "IN_FLIGHT") else None

        return await self.until(f"the end of {event.id}", look)

    def unready(self) -> dict[str, str]:
        """What the executor isn't ready for, with the reasons."""
        started = [line for line in self.executor.log.read_text().splitlines() if '"metrics_port"' in line][-1]
        url = f"http://127.0.0.1:{json.loads(started)['metrics_port']}/readyz"
        reasons: dict[str, str] = httpx.get(url, timeout=60).json()["reasons"]
        return reasons

    def mark(self, symbol: Symbol = ETH) -> Decimal:
        mids: Any = self.simulator.info(type="allMids")
        return Decimal(mids[symbol.value])

    def approve(self, side: Side, size: str, symbol: Symbol = ETH, **given: Any) -> Event[Any]:
        """An entry that stays fresh for as long as a busy machine may need, or an exit."""
        self.number += 1
        now_ms = time.time_ns() // 1_000_000
        if given.get("intent_kind") is not IntentKind.EXIT:
            given.setdefault("valid_until_ms", now_ms + ENTRY_LIFE_MS)
        size_coin = Decimal(size)
        return approval(
            self.number, symbol, side, mark_price=self.mark(symbol), size_coin=size_coin, now_ms=now_ms, **given
        )

    def exit_at(self, mark_price: Decimal) -> Event[Any]:
        """An exit from half an ether, whatever the market says now."""
        self.number += 1
        now_ms = time.time_ns() // 1_000_000
        given: dict[str, Any] = {"mark_price": mark_price, "size_coin": Decimal("0.5"), "now_ms": now_ms}
        return approval(self.number, ETH, Side.LONG, intent_kind=IntentKind.EXIT, **given)

    def entry_at(self, symbol: Symbol, mark_price: Decimal, *, valid_until_ms: int) -> Event[Any]:
        self.number += 1
        now_ms = time.time_ns() // 1_000_000
        given: dict[str, Any] = {"mark_price": mark_price, "size_coin": Decimal(1), "now_ms": now_ms}
        return approval(self.number, symbol, Side.LONG, valid_until_ms=valid_until_ms, **given)

    async def send(self, *events: Event[Any]) -> None:
        await self.bus.commit(Commit("risk", events=events))

    async def command(self, command: Command, model: str | None = None) -> None:
        now_ms = time.time_ns() // 1_000_000
        payload = ControlCommand(command=command, model=model, reason="test", requested_by="test")
        event = originate(payload, keys=(command, now_ms), time_ms=now_ms, now_ms=now_ms)
        await self.bus.commit(Commit("gateway", events=[event]))

    def exchange_orders(self) -> list[Any]:
        rows: Any = self.simulator.info(type="historicalOrders", user=address_of("deepseek"))
        return list(rows)

    def fills(self) -> list[Any]:
        rows: Any = self.simulator.info(type="userFills", user=address_of("deepseek"))
        return list(rows)

    def open_orders(self) -> list[Any]:
        rows: Any = self.simulator.info(type="frontendOpenOrders", user=address_of("deepseek"))
        return list(rows)

    async def protected(self, symbol: Symbol = ETH) -> Any:
        async def look() -> Any:
            account = await self.account()
            return next((p for p in account.positions if p.symbol is symbol and p.protected), None)

        return await self.until(f"a protected position on {symbol}", look)

    @contextlib.contextmanager
    def by_hand(self, model: str = "deepseek") -> Iterator[Exchange]:
        """The SDK as a person would use it, with the same API wallet, past the proxy."""
        wallet = Account.from_key(key_of(model))
        meta: Any = self.simulator.info(type="meta")
        spot: Any = {"universe": [], "tokens": []}
        exchange = Exchange(wallet, self.simulator.url, meta, account_address=address_of(model), spot_meta=spot)
        with exchange.session, exchange.info.session:
            yield exchange

    async def alerts(self) -> list[str]:
        return [event.data.code for event in await self.events("system.alert")]

    def entry_orders(self) -> list[Any]:
        """Every plain, growing order that the exchange has ever taken in from the account."""
        return [
            row
            for row in self.exchange_orders()
            if not row["order"]["isTrigger"] and not row["order"]["reduceOnly"] and row["status"] == "filled"
        ]

    async def flat(self) -> Any:
        """The account once nothing is held and open, and its sums are whole: books may wait for request weight."""

        async def look() -> Any:
            account = await self.account()
            is_flat = not account.positions and not account.open_orders
            return account if is_flat and account.sums is not None else None

        return await self.until("an account without positions and orders", look)


@contextlib.asynccontextmanager
async def stepped_harness(folder: Path, redis_url: str, database_url: str) -> AsyncIterator[ExecutorHarness]:
    """A harness whose exchange's time moves by hand, on a simulator of its own: its hours are ahead of the clock's."""
    simulator_folder = folder / "simulator"
    simulator_folder.mkdir()
    simulator = ForkedSimulator(simulator_folder, seed=7, simulator_stepwise="true").start()
    harness = ExecutorHarness(folder, simulator, redis_url, database_url, {"MAX_LEVERAGE": "25"})
    try:
        with fresh_accounts(simulator):
            await harness.open()
            yield harness
    finally:
        await harness.close()
        simulator.kill()
