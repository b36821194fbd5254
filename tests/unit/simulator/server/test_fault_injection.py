"""What a client gets for each kind of fault, and whether the request was carried out."""

import asyncio
import json
from typing import Any

import pytest

from simulator.server.fault_injection import FaultInjection
from simulator.server.faults import Faults

ANSWER = json.dumps({"status": "ok", "response": {"data": {"statuses": ["success", "success"]}}}).encode()
REFUSAL = "Insufficient margin"


class Request:
    """One request through the middleware: what was sent back, and how often the app behind it ran."""

    def __init__(self, faults: Faults, *, answer: bytes = ANSWER, now_ms: int = 0) -> None:
        self._answer = answer
        self._middleware = FaultInjection(self._app, faults, lambda: now_ms)
        self.executions = 0
        self.sent: list[Any] = []
        self.is_gone = asyncio.Event()

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        self.executions += 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": self._answer})

    async def run(self, path: str = "/exchange", kind: str = "http") -> "Request":
        async def send(message: Any) -> None:
            self.sent.append(message)

        async def receive() -> Any:
            await self.is_gone.wait()
            return {"type": "http.disconnect"}

        await self._middleware({"type": kind, "path": path}, receive, send)
        return self

    @property
    def status(self) -> int | None:
        return next((message["status"] for message in self.sent if "status" in message), None)

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)


def faults_with(kind: str, **options: Any) -> Faults:
    faults = Faults()
    faults.add({"where": "http", "kind": kind} | options)
    return faults


async def test_a_request_without_a_fault_passes_through() -> None:
    faults = faults_with("500", target="/info")
    request = await Request(faults).run("/exchange")
    assert (request.status, request.body, request.executions) == (200, ANSWER, 1)
    assert faults.counts == {}


async def test_a_socket_is_left_alone() -> None:
    assert (await Request(faults_with("500")).run(kind="websocket")).executions == 1


@pytest.mark.parametrize("kind", ["429", "500", "502", "503", "504"])
async def test_a_status_is_sent_in_place_of_the_execution(kind: str) -> None:
    faults = faults_with(kind)
    request = await Request(faults).run()
    assert (request.status, request.body, request.executions) == (int(kind), b"null", 0)
    assert (await Request(faults).run()).executions == 1


async def test_an_outage_answers_503_until_its_end() -> None:
    faults = Faults()
    faults.outage_until_ms = 10
    during = await Request(faults, now_ms=9).run()
    assert (during.status, during.executions, faults.counts) == (503, 0, {"http.outage": 1})
    assert (await Request(faults, now_ms=10).run()).executions == 1


@pytest.mark.parametrize(("kind", "executions"), [("timeout", 0), ("accept_then_timeout", 1)])
async def test_a_held_answer_ends_with_the_connection(kind: str, executions: int) -> None:
    request = Request(faults_with(kind))
    running = asyncio.ensure_future(request.run())
    await asyncio.sleep(0)
    assert not running.done()
    request.is_gone.set()
    await running
    assert (request.sent, request.executions) == ([], executions)


@pytest.mark.parametrize(
    ("kind", "executions", "body"), [("disconnect", 0, b""), ("cut", 1, ANSWER[: len(ANSWER) // 2])]
)
async def test_a_broken_answer_is_shorter_than_its_head_says(kind: str, executions: int, body: bytes) -> None:
    request = await Request(faults_with(kind)).run()
    [length] = [int(value) for name, value in request.sent[0]["headers"] if name == b"content-length"]
    assert (request.executions, request.body) == (executions, body)
    assert length > len(body)


async def test_a_delayed_request_is_executed_and_answered() -> None:
    request = await Request(faults_with("delay", delay_s=0.0)).run()
    assert (request.body, request.executions) == (ANSWER, 1)


@pytest.mark.parametrize(("kind", "status", "body"), [("accept_then_500", 500, b"null"), ("blank", 200, b"")])
async def test_an_executed_request_loses_its_answer(kind: str, status: int, body: bytes) -> None:
    request = await Request(faults_with(kind)).run()
    assert (request.status, request.body, request.executions) == (status, body, 1)


async def test_a_false_error_is_one_for_the_whole_action() -> None:
    request = await Request(faults_with("accept_then_error", text=REFUSAL)).run()
    assert json.loads(request.body) == {"status": "err", "response": REFUSAL}
    assert request.executions == 1


async def test_a_false_refusal_is_one_for_each_order() -> None:
    request = await Request(faults_with("accept_then_refusal", text=REFUSAL)).run()
    statuses = json.loads(request.body)["response"]["data"]["statuses"]
    assert (statuses, request.executions) == ([{"error": REFUSAL}] * 2, 1)


@pytest.mark.parametrize("answer", [b"", b"null", b'{"response": {"type": "default"}}'])
async def test_an_answer_without_statuses_is_refused_as_a_whole(answer: bytes) -> None:
    request = await Request(faults_with("accept_then_refusal", text=REFUSAL), answer=answer).run()
    assert json.loads(request.body) == {"status": "err", "response": REFUSAL}
