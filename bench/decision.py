"""From a decision's event to the order's bytes, beside a bare loop that does only what can't be left out.

Run: make bench NAME=decision. Arena: risk and executor as processes of their own, Redis (AOF, always) and PostgreSQL
(synchronous commit). Bare: one process that reads a stream, commits one INSERT, and has the official SDK sign and send
the same bracket. Both are timed from the moment before the event is added to the arrival of the order's first bytes at
an exchange that answers at once, and take turns, decision by decision. Only the ratios within one run mean something.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

sys.path.append(sys.path.pop(0))
sys.path.append(str(Path(__file__).parents[1] / "tests"))

import httpx
import psycopg
import redis
import uvloop
from eth_account import Account
from hyperliquid.exchange import Exchange
from report import Race, write_json

from aicoin_local.stores import Throwaway, free_port, postgres_store, wait_for_postgres
from common.bus.port import Commit
from common.bus.redis_streams import RedisBus
from common.events import AccountUpdated, AgentDecision, Event, RiskApproved, derived_id
from common.events.codec import encode
from common.runtime.roster import read_roster
from common.trading.instruments import Symbol
from common.trading.limits import Limits
from risk.handlers import RiskHandlers
from simulator.testing.process import SimulatorProcess
from support.executor_process import address_of, environment, key_of, wallet_of
from support.risk_examples import MARKS, a_decision, a_decision_event, a_tick_event, an_account, an_account_event
from support.service_rights import own_stores

ROSTER = read_roster(None)
BARE_STREAM = "bench.decision"
NO_MATCH = "Order could not immediately match against any resting orders."
PAUSE_S, LIMIT_S = 0.1, 30.0
# Nothing but rates and market time differs from the defaults: decisions follow each other faster than a model's.
RISK_SETTINGS = dict(MARKET_SPEED="2", ENTRY_COOLDOWN_S="0", MAX_ORDERS_PER_MINUTE="60", MAX_DAILY_TRADES="10000")  # noqa: C408
MARKET_STEP_MS = 5_000


class Counter(asyncio.Protocol):
    """One connection to the exchange: POSTs with their lengths, answered in order."""

    def __init__(self, exchange: "InstantExchange") -> None:
        self._exchange, self._read, self._came = exchange, b"", 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        if not self._read:
            self._came = time.perf_counter()
        self._read += data
        head, separator, body = self._read.partition(b"\r\n\r\n")
        lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        length = int(lengths[0].split(b":")[1]) if lengths else 0
        if not separator or len(body) < length:
            return
        self._read = b""
        if head.startswith(b"POST /exchange"):
            self._answer(self._exchange.take(json.loads(body), self._came))
        elif head.startswith(b"POST /info"):
            asyncio.ensure_future(self._forward(json.loads(body)))  # noqa: RUF006 - the loop ends with the run
        else:
            self._answer(b"{}", b"404 Not Found")

    async def _forward(self, request: dict[str, Any]) -> None:
        with contextlib.suppress(RuntimeError, httpx.TransportError):  # The executor may hang up at the end.
            self._answer(await self._exchange.info(request))

    def _answer(self, body: bytes, status: bytes = b"200 OK") -> None:
        head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
        self._transport.write(head + body)


class InstantExchange:
    """Answers actions at once: leverage as asked for, orders with no match. The simulator knows the rest."""

    def __init__(self, simulator_url: str) -> None:
        self._client = httpx.AsyncClient(base_url=simulator_url)
        self._leverage: dict[int, int] = {}
        self._assets: dict[str, int] = {}
        self._asset_data: dict[str, dict[str, Any]] = {}
        self.arrived: asyncio.Queue[float] = asyncio.Queue()

    async def start(self) -> str:
        meta = json.loads(await self.info({"type": "meta"}))
        self._assets = {coin["name"]: number for number, coin in enumerate(meta["universe"])}
        self._server = await asyncio.get_running_loop().create_server(lambda: Counter(self), "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        self._server.close()
        await self._client.aclose()

    def take(self, request: dict[str, Any], came: float) -> bytes:
        action = request["action"]
        response: dict[str, Any] = {"type": "default"}
        if action["type"] == "updateLeverage":
            self._leverage[action["asset"]] = action["leverage"]
        elif action["type"] == "order":
            self.arrived.put_nowait(came)
            statuses = [{"error": NO_MATCH} for _ in action["orders"]]
            response = {"type": "order", "data": {"statuses": statuses}}
        return json.dumps({"status": "ok", "response": response}).encode()

    async def info(self, body: dict[str, Any]) -> bytes:
        if body["type"] != "activeAssetData":
            return (await self._client.post("/info", json=body)).content
        coin = body["coin"]
        if coin not in self._asset_data:
            self._asset_data[coin] = (await self._client.post("/info", json=body)).json()
        data, leverage = self._asset_data[coin], self._leverage.get(self._assets[coin])
        if leverage is not None:
            data = data | {"leverage": {"type": "isolated", "value": leverage, "rawUsd": "0.0"}}
        return json.dumps(data | {"markPx": str(MARKS[Symbol(coin)])}).encode()


class Track:
    """Sends decisions round both ways, and waits until everything is quiet again."""

    def __init__(self, bus: RedisBus, exchange: InstantExchange) -> None:
        self.bus, self.exchange = bus, exchange
        self._numbers = itertools.count()
        self._market_ms = time.time_ns() // 1_000_000

    def decision(self) -> Event[AgentDecision]:
        now_ms = time.time_ns() // 1_000_000
        event = a_decision_event(a_decision(), cycle=f"bench-{next(self._numbers)}", at_ms=now_ms)
        return event.model_copy(update={"time_ms": self._market_ms})

    async def ticks(self) -> None:
        """Fresh prices of all coins; market time outpaces the clock, so that no rate limit is exceeded."""
        self._market_ms += MARKET_STEP_MS
        now_ms = time.time_ns() // 1_000_000
        events = [a_tick_event(symbol, at_ms=now_ms) for symbol in ROSTER.coins]
        await self.bus.commit(
            Commit("ingester", events=[event.model_copy(update={"time_ms": self._market_ms}) for event in events])
        )

    async def arena(self) -> float:
        """Milliseconds; then waits until the executor has looked at the account again and is at rest."""
        await self.ticks()
        await asyncio.sleep(PAUSE_S)
        event = self.decision()
        started = time.perf_counter()
        await self.bus.commit(Commit("agent-deepseek", events=[event]))
        came = await self._arrival()
        intent_id = derived_id(event.id, RiskApproved.TYPE).encode()
        async with asyncio.timeout(LIMIT_S):
            while intent_id not in (await self.bus.client.get("account:deepseek") or b""):  # noqa: ASYNC110 - another process sets them
                await asyncio.sleep(0.02)
        await asyncio.sleep(PAUSE_S)
        return (came - started) * 1000

    async def bare(self) -> float:
        await asyncio.sleep(2 * PAUSE_S)
        event = self.decision()
        started = time.perf_counter()
        await self.bus.client.xadd(BARE_STREAM, {"event": encode(event)})
        return (await self._arrival() - started) * 1000

    async def _arrival(self) -> float:
        try:
            async with asyncio.timeout(LIMIT_S):
                return await self.exchange.arrived.get()
        except TimeoutError:
            denied = await self.bus.client.xrevrange("risk.denied", count=1)
            raise SystemExit(f"no order came within {LIMIT_S:g} s; the latest denial: {denied}") from None


def bare_loop(redis_url: str, database_url: str, exchange_url: str) -> None:
    """The reference: one read, one INSERT, the SDK."""
    client: Any = redis.Redis.from_url(redis_url)
    connection = psycopg.connect(database_url, autocommit=True)
    connection.execute("SET synchronous_commit = on")
    connection.execute("CREATE TABLE bench_decisions (number bigint GENERATED ALWAYS AS IDENTITY, body bytea)")
    sdk = Exchange(Account.from_key(key_of("qwen")), exchange_url, account_address=address_of("qwen"))
    print("ready", flush=True)
    after = "0-0"
    while True:
        for _, entries in client.xread({BARE_STREAM: after}, block=1_000):
            for number, fields in entries:
                after = number
                connection.execute("INSERT INTO bench_decisions (body) VALUES (%s)", (fields[b"event"],))
                sdk.bulk_orders(bracket(), grouping="normalTpsl")


def bracket() -> list[Any]:
    """What the decision becomes."""
    entry = {"coin": "BTC", "is_buy": True, "sz": 0.04975, "limit_px": 100_500, "reduce_only": False}
    entry["order_type"] = {"limit": {"tif": "Ioc"}}
    children = [
        {
            "coin": "BTC",
            "is_buy": False,
            "sz": 0.04975,
            "limit_px": worst,
            "reduce_only": True,
            "order_type": {"trigger": {"isMarket": True, "triggerPx": at, "tpsl": kind}},
        }
        for kind, at, worst in (("sl", 95_000, 85_500), ("tp", 110_000, 99_000))
    ]
    return [entry, *children]


def gate_alone(count: int) -> float:
    """The median of the gate's handler on such a decision, in milliseconds."""
    times = []
    for number in range(count):
        now_ms = time.time_ns() // 1_000_000
        gate = RiskHandlers(Limits(), ROSTER)
        gate.on_account_updated(an_account_event(an_account(), at_ms=now_ms), now_ms)
        for symbol in ROSTER.coins:
            gate.on_market_tick(a_tick_event(symbol, mark_price=MARKS[symbol], at_ms=now_ms), now_ms)
        event = a_decision_event(a_decision(), cycle=str(number), at_ms=now_ms)
        started = time.perf_counter()
        gate.on_agent_decision(event, now_ms)
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


@contextlib.asynccontextmanager
async def process(*command: str, environment: dict[str, str], log: Path) -> AsyncIterator[None]:
    with log.open("ab") as output:
        running = await asyncio.create_subprocess_exec(
            sys.executable, *command, env={**os.environ, **environment}, stdout=output, stderr=output
        )
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            running.terminate()
        async with asyncio.timeout(20):
            await running.wait()  # Meanwhile the exchange goes on answering.


@contextlib.contextmanager
def database(folder: Path) -> Iterator[str]:
    server = Throwaway(store := postgres_store(folder, free_port()), folder / "postgres.log")
    try:
        wait_for_postgres(store.url)
        yield store.url
    finally:
        server.stop()


async def race(options: argparse.Namespace, folder: Path, database_url: str, simulator: SimulatorProcess) -> None:
    exchange = InstantExchange(simulator.url)
    exchange_url = await exchange.start()
    bus = RedisBus(options.redis_url)
    await bus.prepare("bench", [])
    track = Track(bus, exchange)
    own, own_of_risk = (own_stores(name, options.redis_url, database_url) for name in ("executor", "risk"))
    for_executor = environment(folder, api_url=exchange_url, **own) | {"REQUEST_WEIGHT_PER_MINUTE": "720"}
    for_risk = RISK_SETTINGS | {name.upper(): url for name, url in own_of_risk.items()} | {"METRICS_PORT": "0"}
    arguments = ("--bare", database_url, exchange_url, "--redis-url", options.redis_url)
    middle = Race("Decision to order bytes, median", "ms", higher_is_better=False)
    tail = Race("Decision to order bytes, p99", "ms", higher_is_better=False)
    alone = Race("The gate alone, median", "ms", higher_is_better=False)
    async with (
        process("-m", "executor.main", environment=for_executor, log=folder / "executor.log"),
        process("-m", "risk.main", environment=for_risk, log=folder / "risk.log"),
        process(__file__, *arguments, environment={}, log=folder / "bare.log"),
    ):
        await all_ready(bus, folder)
        candidates = {"aicoin": track.arena, "bare loop": track.bare}
        for _ in range(options.warm_up):
            for candidate in candidates.values():
                await candidate()
        for _ in range(options.rounds):
            samples: dict[str, list[float]] = {name: [] for name in candidates}
            for _ in range(options.decisions):
                for name, candidate in candidates.items():
                    samples[name].append(await candidate())
            for name, values in samples.items():
                middle.figures.setdefault(name, []).append(statistics.median(values))
                tail.figures.setdefault(name, []).append(statistics.quantiles(values, n=100)[98])
            alone.figures.setdefault("aicoin", []).append(statistics.median(samples["aicoin"]))
            alone.figures.setdefault("gate", []).append(gate_alone(options.decisions))
    rows = middle.print("aicoin", {"bare loop": 1.5}) + tail.print("aicoin", {"bare loop": 2.0})
    rows += alone.print("gate", {"aicoin": 0.05})
    write_json(options.json, [middle, tail, alone], rows)
    await bus.close()
    await exchange.stop()


async def all_ready(bus: RedisBus, folder: Path) -> None:
    """Until the accounts are known to risk and the reference waits for its stream."""
    accounts = [f"account:{model}" for model in ROSTER.ids]
    async with asyncio.timeout(60):
        while await bus.client.exists(*accounts) < len(accounts):  # noqa: ASYNC110 - another process sets them
            await asyncio.sleep(0.1)
        ready = folder / "bare.log"
        while not (await _has_read_all(bus) and "ready" in ready.read_text(encoding="utf-8")):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.1)


async def _has_read_all(bus: RedisBus) -> bool:
    """Whether risk has taken over every account state."""
    groups = await bus.client.xinfo_groups(AccountUpdated.TYPE)
    return any(group["name"] == b"risk" and not group["lag"] and not group["pending"] for group in groups)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--redis-url", required=True, help="an empty Redis of your own")
    parser.add_argument("--decisions", type=int, default=100, help="of each candidate in a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--warm-up", type=int, default=10)
    parser.add_argument("--json", help="file for all figures")
    parser.add_argument("--bare", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bare is not None:
        bare_loop(options.redis_url, *options.bare)
        return
    with tempfile.TemporaryDirectory(prefix="aicoin-bench-") as name:
        folder = Path(name)
        accounts = [(address_of(model), wallet_of(model)) for model in ROSTER.ids]
        simulator = SimulatorProcess(folder / "simulator", accounts=accounts).start()
        try:
            with database(folder / "postgres") as database_url:
                uvloop.run(race(options, folder, database_url, simulator))
        except (Exception, SystemExit):
            for log in ("executor.log", "risk.log", "bare.log"):
                if (folder / log).exists():
                    print(f"--- {log}\n" + (folder / log).read_text(encoding="utf-8")[-1500:])
            raise
        finally:
            simulator.stop()


if __name__ == "__main__":
    main()
