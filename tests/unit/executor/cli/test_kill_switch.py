"""The kill switch against an exchange that answers nonsense; what it does to a real one is tested with processes."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from executor.cli.kill_switch import KillSwitch
from executor.exchange.client import ExchangeClient, ExchangeConfig
from executor.exchange.http import HttpResponse
from executor.exchange.rate_limit import RequestRateLimiter

KEY, ADDRESS = "0x" + "17" * 32, "0x" + "11" * 20
ANSWERS: dict[str, Any] = {
    "meta": {"universe": [{"name": "BTC", "szDecimals": 5, "maxLeverage": 40}]},
    "clearinghouseState": {"assetPositions": []},
    "frontendOpenOrders": [],
}


class Instant:
    """A clock that never waits."""

    def now_ms(self) -> int:
        return 1_790_000_000_000

    def monotonic(self) -> float:
        return 1.0

    async def sleep(self, seconds: float) -> None: ...


class Line:
    """What posts ends at `answer`, which is given the kind of each question, or `exchange`."""

    def __init__(self, answer: Callable[[str], Any]) -> None:
        self._answer = answer

    def post(self, path: str, body: bytes) -> HttpResponse:
        kind = json.loads(body).get("type", "exchange")
        return HttpResponse(200, json.dumps(self._answer(kind)).encode())

    def close(self) -> None: ...


HELD = {"assetPositions": [{"position": {"coin": "BTC", "szi": "0.01", "positionValue": "1000.0"}}]}
UNTOLD = {"status": "ok", "response": {"type": "order", "data": {"statuses": [{}]}}}


@pytest.mark.parametrize(
    ("first", "complaint"),
    [
        ({"clearinghouseState": None}, "TypeError"),
        ({"frontendOpenOrders": [["no order"]]}, "TypeError"),
        ({"clearinghouseState": HELD, "exchange": UNTOLD}, "RuntimeError"),
    ],
)
async def test_an_answer_that_cannot_be_read_keeps_nobody_in_the_market(first: dict[str, Any], complaint: str) -> None:
    left, said = dict(first), list[str]()

    def answer(kind: str) -> Any:
        return left.pop(kind) if kind in left else ANSWERS[kind]

    door = ExchangeConfig("http://127.0.0.1:1", 1.0, 1_000, posting_to=lambda url, timeout_s: Line(answer))
    venue = ExchangeClient(KEY, ADDRESS, door, RequestRateLimiter(1_000), Instant())
    assert await KillSwitch(venue, Instant(), said.append).run()
    assert not left
    assert [line for line in said if line.startswith(f"the exchange did not answer, trying again: {complaint}")]
