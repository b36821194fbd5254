"""The kill switch against an exchange that answers nonsense; what it does to a real one is tested with processes."""

import json
from collections.abc import Callable
from typing import Any

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
    """A session that ends at `answer`, which is given the kind of each question."""

    def __init__(self, answer: Callable[[str], Any]) -> None:
        super().__init__()
        self._answer = answer

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        response = requests.Response()
        response.status_code = 200
        response._content = json.dumps(self._answer(json.loads(request.body or b"null")["type"])).encode()
        return response


async def test_an_answer_that_cannot_be_read_is_asked_for_again() -> None:
    asked: list[str] = []
    said: list[str] = []

    def answer(kind: str) -> Any:
        asked.append(kind)
        return None if kind == "clearinghouseState" and asked.count(kind) == 1 else ANSWERS[kind]

    door = Door("http://127.0.0.1:1", 1.0, 1_000, new_session=lambda: Line(answer))
    venue = Venue(KEY, ADDRESS, door, WeightBudget(1_000), Instant())
    assert await Killer(venue, Instant(), said.append).run()
    assert asked.count("clearinghouseState") == 3
    assert said[0].startswith("the exchange did not answer, trying again: TypeError")
