"""HTTP and WebSocket on one port: /info, /exchange, /ws, /faucet, and the model stand-ins."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from simulator.exchange.exchange import Changes
from simulator.market.coin import Trade
from simulator.models.app import create_models_app
from simulator.store import Store
from simulator.streams import (
    InvalidSubscription,
    Key,
    Pacer,
    change_messages,
    echoed,
    first_messages,
    key_of,
    message,
)
from simulator.wire import actions, info
from simulator.wire.requests import BadRequest
from simulator.world import World

UNREADABLE = "Failed to deserialize the JSON body into the target type"
QUEUE_LIMIT = 2_000
MAX_BODY_BYTES = 1_000_000
MAX_FAUCET_USD = Decimal(10_000_000)


class Client:
    """One WebSocket connection: its subscriptions and a bounded queue; one that doesn't keep up is dropped."""

    def __init__(self) -> None:
        self.keys: dict[Key, dict[str, Any]] = {}
        self.queue: asyncio.Queue[str | None] = asyncio.Queue(QUEUE_LIMIT)

    def send(self, text: str) -> None:
        try:
            self.queue.put_nowait(text)
        except asyncio.QueueFull:
            self.keys.clear()
            while not self.queue.empty():
                self.queue.get_nowait()
            self.queue.put_nowait(None)


class Server:
    """The simulated venue behind its port. Everything runs on one event loop, so each action is one step."""

    def __init__(self, world: World, store: Store, now_ms: Callable[[], int], about: dict[str, Any]) -> None:
        self.world, self.store, self.now_ms, self.about = world, store, now_ms, about
        self.clients: set[Client] = set()
        self.pacer = Pacer()
        self.app = Starlette(
            routes=[
                Route("/", self._about),
                Route("/info", self._info, methods=["POST"]),
                Route("/exchange", self._exchange, methods=["POST"]),
                Route("/faucet", self._faucet, methods=["POST"]),
                WebSocketRoute("/ws", self._ws),
                Mount("/", create_models_app()),
            ]
        )

    def wanted(self) -> set[Key]:
        return {key for client in self.clients for key in client.keys}

    def publish(self, messages: list[tuple[Key, str]]) -> None:
        for key, text in messages:
            for client in self.clients:
                if key in client.keys:
                    client.send(text)

    def settle(self) -> Changes:
        """Makes durable what just changed, then tells the subscribers; returns the changes."""
        changes = self.world.take_changes()
        self.store.save(self.world, changes)
        self.publish(change_messages(changes, self.wanted(), self.now_ms()))
        return changes

    def step(self) -> None:
        """One step of the market for everybody."""
        now_ms = self.now_ms()
        trades: dict[str, list[Trade]] = self.world.step(now_ms)
        if self.world.exchange.changes:
            self.settle()
        self.publish(self.pacer.step_messages(self.world, self.wanted(), trades, now_ms))

    async def _about(self, request: Request) -> Response:
        return JSONResponse(self.about)

    async def _body(self, request: Request) -> Any:
        body = await request.body()
        if len(body) > MAX_BODY_BYTES:
            raise BadRequest
        try:
            return json.loads(body)
        except ValueError as error:
            raise BadRequest from error

    async def _info(self, request: Request) -> Response:
        try:
            return _json(info.answer(self.world, await self._body(request), self.now_ms()))
        except BadRequest:
            return PlainTextResponse(UNREADABLE, 422)

    async def _exchange(self, request: Request) -> Response:
        try:
            return _json(self._act(await self._body(request)))
        except BadRequest:
            return PlainTextResponse(UNREADABLE, 422)

    def _act(self, body: Any) -> dict[str, Any]:
        """Carries out one action; what it did is on disk before anybody hears of it."""
        try:
            return actions.execute(self.world, body, self.now_ms())
        finally:
            self.settle()

    async def _faucet(self, request: Request) -> Response:
        try:
            body = await self._body(request)
            user, usd = str(body["user"]).lower(), Decimal(str(body["usd"]))
            if len(user) != 42 or int(user, 16) < 0 or not 0 < usd <= MAX_FAUCET_USD:
                raise ValueError
        except (BadRequest, KeyError, TypeError, ValueError, InvalidOperation):
            return JSONResponse({"error": 'send {"user": "0x… (40 hex digits)", "usd": "10000"}'}, 400)
        self.world.exchange.deposit(user, usd, self.now_ms())
        self.settle()
        return JSONResponse({"user": user, "usd": str(usd)})

    # WebSocket.

    async def _ws(self, socket: WebSocket) -> None:
        await socket.accept()
        client = Client()
        self.clients.add(client)
        sender = asyncio.create_task(self._send(socket, client))
        try:
            while True:
                self._heed(client, await socket.receive_text())
        except (WebSocketDisconnect, KeyError):
            pass
        finally:
            self.clients.discard(client)
            sender.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sender

    async def _send(self, socket: WebSocket, client: Client) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError, OSError):
            while (text := await client.queue.get()) is not None:
                await socket.send_text(text)
            await socket.close(1008, "slow client")

    def _heed(self, client: Client, text: str) -> None:
        try:
            frame = json.loads(text)
            method = frame["method"]
        except (ValueError, KeyError, TypeError):
            client.send(message("error", f"Error parsing JSON into valid websocket request: {text[:200]}"))
            return
        if method == "ping":
            client.send('{"channel":"pong"}')
        elif method in ("subscribe", "unsubscribe"):
            self._subscribe(client, method, frame.get("subscription"))
        elif method == "post":
            self._post(client, frame)
        else:
            client.send(message("error", f"Error parsing JSON into valid websocket request: {text[:200]}"))

    def _subscribe(self, client: Client, method: str, subscription: Any) -> None:
        wire = json.dumps(subscription, separators=(",", ":"))
        try:
            key = key_of(subscription)
        except InvalidSubscription:
            client.send(message("error", f"Invalid subscription {wire}"))
            return
        if (key in client.keys) == (method == "subscribe"):
            client.send(message("error", f"Already {method}d: {wire}"))
            return
        client.send(message("subscriptionResponse", {"method": method, "subscription": echoed(subscription)}))
        if method == "unsubscribe":
            del client.keys[key]
            return
        client.keys[key] = subscription
        for first in first_messages(self.world, key, self.now_ms()):
            client.send(first)

    def _post(self, client: Client, frame: dict[str, Any]) -> None:
        """A request over the socket: info is wrapped once more in type and data."""
        try:
            request = frame["request"]
            payload = request["payload"]
            if request["type"] == "info":
                data = info.answer(self.world, payload, self.now_ms())
                response = {"type": "info", "payload": {"type": payload["type"], "data": data}}
            else:
                response = {"type": "action", "payload": self._act(payload)}
        except (BadRequest, KeyError, TypeError):
            response = {"type": "error", "payload": f"422 {UNREADABLE}"}
        client.send(message("post", {"id": frame.get("id"), "response": response}))


def _json(content: Any) -> Response:
    return JSONResponse(content, headers={"access-control-allow-origin": "*"})
