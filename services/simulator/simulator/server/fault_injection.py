"""ASGI middleware that applies the next due fault to an HTTP request."""

import asyncio
import contextlib
import json
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator.server.faults import HANG_S, Fault, Faults
from simulator.server.request_body import MAX_BODY_BYTES


class FaultInjection:
    """Wraps the exchange's app; a request without a fault passes through."""

    def __init__(self, app: ASGIApp, faults: Faults, now_ms: Callable[[], int]) -> None:
        self._app, self._faults, self._now_ms = app, faults, now_ms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._faults.is_in_outage(self._now_ms()):
            self._faults.counts["http.outage"] += 1
            await _send_answer(send, 503, b"")
            return
        fault = None
        if self._faults.http:
            fault, receive = await self._take_fault(scope["path"], receive)
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.kind.isdigit():
            await _send_answer(send, int(fault.kind), b"null")
        elif fault.kind == "timeout":
            await _hold_open(receive)
        elif fault.kind == "disconnect":
            await _send_head(send, 200, 1)
        elif fault.kind == "delay":
            await asyncio.sleep(fault.delay_s)
            await self._app(scope, receive, send)
        elif fault.kind == "drip":
            await self._drip(fault, scope, receive, send)
        else:
            await self._alter_send_answer(fault, scope, receive, send)

    async def _take_fault(self, path: str, receive: Receive) -> tuple[Fault | None, Receive]:
        """The fault of a request, and how the app is to receive it; its body is read only where a fault needs it."""
        targets, user = [path], None
        if any(fault.reads_bodies for fault in self._faults.http):
            content, receive = await _read_ahead(receive)
            kind, user = _kind_and_user(content)
            targets.append(kind)
        return self._faults.take(self._faults.http, targets, "http", self._now_ms(), user), receive

    async def _answer_of(self, scope: Scope, receive: Receive) -> bytes:
        """Executes the request; the body of its answer, which isn't sent."""
        parts: list[bytes] = []

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.body":
                parts.append(message.get("body", b""))

        await self._app(scope, receive, keep)
        return b"".join(parts)

    async def _drip(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Executes the request, then sends its answer one byte every `delay_s` seconds."""
        body = await self._answer_of(scope, receive)
        await _send_head(send, 200, len(body))
        for place in range(len(body)):
            await asyncio.sleep(fault.delay_s)
            more = place + 1 < len(body)
            await send({"type": "http.response.body", "body": body[place : place + 1], "more_body": more})

    async def _alter_send_answer(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Executes the request, then withholds, blanks, truncates or falsifies its answer."""
        body = await self._answer_of(scope, receive)
        if fault.kind == "accept_then_timeout":
            await _hold_open(receive)
        elif fault.kind == "accept_then_500":
            await _send_answer(send, 500, b"null")
        elif fault.kind in ("accept_then_error", "accept_then_refusal"):
            await _send_answer(send, 200, _false_refusal(fault, body))
        elif fault.kind == "blank":
            await _send_answer(send, 200, b"")
        else:
            await _send_head(send, 200, len(body))
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})


async def _read_ahead(receive: Receive) -> tuple[bytes, Receive]:
    """The request's body up to MAX_BODY_BYTES, and a `receive` that brings all of it once more."""
    messages: list[Message] = []
    size, more = 0, True
    while more and size <= MAX_BODY_BYTES:
        message = await receive()
        messages.append(message)
        size += len(message.get("body", b""))
        more = message["type"] == "http.request" and message.get("more_body", False)
    content = b"".join(message.get("body", b"") for message in messages)
    messages.reverse()

    async def receive_again() -> Message:
        return messages.pop() if messages else await receive()

    return content, receive_again


def _kind_and_user(content: bytes) -> tuple[str, str | None]:
    """The type of /info or of the action that a body asks for, and the user that it names; blank for another body."""
    with contextlib.suppress(ValueError, AttributeError, RecursionError):
        body = json.loads(content)
        asked = body.get("action", body)
        user = asked.get("user")
        return str(asked.get("type", "")), user.lower() if isinstance(user, str) else None
    return "", None


def _false_refusal(fault: Fault, body: bytes) -> bytes:
    """A refusal of an action that the exchange has in fact carried out.

    `accept_then_refusal` refuses each order or cancel of the batch, anything else the action as a whole.
    """
    if fault.kind == "accept_then_refusal":
        with contextlib.suppress(ValueError, KeyError, TypeError):
            answer = json.loads(body)
            data = answer["response"]["data"]
            data["statuses"] = [{"error": fault.text} for _ in data["statuses"]]
            return json.dumps(answer).encode()
    return json.dumps({"status": "err", "response": fault.text}).encode()


async def _hold_open(receive: Receive) -> None:
    """Returns when the client disconnects, at the latest after HANG_S."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(HANG_S):
            while (await receive())["type"] != "http.disconnect":
                pass


async def _send_head(send: Send, status: int, length: int) -> None:
    """Sends the head of an answer; a missing body then makes the server drop the connection."""
    headers = [(b"content-type", b"application/json"), (b"content-length", str(length).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def _send_answer(send: Send, status: int, body: bytes) -> None:
    await _send_head(send, status, len(body))
    await send({"type": "http.response.body", "body": body})
