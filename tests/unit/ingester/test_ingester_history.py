"""The budget, and what is asked of /info, against an exchange that fails in every way."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from common.trading.intervals import INTERVALS_MS
from common.trading.symbols import SYMBOLS
from ingester.candles import KEPT, Candles
from ingester.history import BASE_WEIGHT, WINDOW_S, Budget, History
from ingester.testing import T0_MS, ManualClock, Records, wire_candle

META = {"universe": [{"name": symbol.value, "szDecimals": 1, "maxLeverage": 10} for symbol in SYMBOLS]}
Answer = Callable[[dict[str, Any]], httpx.Response]


class Exchange:
    """/info as a function; keeps what it was asked and when."""

    def __init__(self, clock: ManualClock, answer: Answer) -> None:
        self.clock, self.answer = clock, answer
        self.asked: list[tuple[float, dict[str, Any]]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        self.asked.append((self.clock.monotonic(), body))
        return self.answer(body)

    @property
    def candle_requests(self) -> list[dict[str, Any]]:
        return [body["req"] for _, body in self.asked if body["type"] == "candleSnapshot"]


def past(request: dict[str, Any]) -> httpx.Response:
    """Every candle asked for."""
    wanted = request["req"]
    length = INTERVALS_MS[wanted["interval"]]
    first = -(-wanted["startTime"] // length) * length
    rows = [
        wire_candle(open_ms, coin=wanted["coin"], interval=wanted["interval"])
        for open_ms in range(first, wanted["endTime"] + 1, length)
    ]
    return httpx.Response(200, json=rows)


class Setting:
    def __init__(self, answer: Answer, *, weight: int = 1_200) -> None:
        self.clock, self.log = ManualClock(), Records()
        self.exchange = Exchange(self.clock, answer)
        self.told: list[tuple[bool, str]] = []
        self.candles = Candles()
        self.history = History(
            httpx.AsyncClient(transport=httpx.MockTransport(self.exchange)),
            "http://exchange",
            Budget(weight, self.clock),
            self.clock,
            self.log,
            answering=lambda is_answering, reason: self.told.append((is_answering, reason)),
        )

    async def fill(self) -> None:
        await self.history.fill(self.candles, lambda: T0_MS, is_connected=lambda: True)


async def test_any_minute_stays_within_the_budget() -> None:
    setting = Setting(past, weight=400)
    await setting.fill()
    assert setting.candles.is_complete
    asked_at = [at for at, _ in setting.exchange.asked]
    weight = BASE_WEIGHT + KEPT / 60
    for start in asked_at:
        in_minute = sum(start <= at < start + WINDOW_S for at in asked_at)
        assert in_minute * weight <= 400
    assert asked_at[-1] - asked_at[0] == 2 * WINDOW_S


async def test_short_intervals_come_first_and_at_once() -> None:
    setting = Setting(past, weight=400)
    await setting.fill()
    intervals = [request["interval"] for request in setting.exchange.candle_requests]
    assert intervals == [interval for interval in ("1m", "5m", "15m", "1h", "4h", "1d") for _ in SYMBOLS]
    assert setting.exchange.asked[11][0] == setting.exchange.asked[0][0]


async def test_a_request_larger_than_the_budget_waits_for_an_empty_minute() -> None:
    clock = ManualClock()
    budget = Budget(50, clock)
    began = clock.monotonic()
    await budget.spend(30)
    await budget.spend(80)
    assert clock.monotonic() - began == WINDOW_S
    await budget.spend(1)
    assert clock.monotonic() - began == 2 * WINDOW_S


async def test_500_candles_are_asked_for_and_only_once() -> None:
    setting = Setting(past)
    await setting.fill()
    await setting.fill()
    assert len(setting.exchange.asked) == 36
    assert {len(setting.candles.read((SYMBOLS[0], interval))) for interval in INTERVALS_MS} == {KEPT}


async def test_only_the_gap_is_asked_for_when_the_rest_is_known() -> None:
    setting = Setting(past)
    await setting.fill()
    known = setting.candles.read((SYMBOLS[0], "1m"))
    again = Setting(past)
    again.candles.restore((SYMBOLS[0], "1m"), known[:-10], KEPT)
    await again.fill()
    first = again.exchange.candle_requests[0]
    assert (first["interval"], first["startTime"]) == ("1m", known[-12].open_ms)
    assert again.candles.read((SYMBOLS[0], "1m")) == known


@pytest.mark.parametrize(
    "failure",
    [
        httpx.Response(429, content=b"null"),
        httpx.Response(422, text="Failed to deserialize the JSON body into the target type"),
        httpx.Response(500, content=b"null"),
        httpx.Response(200, content=b"null"),
        httpx.Response(200, json={"universe": META["universe"][:5]}),
    ],
)
async def test_an_unusable_answer_is_told_and_asked_for_again(failure: httpx.Response) -> None:
    answers = [failure, failure, httpx.Response(200, json=META)]
    setting = Setting(lambda _: answers.pop(0))
    assert await setting.history.max_leverages() == dict.fromkeys(SYMBOLS, 10)
    assert [is_answering for is_answering, _ in setting.told] == [False, False, True]
    assert all(reason.startswith("meta: ") for is_answering, reason in setting.told if not is_answering)
    assert {level for level, _, _ in setting.log.lines} == {"warning"}


async def test_an_exchange_out_of_reach_is_asked_again_with_growing_pauses() -> None:
    attempts = 0

    def unreachable(_: dict[str, Any]) -> httpx.Response:
        nonlocal attempts
        attempts += 1
        if attempts < 8:
            raise httpx.ConnectError("refused")
        return httpx.Response(200, json=META)

    setting = Setting(unreachable)
    began = setting.clock.monotonic()
    await setting.history.max_leverages()
    assert setting.clock.monotonic() - began > 0.25 * (2**6 - 1)


async def test_it_ends_when_the_connection_is_lost_and_closes_no_gap() -> None:
    setting = Setting(past)
    is_connected = True

    def losing(request: dict[str, Any]) -> httpx.Response:
        nonlocal is_connected
        is_connected = False
        setting.candles.disconnected()
        return past(request)

    setting.exchange.answer = losing
    await setting.history.fill(setting.candles, lambda: T0_MS, is_connected=lambda: is_connected)
    assert len(setting.exchange.asked) == 1
    assert setting.candles.complete == set()
