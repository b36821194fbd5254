"""The kill switch against an exchange with unreadable answers; against a working one it is tested with processes."""

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


class InstantClock:
    """A clock that never waits."""

    def now_ms(self) -> int:
        return 1_790_000_000_000

    def monotonic(self) -> float:
        return 1.0

    async def sleep(self, seconds: float) -> None: ...


class Scripted:
    """A transport whose responses come from `answer`, called with the kind of each question, or `exchange`."""

    def __init__(self, answer: Callable[[str], Any]) -> None:
        self._answer = answer

    def post(self, path: str, body: bytes) -> HttpResponse:
        kind = json.loads(body).get("type", "exchange")
        return HttpResponse(200, json.dumps(self._answer(kind)).encode())

    def close(self) -> None: ...


HELD = {"assetPositions": [{"position": {"coin": "BTC", "szi": "0.01", "positionValue": "1000.0"}}]}
WITHOUT_STATUS = {"status": "ok", "response": {"type": "order", "data": {"statuses": [{}]}}}


@pytest.mark.parametrize(
    ("first", "error"),
    [
        ({"clearinghouseState": None}, "TypeError"),
        ({"frontendOpenOrders": [["no order"]]}, "TypeError"),
        ({"clearinghouseState": HELD, "exchange": WITHOUT_STATUS}, "RuntimeError"),
    ],
)
async def test_an_unreadable_answer_is_followed_by_another_round(first: dict[str, Any], error: str) -> None:
    left, reports = dict(first), list[str]()

    def answer(kind: str) -> Any:
        return left.pop(kind) if kind in left else ANSWERS[kind]

    exchange = ExchangeClient(
        key=KEY,
        address=ADDRESS,
        coins=(),
        config=ExchangeConfig(
            url="http://127.0.0.1:1",
            timeout_s=1.0,
            action_life_ms=1_000,
            open_transport=lambda url, timeout_s: Scripted(answer),
        ),
        rate_limiter=RequestRateLimiter(1_000),
        clock=InstantClock(),
    )
    assert await KillSwitch(exchange, InstantClock(), reports.append).run()
    assert not left
    assert [line for line in reports if line.startswith(f"the exchange did not answer, trying again: {error}")]
