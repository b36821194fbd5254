"""The exchange's port: /info, /exchange, /ws, /faucet, and the model stand-ins."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.types import ASGIApp

from simulator.exchange.state.exchange import Changes
from simulator.exchange.world import World
from simulator.market.coin_market import Trade
from simulator.numbers import parse_number
from simulator.server.fault_injection import FaultInjection
from simulator.server.faults import Faults
from simulator.server.health import WEIGHT
from simulator.server.listeners import Turns, pause_before_refusal, sender_of
from simulator.server.models.app import create_models_app
from simulator.server.rate_limit import RequestRateLimiter, action_weight, info_weight
from simulator.server.request_body import BodyTooLong, read_json
from simulator.server.sockets import Sockets
from simulator.server.storage.store import Store
from simulator.wire.actions.dispatch import RecoverSigners, execute_action
from simulator.wire.actions.signatures import l1_signers
from simulator.wire.info.dispatch import answer_info
from simulator.wire.info.read_faults import keep_past_answers
from simulator.wire.requests import ADDRESS, BadRequest, Unsupported
from simulator.wire.streams.messages import change_messages
from simulator.wire.streams.throttle import MessageThrottle

UNREADABLE = "Failed to deserialize the JSON body into the target type"
TOO_LONG = "Failed to buffer the request body: length limit exceeded"
DAY_S = 86_400
MAX_FAUCET_USD = Decimal(10_000_000)


class Server:
    """The simulated exchange behind its port, on one event loop.

    An action or a step runs to its end without awaiting, so none ever sees another's half-done state. Its changes are
    persisted before its answer and its messages are sent: `_wait_until_persisted` queues them and waits for the one
    write that serves all requests of the same loop iteration. When a write fails, memory and disk differ; `failure` is
    set, every waiting request fails, and the main loop ends the process.
    """

    def __init__(self, world: World, store: Store, now_ms: Callable[[], int], about: dict[str, Any]) -> None:
        self.world, self.store, self.now_ms, self.about = world, store, now_ms, about
        self.faults = Faults()
        self.is_stepwise = False
        self.stepped_ms = now_ms()
        self.recover_signers: RecoverSigners = l1_signers
        self._rate_limiter = RequestRateLimiter(float(about.get("speed", 1)))
        self._turns = Turns()
        self.sockets = Sockets(world, self.faults, now_ms, self._post)
        self.throttle = MessageThrottle()
        self._pending: list[Changes] = []
        self._batch: asyncio.Future[None] | None = None
        self.failure: BaseException | None = None
        routes: list[BaseRoute] = [
            Route("/", self._about),
            Route("/info", self._info, methods=["POST"]),
            Route("/exchange", self._exchange, methods=["POST"]),
            Route("/faucet", self._faucet, methods=["POST"]),
            WebSocketRoute("/ws", self.sockets.serve),
            Mount("/", create_models_app()),
        ]
        exchange = CORSMiddleware(
            Starlette(routes=routes), allow_origins=["*"], allow_methods=["*"], allow_headers=["*"], max_age=DAY_S
        )
        self.app: ASGIApp = FaultInjection(exchange, self.faults, now_ms)

    def persist_changes(self) -> None:
        """Persists what has changed, then publishes it to the subscribers."""
        self._pending.append(self.world.take_changes())
        self._persist()

    def _persist(self) -> None:
        pending, self._pending = self._pending, []
        try:
            self.store.save(self.world, pending)
        except BaseException as error:
            self.failure = error  # Memory and disk differ from here on: the process has to end.
            raise
        subscribed, now_ms = self.sockets.subscribed_keys(), self.world.time_ms
        for changes in pending:
            self.sockets.publish(change_messages(self.world, changes, subscribed, now_ms))

    async def _wait_until_persisted(self) -> None:
        """Returns when all changes so far are persisted, or raises the error of that write."""
        if self.world.is_changed:
            self._pending.append(self.world.take_changes())
        if not self._pending:
            return
        if self._batch is None:
            self._batch = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_soon(self._persist_batch)
        await self._batch

    def _persist_batch(self) -> None:
        batch, self._batch = self._batch, None
        try:
            self._persist()
            if self.is_stepwise:
                self.store.save_market(self.world)  # The book that orders took from stays until the next step.
        except BaseException as error:
            if batch is not None:
                batch.set_exception(error)
            raise
        if batch is not None:
            batch.set_result(None)

    def step(self, now_ms: int) -> None:
        """Moves the world to `now_ms` of market time, persists the changes and publishes the messages."""
        if self.faults.is_frozen(self.now_ms()) or self.world.market.halt_reason is not None:
            return
        keep_past_answers(self.world, self.now_ms())
        self.stepped_ms = self.now_ms()
        trades: dict[str, list[Trade]] = self.world.step(now_ms)
        if self.world.is_changed or self._pending:
            self.persist_changes()
        self.sockets.publish(self.throttle.step_messages(self.world, self.sockets.subscribed_keys(), trades, now_ms))

    async def _about(self, request: Request) -> Response:
        return JSONResponse(self.about)

    async def _info(self, request: Request) -> Response:
        return await self._respond(request, self._answer_info)

    async def _exchange(self, request: Request) -> Response:
        return await self._respond(request, self._answer_action)

    async def _respond(self, request: Request, answer: Callable[[Any, str], Any]) -> Response:
        """Answers one HTTP request with the real exchange's status codes: rate limit, body, content."""
        sender = sender_of(request)
        try:
            body = await _body(request)
            async with self._turns.of(sender):
                response = None if self._is_exhausted(sender) else _json(answer(body, sender))
        except BadRequest:
            return PlainTextResponse(UNREADABLE, 422)
        except Unsupported:
            return Response("null", 500, media_type="application/json")
        except BodyTooLong:
            return PlainTextResponse(TOO_LONG, 413)
        if response is None:
            await pause_before_refusal(sender)
            return Response("null", 429, media_type="application/json")
        await self._wait_until_persisted()
        return response

    def _is_exhausted(self, sender: str) -> bool:
        return self.world.enforces_limits and self._rate_limiter.is_exhausted(sender, self.now_ms())

    def _count_weight(self, sender: str, weight: int) -> None:
        WEIGHT.inc(weight)
        if self.world.enforces_limits:
            self._rate_limiter.count(sender, weight, self.now_ms())

    def _answer_info(self, body: Any, sender: str) -> Any:
        content = answer_info(self.world, body, self.now_ms())
        self._count_weight(sender, info_weight(body["type"], content))
        return content

    def _answer_action(self, body: Any, sender: str) -> Any:
        if isinstance(body, dict):
            self._count_weight(sender, action_weight(body.get("action")))
        return execute_action(self.world, body, self.now_ms(), recover_signers=self.recover_signers)

    async def _post(self, request: dict[str, Any], sender: str) -> dict[str, Any]:
        """Answers one request over the socket; info is wrapped once more in type and data."""
        async with self._turns.of(sender):
            response = None if self._is_exhausted(sender) else self._answer_post(request, sender)
        if response is None:
            await pause_before_refusal(sender)
            return {"type": "error", "payload": "429 Too Many Requests"}
        await self._wait_until_persisted()
        return response

    def _answer_post(self, request: dict[str, Any], sender: str) -> dict[str, Any]:
        payload = request.get("payload")
        try:
            if request.get("type") == "info":
                data = self._answer_info(payload, sender)
                response = {"type": "info", "payload": {"type": (payload or {})["type"], "data": data}}
            elif request.get("type") == "action":
                response = {"type": "action", "payload": self._answer_action(payload, sender)}
            else:
                raise BadRequest
        except BadRequest:
            return {"type": "error", "payload": f"422 {UNREADABLE}"}
        except Unsupported:
            return {"type": "error", "payload": "500 Internal Server Error"}
        return response

    async def _faucet(self, request: Request) -> Response:
        try:
            body = await _body(request)
            user, usd = str(body["user"]).lower(), parse_number(str(body["usd"]))
            if not ADDRESS.fullmatch(user) or usd is None or not 0 < usd <= MAX_FAUCET_USD:
                raise ValueError
        except (BadRequest, BodyTooLong, KeyError, TypeError, ValueError):
            return JSONResponse({"error": 'send {"user": "0x… (40 hex digits)", "usd": "10000"}'}, 400)
        self.world.exchange.deposit(user, usd, self.world.stamp_ms(self.now_ms()))
        await self._wait_until_persisted()
        return JSONResponse({"user": user, "usd": str(usd)})


async def _body(request: Request) -> Any:
    """The JSON body. Raises BadRequest or BodyTooLong."""
    try:
        return await read_json(request)
    except ValueError as error:
        raise BadRequest from error


def _json(content: Any) -> Response:
    return JSONResponse(content, headers={"access-control-allow-origin": "*"})
