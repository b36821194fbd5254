"""The simulator's speed: orders a second over HTTP beside a bare Starlette route, and 1,000 WebSocket clients.

Run: make bench NAME=simulator. Every server is a process of its own with the same uvicorn settings; the requests are
signed beforehand and sent by the same client over the same number of kept connections. Only the ratios within one run
mean something.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

sys.path.append(sys.path.pop(0))  # This file has the package's name: the package is meant.

import uvloop
from eth_account import Account
from hyperliquid.utils.signing import sign_l1_action
from report import Race, write_json
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from websockets.asyncio.client import connect

from simulator.exchange.world import World
from simulator.main import STEP_S, bind_socket, create_server
from simulator.server.clock import now_ms
from simulator.server.http import Server
from simulator.server.storage.store import Store

WALLET = Account.from_key("0x" + "17" * 32)
RESTING = {"a": 0, "b": True, "p": "70000", "s": "0.001", "r": False, "t": {"limit": {"tif": "Gtc"}}}
CONNECTIONS = 16
GOAL = 0.3
STREAM_CLIENTS = 1_000
STREAM_RATE = 20
STREAM_S = 20


class Load:
    """Kept HTTP connections that send prepared requests one after the other."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def run(self, bodies: list[bytes]) -> float:
        """Requests per second over all connections."""
        waiting = iter([self._request(body) for body in bodies])
        links = [await asyncio.open_connection("127.0.0.1", self._port) for _ in range(CONNECTIONS)]
        started = time.perf_counter()
        await asyncio.gather(*(self._work(*link, waiting) for link in links))
        rate = len(bodies) / (time.perf_counter() - started)
        for _, writer in links:
            writer.close()
        return rate

    def _request(self, body: bytes) -> bytes:
        head = (
            f"POST /exchange HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        )
        return head.encode() + b"\r\n\r\n" + body

    async def _work(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, waiting: Iterator[bytes]) -> None:
        for request in waiting:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            if not head.startswith(b"HTTP/1.1 200") or b'"status"' not in body:
                raise RuntimeError(f"unexpected answer: {head!r} {body!r}")


class Orders:
    """Signed order requests with ever new nonces: half of them come to rest and are cancelled, or all are refused."""

    def __init__(self) -> None:
        self._nonce = now_ms()

    def accepted(self, count: int) -> list[bytes]:
        rows: list[bytes] = []
        for number in range(count // 2):
            cloid = f"0x{self._nonce + number:032x}"
            wire = {
                "a": 0,
                "b": True,
                "p": "70000",
                "s": "0.001",
                "r": False,
                "t": {"limit": {"tif": "Gtc"}},
                "c": cloid,
            }
            rows.append(self._signed({"type": "order", "orders": [wire], "grouping": "na"}))
            rows.append(self._signed({"type": "cancelByCloid", "cancels": [{"asset": 0, "cloid": cloid}]}))
        return rows

    def refused(self, count: int) -> list[bytes]:
        wire = RESTING | {"p": "117000", "s": "500"}
        return [self._signed({"type": "order", "orders": [wire], "grouping": "na"}) for _ in range(count)]

    def _signed(self, action: dict[str, Any]) -> bytes:
        self._nonce += 1
        signature = sign_l1_action(WALLET, action, None, self._nonce, None, False)
        body = {"action": action, "nonce": self._nonce, "signature": signature, "vaultAddress": None}
        return json.dumps(body | {"expiresAfter": None}).encode()


class Child:
    """A server in a process of its own, started by this very file."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def __enter__(self) -> int:
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--serve", self._kind], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)

    def cpu_s(self) -> float:
        """CPU seconds used so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def memory_mib(self) -> float:
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        return int(status.split("VmRSS:")[1].split()[0]) / 1024


async def _bare(request: Request) -> Response:
    body = json.loads(await request.body())
    return JSONResponse({"status": "ok", "response": {"type": body["action"]["type"]}})


async def serve(kind: str, folder: Path) -> None:
    """One candidate until it is terminated: bare, recovering (the simulator as it is) or unchecked (no recovery)."""
    bound = bind_socket("127.0.0.1", 0, "port")
    if kind == "bare":
        http = create_server(Starlette(routes=[Route("/exchange", _bare, methods=["POST"])]))
        stepping = None
    else:
        world = World(1, now_ms())
        world.enforces_limits = False
        world.exchange.deposit(WALLET.address.lower(), Decimal(10_000_000), now_ms())
        server = Server(world, Store(folder), now_ms, {})
        if kind == "unchecked":
            server.recover_signers = lambda body: [WALLET.address.lower()]
        server.persist_changes()
        http, stepping = create_server(server.app), asyncio.create_task(_run_steps(server))
    running = asyncio.create_task(http.serve([bound]))
    while not http.started:  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.01)
    print(bound.getsockname()[1], flush=True)
    await running
    if stepping is not None:
        stepping.cancel()


async def _run_steps(server: Server) -> None:
    while True:
        server.step(server.now_ms())
        await asyncio.sleep(STEP_S)


async def orders(rounds: int, count: int) -> tuple[list[Race], list[dict[str, object]]]:
    races, rows, made = [], [], Orders()
    for title, make in (("accepted (rest, then cancelled)", made.accepted), ("refused for margin", made.refused)):
        race = Race(f"Orders {title}, {CONNECTIONS} connections", "requests/s")
        with Child("bare") as bare, Child("unchecked") as unchecked, Child("recovering") as recovering:

            def candidate(port: int, make: Callable[[int], list[bytes]] = make) -> Callable[[], Any]:
                return lambda: Load(port).run(make(count))

            candidates = {
                "simulator, no recovery": candidate(unchecked),
                "simulator": candidate(recovering),
                "bare Starlette": candidate(bare),
            }
            await race.run(candidates, rounds)
        rows += race.print("simulator, no recovery", {"bare Starlette": GOAL})
        middle, low, high = race.ratio("simulator", "bare Starlette")
        print(f"  with recovery, ratio to bare Starlette {middle:.2f} [{low:.2f} … {high:.2f}]")
        races.append(race)
    return races, rows


SUBSCRIPTIONS: list[dict[str, Any]] = [
    {"type": "allMids"},
    *({"type": "trades", "coin": coin} for coin in ("BTC", "ETH", "SOL")),
    *({"type": "bbo", "coin": coin} for coin in ("BTC", "ETH", "SOL")),
    *({"type": "l2Book", "coin": coin} for coin in ("BTC", "ETH", "SOL", "BNB", "DOGE", "XRP")),
]
"""Some more than twenty messages a second."""


async def streams() -> dict[str, float]:
    """Messages a second that 1,000 clients get, and what the server spends on it."""
    child = Child("recovering")
    with child as port:
        received = 0

        async def listen() -> None:
            nonlocal received
            async with connect(f"ws://127.0.0.1:{port}/ws", compression=None, open_timeout=60) as socket:
                for subscription in SUBSCRIPTIONS:
                    await socket.send(json.dumps({"method": "subscribe", "subscription": subscription}))
                async for _ in socket:
                    received += 1

        listening = []
        for _ in range(STREAM_CLIENTS):
            listening.append(asyncio.create_task(listen()))
            await asyncio.sleep(0.005)
        await asyncio.sleep(10)
        before, cpu, started = received, child.cpu_s(), time.perf_counter()
        await asyncio.sleep(STREAM_S)
        passed = time.perf_counter() - started
        figures = {
            "clients": float(sum(not task.done() for task in listening)),
            "messages_per_client_s": (received - before) / passed / STREAM_CLIENTS,
            "server_cpu_share": (child.cpu_s() - cpu) / passed,
            "server_memory_mib": child.memory_mib(),
        }
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
    print(f"\nWebSocket: {STREAM_CLIENTS} clients with {len(SUBSCRIPTIONS)} subscriptions each for {STREAM_S} s")
    for name, value in figures.items():
        print(f"  {name:<34} {value:>12,.2f}")
    met = figures["clients"] == STREAM_CLIENTS and figures["messages_per_client_s"] >= STREAM_RATE
    print(f"  goal: all connected, ≥ {STREAM_RATE} messages/s each: {'met' if met else 'MISSED'}")
    return figures


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--redis-url", help=argparse.SUPPRESS)
    parser.add_argument("--orders", type=int, default=2_000, help="requests a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=("orders", "streams"))
    parser.add_argument("--json", help="file for all figures")
    options = parser.parse_args()
    if options.serve:
        with tempfile.TemporaryDirectory() as folder:
            await serve(options.serve, Path(folder))
        return
    races, rows = await orders(options.rounds, options.orders) if options.only != "streams" else ([], [])
    if options.only != "orders":
        rows.append(dict(await streams()))
    write_json(options.json, races, rows)


if __name__ == "__main__":
    if "--serve" in sys.argv:
        asyncio.run(main())  # As the simulator runs.
    else:
        uvloop.run(main())
