"""The account's record from a time on, when it is longer than what one answer tells."""

import json
import time
from typing import Any

import pytest

from executor.exchange.client import ExchangeClient, ExchangeConfig
from executor.exchange.http import HttpResponse
from executor.exchange.rate_limit import RequestRateLimiter

KEY, ADDRESS = "0x" + "17" * 32, "0x" + "11" * 20
ROWS_A_MS = 3
"""So that a page ends in the midst of the rows of one time."""


class Now:
    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None: ...


class Line:
    """An exchange that tells its oldest `page` rows from a time on."""

    def __init__(self, rows: list[dict[str, Any]], page: int) -> None:
        self.rows, self.page, self.asked = rows, page, list[int]()

    def post(self, path: str, body: bytes) -> HttpResponse:
        question = json.loads(body)
        assert question["user"] == ADDRESS
        self.asked.append(question["startTime"])
        found = [row for row in self.rows if row["time"] >= question["startTime"]]
        return HttpResponse(200, json.dumps(found[: self.page]).encode())

    def close(self) -> None: ...


@pytest.mark.parametrize(("ask", "page"), [("fills_since", 2_000), ("funding_since", 500), ("transfers_since", 500)])
async def test_a_long_record_is_read_to_its_end_each_row_once(ask: str, page: int) -> None:
    rows = [{"time": 100 + number // ROWS_A_MS, "tid": number} for number in range(2 * page + 7)]
    line = Line(rows, page)
    door = ExchangeConfig("http://127.0.0.1:1", 1.0, 1_000, posting_to=lambda url, timeout_s: line)
    venue = ExchangeClient(KEY, ADDRESS, door, RequestRateLimiter(1_000), Now())
    assert await getattr(venue, ask)(50) == rows
    assert len(line.asked) == 3
    assert await getattr(venue, ask)(101) == rows[ROWS_A_MS:]
    del rows[3:]
    line.asked.clear()
    assert await getattr(venue, ask)(50) == rows
    assert line.asked == [50]
