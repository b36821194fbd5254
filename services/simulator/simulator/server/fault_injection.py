"""ASGI middleware that applies the next due fault to an HTTP request."""

import asyncio
import contextlib
import json
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator.server.faults import HANG_S, Fault, Faults


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
        fault = self._faults.take(self._faults.http, scope["path"], "http") if self._faults.http else None
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
        else:
            await self._alter_send_answer(fault, scope, receive, send)

    async def _alter_send_answer(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Executes the request, then withholds, blanks, truncates or falsifies its answer."""
        parts: list[bytes] = []

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.body":
                parts.append(message.get("body", b""))

        await self._app(scope, receive, keep)
        body = b"".join(parts)
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
