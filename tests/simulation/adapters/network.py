"""The transport from the executor to the simulated exchange: calls run inline, with every fault of a network."""

import asyncio
import json
from collections.abc import Callable
from contextvars import Context
from functools import lru_cache
from typing import Any

from eth_account import Account

from executor.exchange.errors import TransportError
from executor.exchange.http import HttpResponse
from simulation.process import ProcessRun
from simulation.trace import Trace
from simulator.testing.in_process import InProcessExchange

LATENCY_S = (0.005, 0.15)
TIMEOUT_S = 3.0
LATE_S = (TIMEOUT_S, TIMEOUT_S + 14.0)
FALSE_REJECTION = {"error": "Order could not immediately match against any resting orders. asset=0"}


class Wallet:
    """Signs in microseconds: s is the address, r binds the message. The simulated exchange doesn't verify it."""

    def __init__(self, key: str) -> None:
        self.address = address_of_key(key)

    def sign_message(self, message: Any) -> dict[str, int]:
        return {"r": int.from_bytes(message.body[:31], "big") or 1, "s": int(self.address, 16), "v": 27}


@lru_cache
def address_of_key(key: str) -> str:
    return str(Account.from_key(key).address)


class FaultyTransport:
    """One process's way to the exchange: a transport, and how the executor runs a blocking function with it."""

    def __init__(self, run: ProcessRun, exchange: InProcessExchange, trace: Trace) -> None:
        self._run, self._exchange, self._trace = run, exchange, trace
        self._fault: str | None = None
        self._pause_s = 0.0

    def open(self, url: str, timeout_s: float) -> "FaultyTransport":
        return self

    def close(self) -> None: ...

    async def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Runs a blocking call as a thread does in production: time passes before the request and before its answer."""
        rng, faults = self._run.faults.rng, self._run.faults
        await self._run.fault_point("exchange")
        await asyncio.sleep(rng.uniform(*LATENCY_S))
        self._run.check_alive()
        loop = asyncio.get_running_loop()
        self._pause_s = rng.uniform(*LATENCY_S)
        self._fault = "outage" if loop.time() < faults.outage_until_s else None
        self._fault = self._fault or faults.one_of(faults.profile.requests, "request")
        if self._fault == "outage" and faults.profile.requests:
            # The worst kind of outage: some requests arrive, and no answer shows which.
            self._fault = rng.choice(("outage", "false_rejection", "reply_lost", "bad_gateway"))
            faults.counts[f"request {self._fault}"] += 1
        if self._fault is not None:
            faults.record_disturbance("exchange", loop.time())
            self._trace.record("network", self._fault)
        try:
            result, error = function(*arguments), None
        except Exception as raised:
            result, error = None, raised
        await asyncio.sleep(self._pause_s)
        await self._run.fault_point("exchange.answered")
        if error is not None:
            raise error
        return result

    def post(self, path: str, content: bytes) -> HttpResponse:
        """Delivers a request to the simulator in this process, with the fault that was drawn for it."""
        body = json.loads(content)
        fault, self._fault = self._fault, None
        if fault is None:
            kind = str(body.get("action", body).get("type"))
            fault = self._run.faults.window_of((path, kind), asyncio.get_running_loop().time())
        if fault in ("outage", "too_many"):
            return HttpResponse(503 if fault == "outage" else 429, b"null")
        if fault == "lost":
            self._pause_s = TIMEOUT_S
            raise TransportError("simulated: never arrived")
        if fault == "late":
            delay_s = self._run.faults.rng.uniform(*LATE_S)
            self._pause_s = TIMEOUT_S
            loop = asyncio.get_running_loop()
            loop.call_later(delay_s, self._deliver, path, body, "late", context=Context())
            raise TransportError("simulated: still in flight")
        status, answer = self._deliver(path, body, fault or "")
        if fault == "duplicated":
            self._deliver(path, body, "again")
        if fault == "reply_lost":
            self._pause_s = TIMEOUT_S
            raise TransportError("simulated: the answer was lost")
        if fault == "cut":
            raise TransportError("simulated: cut off")
        if fault == "bad_gateway":
            return HttpResponse(502, b"<html>Bad Gateway</html>")
        if fault == "blank":
            return HttpResponse(200, b"")
        if fault in ("false_rejection", "false_error") and path.endswith("/exchange"):
            answer = _falsify(answer, whole=fault == "false_error")
        return HttpResponse(status, answer)

    def _deliver(self, path: str, body: Any, fault: str) -> tuple[int, bytes]:
        """Lets the request arrive."""
        status, content = self._exchange.request(path, body)
        if path.endswith("/exchange"):
            action = json.dumps(body["action"], sort_keys=True)
            self._trace.record("exchange", action, nonce=body["nonce"], status=status, answer=content.decode()[:400])
        return status, content


def _falsify(content: bytes, *, whole: bool) -> bytes:
    """The answer to an accepted order, turned into a rejection (or, `whole`, into an error of the request)."""
    answer = json.loads(content)
    if answer.get("status") != "ok" or not isinstance(answer.get("response"), dict):
        return content
    if whole:
        return json.dumps({"status": "err", "response": "Internal error"}).encode()
    statuses = answer["response"].get("data", {}).get("statuses")
    if statuses:
        answer["response"]["data"]["statuses"] = [FALSE_REJECTION] * len(statuses)
    return json.dumps(answer).encode()
