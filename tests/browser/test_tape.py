"""The market's own trades beside the order book, the models' fills marked among them."""

import re
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from aicoin_local.testing import Arena, wait_until
from common.trading.durations import MINUTE_MS

pytestmark = pytest.mark.browser

SHOWN = 20


class TapeRoute:
    """The response to the page's requests for the tape: the server's own unless the test sets another."""

    def __init__(self) -> None:
        self.trades: list[dict[str, Any]] | None = None
        self.is_unavailable = False

    async def fulfill(self, route: Route) -> None:
        if self.is_unavailable:
            await route.abort()
            return
        answer = await route.fetch()
        body = await answer.json()
        await route.fulfill(response=answer, json=body if self.trades is None else body | {"trades": self.trades})


async def test_the_tape_appears_and_moves(arena: Arena, page: Page) -> None:
    await page.goto(f"{arena.run['gateway_url']}/?view=prices")
    prints = page.get_by_test_id("print")
    await expect(prints).to_have_count(SHOWN, timeout=MINUTE_MS)
    await expect(prints.first).to_have_text(re.compile(r"\d\d:\d\d:\d\d[▲▼] (bought|sold) \d{2,3},\d{3}[\d.,]+"))
    newest = await prints.first.get_attribute("data-id")
    assert newest is not None
    await expect(prints.first).not_to_have_attribute("data-id", newest, timeout=MINUTE_MS)
    await expect(page.locator(".prints tbody tr")).to_have_count(SHOWN)


async def test_a_contenders_fill_is_marked_in_the_tape(arena: Arena, page: Page) -> None:
    def find() -> dict[str, Any] | None:
        rows = arena.rows("SELECT model, symbol, trade_id FROM fills ORDER BY time_ms DESC LIMIT 1")
        return rows[0] if rows else None

    fill = wait_until("a fill", find, limit_s=180)
    print_ = {"time_ms": 1, "side": "SELL", "price": "99.5", "size": "2"}
    tape_route = TapeRoute()
    tape_route.trades = [print_ | {"trade_id": 1}, print_ | {"trade_id": fill["trade_id"]}]
    await page.route("**/api/v1/tape/*", tape_route.fulfill)
    await page.goto(f"{arena.run['gateway_url']}/?view=prices&coin={fill['symbol']}")
    own = page.locator(".prints tr.own")
    await expect(own).to_have_count(1, timeout=MINUTE_MS)
    await expect(own).to_have_attribute("data-id", str(fill["trade_id"]))
    await expect(own).to_contain_text(fill["model"].upper())
    fills = page.get_by_role("region", name="MODELS' FILLS").get_by_role("listitem")
    await expect(fills.filter(has_text=fill["model"].upper()).first).to_be_visible()


async def test_an_empty_and_a_stale_tape_are_marked(arena: Arena, page: Page) -> None:
    tape_route = TapeRoute()
    tape_route.trades = []
    await page.route("**/api/v1/tape/*", tape_route.fulfill)
    await page.goto(f"{arena.run['gateway_url']}/?view=prices")
    tape = page.get_by_role("region", name="LATEST TRADES")
    await expect(tape).to_contain_text("No trade in this market yet", timeout=MINUTE_MS)
    tape_route.trades = None
    await expect(tape.get_by_test_id("print")).to_have_count(SHOWN, timeout=MINUTE_MS)
    await expect(tape).not_to_contain_text("stale")
    tape_route.is_unavailable = True
    await expect(tape).to_contain_text("stale", timeout=MINUTE_MS)
    await expect(tape.get_by_test_id("print")).to_have_count(SHOWN)
