"""The kill switch against an exchange that answers nonsense; what it does to a real one is tested with processes."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

from executor.budget import WeightBudget
from executor.kill import Killer
from executor.venue import Door, Venue

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


class Line(requests.Session):
    """A session that ends at `answer`, which is given the kind of each question, or `exchange`."""

    def __init__(self, answer: Callable[[str], Any]) -> None:
        super().__init__()
        self._answer = answer

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        response = requests.Response()
        response.status_code = 200
        kind = json.loads(request.body or b"null").get("type", "exchange")
        response._content = json.dumps(self._answer(kind)).encode()
        return response


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

    door = Door("http://127.0.0.1:1", 1.0, 1_000, new_session=lambda: Line(answer))
    venue = Venue(KEY, ADDRESS, door, WeightBudget(1_000), Instant())
    assert await Killer(venue, Instant(), said.append).run()
    assert not left
    assert [line for line in said if line.startswith(f"the exchange did not answer, trying again: {complaint}")]
