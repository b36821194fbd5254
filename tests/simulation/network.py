"""The way from the executor to the exchange: the SDK's calls inline, with every fault that a network knows."""

import asyncio
import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from eth_account import Account

from executor.exchange.errors import TransportError
from executor.exchange.http import HttpResponse
from simulation.journal import Journal
from simulation.process import Life
from simulator.testing.in_process import InProcessExchange

LATENCY_S = (0.005, 0.15)
TIMEOUT_S = 3.0
LATE_S = (TIMEOUT_S, TIMEOUT_S + 14.0)
LIE = {"error": "Order could not immediately match against any resting orders. asset=0"}


class Wallet:
    """Signs in microseconds: s is the address, r binds the message. The simulated exchange takes its word."""

    def __init__(self, key: str) -> None:
        self.address = address_of_key(key)

    def sign_message(self, message: Any) -> dict[str, int]:
        return {"r": int.from_bytes(message.body[:31], "big") or 1, "s": int(self.address, 16), "v": 27}


@lru_cache
def address_of_key(key: str) -> str:
    return str(Account.from_key(key).address)


class Line:
    """One process's line. Offers what the executor's ExchangeConfig takes: a transport, and how to run it."""

    def __init__(self, life: Life, exchange: InProcessExchange, journal: Journal) -> None:
        self._life, self._exchange, self._journal = life, exchange, journal
        self._fault: str | None = None
        self._pause_s = 0.0

    def posting_to(self, url: str, timeout_s: float) -> "Line":
        return self

    def close(self) -> None: ...

    async def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """What a thread does in production: time passes before the request arrives, and before its answer is back."""
        rng, chaos = self._life.chaos.rng, self._life.chaos
        await self._life.point("exchange")
        await asyncio.sleep(rng.uniform(*LATENCY_S))
        self._life.must_live()
        loop = asyncio.get_running_loop()
        self._pause_s = rng.uniform(*LATENCY_S)
        self._fault = "outage" if loop.time() < chaos.outage_until_s else None
        self._fault = self._fault or chaos.one_of(chaos.weather.requests, "request")
        if self._fault == "outage" and chaos.weather.requests:
            # An outage of the worst kind: some requests get through, but no answer is to be trusted.
            self._fault = rng.choice(("outage", "lie", "reply_lost", "bad_gateway"))
            chaos.happened[f"request {self._fault}"] += 1
        if self._fault is not None:
            chaos.disturb("exchange", loop.time())
            self._journal.note("network", self._fault)
        try:
            result, error = function(*arguments), None
        except Exception as raised:
            result, error = None, raised
        await asyncio.sleep(self._pause_s)
        await self._life.point("exchange.answered")
        if error is not None:
            raise error
        return result

    def post(self, path: str, content: bytes) -> HttpResponse:
        """A request reaches the simulator in this process, unless it meets a fault."""
        body = json.loads(content)
        fault, self._fault = self._fault, None
        if fault in ("outage", "too_many"):
            return HttpResponse(503 if fault == "outage" else 429, b"null")
        if fault == "lost":
            self._pause_s = TIMEOUT_S
            raise TransportError("simulated: never arrived")
        if fault == "late":
            delay_s = self._life.chaos.rng.uniform(*LATE_S)
            self._pause_s = TIMEOUT_S
            asyncio.get_running_loop().call_later(delay_s, self._deliver, path, body, "late")
            raise TransportError("simulated: still under way")
        status, answer = self._deliver(path, body, fault or "")
        if fault == "twice":
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
        if fault in ("lie", "lie_whole") and path.endswith("/exchange"):
            answer = _lie(answer, whole=fault == "lie_whole")
        return HttpResponse(status, answer)

    def _deliver(self, path: str, body: Any, fault: str) -> tuple[int, bytes]:
        """The request arrives."""
        status, content = self._exchange.request(path, body)
        if path.endswith("/exchange"):
            action = json.dumps(body["action"], sort_keys=True)
            self._journal.note("exchange", action, nonce=body["nonce"], status=status, answer=content.decode()[:400])
        return status, content


def _lie(content: bytes, *, whole: bool) -> bytes:
    """The answer to an accepted order turned into a refusal."""
    answer = json.loads(content)
    if answer.get("status") != "ok" or not isinstance(answer.get("response"), dict):
        return content
    if whole:
        return json.dumps({"status": "err", "response": "Internal error"}).encode()
    statuses = answer["response"].get("data", {}).get("statuses")
    if statuses:
        answer["response"]["data"]["statuses"] = [LIE] * len(statuses)
    return json.dumps(answer).encode()
