"""An exchange that answers at once: every action is accepted, no order finds a match. The simulator knows the rest."""

import asyncio
import contextlib
import json
import time
from typing import Any

import httpx

NO_MATCH = "Order could not immediately match against any resting orders."


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
        return json.dumps(data).encode()
