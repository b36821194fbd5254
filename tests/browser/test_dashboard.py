"""The dashboard in a real browser, over a real arena."""

import json
import re

import pytest
from harness import eventually
from playwright.async_api import Page, Route, expect

from aicoin_local.testing import Arena
from common.trading.durations import MINUTE_MS

pytestmark = pytest.mark.browser


@pytest.fixture
async def live(arena: Arena, page: Page) -> Page:
    """The live page."""
    await page.goto(arena.run["gateway_url"])
    return page


async def test_prices_move_and_the_mode_is_shown(live: Page) -> None:
    quote = live.get_by_test_id("price-BTC")
    await expect(quote).to_have_text(re.compile(r"BTC\s*\d{2,3},\d{3}"), timeout=MINUTE_MS)
    before = await quote.inner_text()
    await expect(quote).not_to_have_text(before, timeout=MINUTE_MS)
    await expect(live.get_by_test_id("mode")).to_have_text("PAPER")
    await expect(live.locator("footer")).to_contain_text("SIMULATED MARKET")
    await expect(live).to_have_title(re.compile("PAPER"))


ANSWERED = "SELECT id FROM ai_decisions WHERE outcome = 'answered' AND action <> 'HOLD' ORDER BY time_ms DESC LIMIT 1"


async def test_a_decision_card_opens_to_its_whole_chain(arena: Arena, live: Page) -> None:
    """One with an answer: a call that failed has no prompt to show."""
    [row] = await eventually("an answer", lambda: arena.rows(ANSWERED), limit_s=180)
    card = live.locator(f"[data-testid=decision-card][data-id='{row['id']}']")
    await expect(card).to_be_visible(timeout=MINUTE_MS)
    await card.get_by_role("button", name="open").click()
    opened = live.locator(".opened").first
    await opened.get_by_role("tab", name="PROMPT").click()
    await expect(opened.locator("pre")).to_contain_text("ACCOUNT")
    await opened.get_by_role("tab", name="RAW").click()
    await expect(opened.locator("pre")).to_contain_text("action")


async def test_accounts_positions_and_readme_are_shown(live: Page) -> None:
    for model in ("deepseek", "qwen"):
        await expect(live.get_by_test_id(f"account-value-{model}")).to_have_text(
            re.compile(r"[\d,]+\.\d\d"), timeout=MINUTE_MS
        )
    await live.get_by_test_id("tab-positions").click()
    await expect(live.get_by_test_id("position-row").first).to_be_visible(timeout=3 * MINUTE_MS)
    await live.get_by_test_id("tab-readme").click()
    await expect(live.locator("pre")).to_contain_text("WHAT THIS IS")


async def test_pages_have_urls(arena: Arena, page: Page) -> None:
    await page.goto(f"{arena.run['gateway_url']}/leaderboard")
    await expect(page.get_by_test_id("leaderboard-row")).to_have_count(2, timeout=MINUTE_MS)
    await page.goto(f"{arena.run['gateway_url']}/models/qwen")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("QWEN")


WATCH_VALUES = """async () => {
    const texts = (where) => [...document.querySelectorAll(where)].map((each) => each.innerText)
    const until = performance.now() + 180_000
    let changes = 0, last = ""
    while (changes < 3) {
        await new Promise(requestAnimationFrame)
        const header = texts(".extreme a")
        const table = texts("[data-testid=leaderboard-row] td[data-column=equity]")
        if (!table.every((value) => header.some((text) => text.includes(value)))) return { header, table }
        if (header.join() !== last) { last = header.join(); changes += 1 }
        if (performance.now() > until) return "the values never changed"
    }
    return "three changes, alike in every frame"
}"""


async def test_leaderboard_and_header_show_equal_values_in_each_frame(arena: Arena, page: Page) -> None:
    await page.goto(f"{arena.run['gateway_url']}/leaderboard")
    await expect(page.get_by_test_id("leaderboard-row")).to_have_count(2, timeout=MINUTE_MS)
    await expect(page.locator(".extreme a")).to_have_count(2, timeout=MINUTE_MS)
    assert await page.evaluate(WATCH_VALUES) == "three changes, alike in every frame"


@pytest.mark.parametrize(("market", "words"), [("LIVE", "LIVE MARKET"), ("CAPTURE", "CAPTURED MARKET")])
async def test_the_status_bar_shows_the_servers_market(arena: Arena, page: Page, market: str, words: str) -> None:
    async def other(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, body=json.dumps(await answer.json() | {"market": market}))

    await page.route("**/api/v1/status", other)
    await page.goto(arena.run["gateway_url"])
    await expect(page.locator("footer")).to_contain_text(words, timeout=MINUTE_MS)
    await expect(page.locator("footer")).not_to_contain_text("SIMULATED")
