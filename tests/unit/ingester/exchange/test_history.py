"""Requests to /info against an exchange that fails in every way."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from ingester_frames import COINS, T0_MS, RecordedLog, wire_candle
from manual_clock import ManualClock

from common.trading.intervals import INTERVALS_MS
from ingester.exchange.history import BASE_WEIGHT, History
from ingester.exchange.request_rate_limiter import WINDOW_S, RequestRateLimiter
from ingester.market.candles import KEPT_CANDLES, Candles

META = {"universe": [{"name": symbol.value, "szDecimals": 1, "maxLeverage": 10} for symbol in COINS]}
Answer = Callable[[dict[str, Any]], httpx.Response]


class Exchange:
    """/info as a function; keeps the requests and their times."""

    def __init__(self, clock: ManualClock, answer: Answer) -> None:
        self.clock, self.answer = clock, answer
        self.requested: list[tuple[float, dict[str, Any]]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        self.requested.append((self.clock.monotonic(), body))
        return self.answer(body)

    @property
    def candle_requests(self) -> list[dict[str, Any]]:
        return [body["req"] for _, body in self.requested if body["type"] == "candleSnapshot"]


def past(request: dict[str, Any]) -> httpx.Response:
    """Every requested candle."""
    wanted = request["req"]
    length = INTERVALS_MS[wanted["interval"]]
    first = -(-wanted["startTime"] // length) * length
    rows = [
        wire_candle(open_ms, coin=wanted["coin"], interval=wanted["interval"])
        for open_ms in range(first, wanted["endTime"] + 1, length)
    ]
    return httpx.Response(200, json=rows)


class HistoryHarness:
    def __init__(self, answer: Answer, *, weight: int = 1_200) -> None:
        self.clock, self.log = ManualClock(), RecordedLog()
        self.exchange = Exchange(self.clock, answer)
        self.reported: list[tuple[bool, str]] = []
        self.candles = Candles(COINS)
        self.history = History(
            httpx.AsyncClient(transport=httpx.MockTransport(self.exchange)),
            "http://exchange",
            RequestRateLimiter(weight, self.clock),
            self.clock,
            self.log,
            on_availability=lambda is_available, reason: self.reported.append((is_available, reason)),
        )

    async def fill(self) -> None:
        await self.history.fill(self.candles, lambda: T0_MS, is_connected=lambda: True)


async def test_any_minute_stays_within_the_limit() -> None:
    harness = HistoryHarness(past, weight=400)
    await harness.fill()
    assert harness.candles.is_complete
    requested_at = [at for at, _ in harness.exchange.requested]
    weight = BASE_WEIGHT + KEPT_CANDLES / 60
    for start in requested_at:
        in_minute = sum(start <= at < start + WINDOW_S for at in requested_at)
        assert in_minute * weight <= 400
    assert requested_at[-1] - requested_at[0] == 2 * WINDOW_S


async def test_short_intervals_come_first_and_at_once() -> None:
    harness = HistoryHarness(past, weight=400)
    await harness.fill()
    intervals = [request["interval"] for request in harness.exchange.candle_requests]
    assert intervals == [interval for interval in ("1m", "5m", "15m", "1h", "4h", "1d") for _ in COINS]
    assert harness.exchange.requested[11][0] == harness.exchange.requested[0][0]


async def test_500_candles_are_requested_and_only_once() -> None:
    harness = HistoryHarness(past)
    await harness.fill()
    await harness.fill()
    assert len(harness.exchange.requested) == 36
    assert {len(harness.candles.read((COINS[0], interval))) for interval in INTERVALS_MS} == {KEPT_CANDLES}


async def test_only_the_gap_is_requested_when_the_rest_is_known() -> None:
    harness = HistoryHarness(past)
    await harness.fill()
    known = harness.candles.read((COINS[0], "1m"))
    again = HistoryHarness(past)
    again.candles.restore((COINS[0], "1m"), known[:-10], KEPT_CANDLES)
    await again.fill()
    first = again.exchange.candle_requests[0]
    assert (first["interval"], first["startTime"]) == ("1m", known[-12].open_ms)
    assert again.candles.read((COINS[0], "1m")) == known


async def test_a_cache_of_fewer_candles_is_filled_up_once_the_gaps_are() -> None:
    """What an earlier version left; a series that the exchange has no more of is asked for once."""
    harness, whole = HistoryHarness(past), HistoryHarness(past)
    await whole.fill()
    known = whole.candles.read((COINS[0], "1m"))
    harness.candles.restore((COINS[0], "1m"), known[-500:], KEPT_CANDLES)
    await harness.fill()
    assert len(harness.candles.read((COINS[0], "1m"))) == 500
    for _ in range(2):
        await harness.history.lengthen(harness.candles, lambda: T0_MS, is_connected=lambda: True)
    assert harness.candles.read((COINS[0], "1m")) == known
    assert len(harness.exchange.requested) == 37


async def test_a_whole_range_that_is_never_answered_holds_nothing_up() -> None:
    """Gaps are filled by the task that asks for it."""
    harness, whole = HistoryHarness(past), HistoryHarness(past)
    await whole.fill()
    harness.candles.restore((COINS[0], "1m"), whole.candles.read((COINS[0], "1m"))[-500:], KEPT_CANDLES)
    await harness.fill()
    for answer, is_done in ((lambda _: httpx.Response(500), False), (past, True)):
        harness.exchange.answer = answer
        before = len(harness.exchange.requested)
        found = await harness.history.lengthen(harness.candles, lambda: T0_MS, is_connected=lambda: True)
        assert (found, len(harness.exchange.requested) - before) == (is_done, 1)


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
async def test_an_unusable_answer_is_reported_and_retried(failure: httpx.Response) -> None:
    answers = [failure, failure, httpx.Response(200, json=META)]
    harness = HistoryHarness(lambda _: answers.pop(0))
    assert await harness.history.fetch_max_leverages(COINS) == dict.fromkeys(COINS, 10)
    assert [is_available for is_available, _ in harness.reported] == [False, False, True]
    assert all(reason.startswith("meta: ") for is_available, reason in harness.reported if not is_available)
    assert {level for level, _, _ in harness.log.lines} == {"warning"}


async def test_an_unreachable_exchange_is_retried_with_growing_pauses() -> None:
    attempts = 0

    def unreachable(_: dict[str, Any]) -> httpx.Response:
        nonlocal attempts
        attempts += 1
        if attempts < 8:
            raise httpx.ConnectError("refused")
        return httpx.Response(200, json=META)

    harness = HistoryHarness(unreachable)
    began = harness.clock.monotonic()
    await harness.history.fetch_max_leverages(COINS)
    assert harness.clock.monotonic() - began > 0.25 * (2**6 - 1)


async def test_it_ends_when_the_connection_is_lost_and_closes_no_gap() -> None:
    harness = HistoryHarness(past)
    is_connected = True

    def losing(request: dict[str, Any]) -> httpx.Response:
        nonlocal is_connected
        is_connected = False
        harness.candles.mark_disconnected()
        return past(request)

    harness.exchange.answer = losing
    await harness.history.fill(harness.candles, lambda: T0_MS, is_connected=lambda: is_connected)
    assert len(harness.exchange.requested) == 1
    assert harness.candles.complete == set()
