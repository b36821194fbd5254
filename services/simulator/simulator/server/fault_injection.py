"""ASGI middleware that does to an HTTP request what the next fault for its path says."""

import asyncio
import contextlib
import json
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator.server.faults import HANG_S, Faults, Rule


class FaultInjection:
    """Wraps the exchange's app; a request without a fault passes through."""

    def __init__(self, app: ASGIApp, faults: Faults, now_ms: Callable[[], int]) -> None:
        self._app, self._faults, self._now_ms = app, faults, now_ms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._faults.is_out(self._now_ms()):
            self._faults.happened["http.outage"] += 1
            await _answer(send, 503, b"")
            return
        rule = self._faults.next_for(self._faults.http, scope["path"], "http") if self._faults.http else None
        if rule is None:
            await self._app(scope, receive, send)
        elif rule.kind.isdigit():
            await _answer(send, int(rule.kind), b"null")
        elif rule.kind == "timeout":
            await _hang(receive)
        elif rule.kind == "disconnect":
            await _begin(send, 200, 1)
        elif rule.kind == "delay":
            await asyncio.sleep(rule.delay_s)
            await self._app(scope, receive, send)
        else:
            await self._altered(rule, scope, receive, send)

    async def _altered(self, rule: Rule, scope: Scope, receive: Receive, send: Send) -> None:
        """The request is carried out; its answer is lost, blank, cut off or a lie."""
        parts: list[bytes] = []

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.body":
                parts.append(message.get("body", b""))

        await self._app(scope, receive, keep)
        body = b"".join(parts)
        if rule.kind == "accept_then_timeout":
            await _hang(receive)
        elif rule.kind == "accept_then_500":
            await _answer(send, 500, b"null")
        elif rule.kind in ("accept_then_error", "accept_then_refusal"):
            await _answer(send, 200, _lie(rule, body))
        elif rule.kind == "blank":
            await _answer(send, 200, b"")
        else:
            await _begin(send, 200, len(body))
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})


def _lie(rule: Rule, body: bytes) -> bytes:
    """An answer that says no although it was yes: to the whole action, or to each of its items."""
    if rule.kind == "accept_then_refusal":
        with contextlib.suppress(ValueError, KeyError, TypeError):
            answer = json.loads(body)
            data = answer["response"]["data"]
            data["statuses"] = [{"error": rule.text} for _ in data["statuses"]]
            return json.dumps(answer).encode()
    return json.dumps({"status": "err", "response": rule.text}).encode()


async def _hang(receive: Receive) -> None:
    """Until the client has had enough."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(HANG_S):
            while (await receive())["type"] != "http.disconnect":
                pass


async def _begin(send: Send, status: int, length: int) -> None:
    """The head of an answer; returning without the promised body ends the connection."""
    headers = [(b"content-type", b"application/json"), (b"content-length", str(length).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def _answer(send: Send, status: int, body: bytes) -> None:
    await _begin(send, status, len(body))
    await send({"type": "http.response.body", "body": body})
