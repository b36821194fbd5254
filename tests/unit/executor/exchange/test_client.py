"""Questions and actions of one account: long records, and what counts as an answer."""

import asyncio
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from common.trading.instruments import Symbol
from executor.exchange.client import ExchangeClient
from executor.exchange.errors import ExchangeUnavailable, TransportError, UnknownOutcome
from executor.exchange.http import ExchangeConfig, HttpResponse
from executor.exchange.rate_limit import RequestRateLimiter

KEY, ADDRESS = "0x" + "17" * 32, "0x" + "11" * 20
ROWS_A_MS = 3
"""So that a page ends between rows of one time."""


class FixedClock:
    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None: ...


class Pages:
    """An exchange that answers with its oldest `page` rows from a time on."""

    def __init__(self, rows: list[dict[str, Any]], page: int) -> None:
        self.rows, self.page, self.asked = rows, page, list[int]()

    def post(self, path: str, body: bytes) -> HttpResponse:
        question = json.loads(body)
        assert question["user"] == ADDRESS
        self.asked.append(question["startTime"])
        found = [row for row in self.rows if row["time"] >= question["startTime"]]
        return HttpResponse(200, json.dumps(found[: self.page]).encode())

    def close(self) -> None: ...


def client(transport: Any, may_send: Callable[[], bool] = lambda: True) -> ExchangeClient:
    return ExchangeClient(
        key=KEY,
        address=ADDRESS,
        coins=(Symbol.ETH,),
        config=ExchangeConfig(
            url="http://127.0.0.1:1",
            timeout_s=1.0,
            action_life_ms=1_000,
            open_transport=lambda url, timeout_s: transport,
        ),
        rate_limiter=RequestRateLimiter(1_000, start_minutes=1),
        clock=FixedClock(),
        may_send=may_send,
    )


@pytest.mark.parametrize(
    ("ask", "page"),
    [("fill_rows_since", 2_000), ("fill_rows_since", 100), ("funding_rows_since", 500), ("ledger_rows_since", 100)],
)
async def test_a_long_record_is_read_to_its_end_each_row_once(ask: str, page: int) -> None:
    rows = [{"time": 100 + number // ROWS_A_MS, "tid": number} for number in range(2 * page + 7)]
    transport = Pages(rows, page)
    exchange = client(transport)
    assert await getattr(exchange, ask)(50) == rows
    assert len(transport.asked) == 4
    assert await getattr(exchange, ask)(101) == rows[ROWS_A_MS:]
    del rows[3:]
    transport.asked.clear()
    assert await getattr(exchange, ask)(50) == rows
    assert transport.asked == [50, 100]


class FixedTransport:
    """A transport that answers everything with one response, or fails."""

    def __init__(self, response: HttpResponse | None) -> None:
        self._response = response

    def post(self, path: str, body: bytes) -> HttpResponse:
        if self._response is None:
            raise TransportError("cut off")
        return self._response

    def close(self) -> None: ...


@pytest.mark.parametrize(
    "response", [None, HttpResponse(502, b"<html>"), HttpResponse(200, b""), HttpResponse(200, b"[]")]
)
async def test_an_action_without_a_readable_answer_has_an_unknown_outcome(response: HttpResponse | None) -> None:
    with pytest.raises(UnknownOutcome):
        await client(FixedTransport(response)).send(b"{}")


async def test_an_action_whose_turn_comes_after_the_lease_was_lost_stays_here() -> None:
    """A slow action has the connection while another waits for it, and the process loses its lease meanwhile."""
    owner, asked, answer_now = [True], threading.Event(), threading.Event()
    sent: list[bytes] = []

    class Slow(FixedTransport):
        def post(self, path: str, body: bytes) -> HttpResponse:
            sent.append(body)
            asked.set()
            answer_now.wait(60)
            return super().post(path, body)

    exchange = client(Slow(HttpResponse(200, b'{"status": "ok"}')), lambda: owner[0])
    first = asyncio.ensure_future(exchange.send(b"first"))
    await asyncio.to_thread(asked.wait, 60)
    second = asyncio.ensure_future(exchange.send(b"second"))
    owner[0] = False
    answer_now.set()
    await first
    with pytest.raises(UnknownOutcome, match="another process may own the account"):
        await second
    assert sent == [b"first"]


async def test_an_action_that_the_exchange_could_not_read_is_refused() -> None:
    answer = await client(FixedTransport(HttpResponse(422, b"missing field"))).send(b"{}")
    assert answer == {"status": "err", "response": "HTTP 422: missing field"}


@pytest.mark.parametrize("response", [None, HttpResponse(429, b"null"), HttpResponse(200, b"<html>")])
async def test_a_question_without_a_readable_answer_is_an_outage(response: HttpResponse | None) -> None:
    with pytest.raises(ExchangeUnavailable):
        await client(FixedTransport(response)).account_state()


def test_nothing_is_signed_before_the_instruments_are_loaded() -> None:
    with pytest.raises(ExchangeUnavailable, match="not loaded yet"):
        client(FixedTransport(None)).sign_leverage(Symbol.ETH, 5)
