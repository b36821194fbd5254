"""Services stop and restart: the page shows a notice, recovers by itself, and shows no wrong row."""

import asyncio
import re

import pytest
from playwright.async_api import Page, expect

from aicoin_local.testing import Arena, wait_until
from common.trading.durations import MINUTE_MS

pytestmark = pytest.mark.browser

COMPARED = 20
SHOWN = """(kind) => [...document.querySelectorAll(`[data-testid=${kind}]`)].map((row) => row.dataset.id)"""


@pytest.fixture
async def live(arena: Arena, page: Page) -> Page:
    """The live page, connected, with its first decisions."""
    await page.goto(arena.run["gateway_url"])
    await expect(page.get_by_test_id("status")).to_contain_text("STATUS: CONNECTED", timeout=MINUTE_MS)
    await expect(page.get_by_test_id("decision-card").first).to_be_visible(timeout=MINUTE_MS)
    return page


async def until_same(page: Page, arena: Arena, kind: str, query: str, *, is_ordered: bool) -> None:
    """Waits until the page's first rows are PostgreSQL's; no row may be there twice or be unknown to it."""
    loop = asyncio.get_running_loop()

    async def shown() -> list[str]:
        rows: list[str] = await page.evaluate(SHOWN, kind)
        return rows

    def is_same() -> bool:
        rows = asyncio.run_coroutine_threadsafe(shown(), loop).result(60)
        stored = [row["id"] for row in arena.rows(query)]
        assert len(rows) == len(set(rows)), "a row is shown twice"
        first, expected = rows[:COMPARED], stored[:COMPARED]
        return (first == expected if is_ordered else set(first) == set(expected)) and set(rows) <= set(stored)

    await asyncio.to_thread(wait_until, f"the {kind}s of the page to be the recorded ones", is_same, limit_s=120)


async def compare(page: Page, arena: Arena) -> None:
    """Decisions, positions and closed trades against what is recorded."""
    await page.get_by_test_id("tab-chat").click()
    folds = page.get_by_test_id("feed-holds")
    if await folds.get_attribute("aria-pressed") == "false":
        await folds.click()
    decisions = "SELECT id FROM ai_decisions ORDER BY time_ms DESC, model"
    await until_same(page, arena, "decision-card", decisions, is_ordered=True)
    await page.get_by_test_id("tab-positions").click()
    positions = "SELECT model || ' ' || symbol AS id FROM positions"
    await until_same(page, arena, "position-row", positions, is_ordered=False)
    await page.get_by_test_id("tab-trades").click()
    trades = "SELECT id FROM trades WHERE status <> 'OPEN' ORDER BY exit_time DESC"
    await until_same(page, arena, "trade-row", trades, is_ordered=False)


async def test_the_gateway_comes_back(arena: Arena, live: Page) -> None:
    status = live.get_by_test_id("status")
    await asyncio.to_thread(arena.supervise, "stop", "gateway")
    await expect(status).to_contain_text("DISCONNECTED", timeout=MINUTE_MS)
    await expect(status).to_contain_text(re.compile(r"retry in \d+ s"))
    await expect(live.get_by_test_id("notices")).to_contain_text("The server is not responding")
    await expect(live.get_by_test_id("price-BTC")).to_have_class(re.compile("stale"), timeout=MINUTE_MS)
    await asyncio.to_thread(arena.supervise, "start", "gateway")
    await expect(status).to_contain_text("STATUS: CONNECTED", timeout=MINUTE_MS)
    await expect(live.get_by_test_id("notices")).to_be_empty(timeout=MINUTE_MS)
    await expect(live.get_by_test_id("price-BTC")).not_to_have_class(re.compile("stale"), timeout=MINUTE_MS)
    await compare(live, arena)


async def test_the_recorder_comes_back(arena: Arena, live: Page) -> None:
    await asyncio.to_thread(arena.supervise, "stop", "recorder")
    await expect(live.get_by_test_id("notices")).to_contain_text("The recorder is not running", timeout=MINUTE_MS)
    await asyncio.to_thread(arena.supervise, "start", "recorder")
    await expect(live.get_by_test_id("notices")).to_be_empty(timeout=MINUTE_MS)
    await compare(live, arena)


async def test_redis_comes_back(arena: Arena, live: Page) -> None:
    await asyncio.to_thread(arena.supervise, "stop", "redis")
    await expect(live.get_by_test_id("notices")).to_contain_text("Redis is unavailable", timeout=MINUTE_MS)
    await asyncio.to_thread(arena.supervise, "start", "redis")
    await expect(live.get_by_test_id("notices")).to_be_empty(timeout=2 * MINUTE_MS)
    await compare(live, arena)
