"""The dashboard in a real browser, over a real arena."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

from aicoin_local.testing import Arena, wait_for

pytestmark = pytest.mark.browser

MINUTE_MS = 60_000


@pytest.fixture
def live(arena: Arena, page: Page) -> Iterator[Page]:
    """The live page, in English; an error in the page's own script fails the test."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.add_init_script("localStorage.setItem('language', 'en')")
    page.goto(arena.run["gateway_url"])
    yield page
    assert errors == []


def test_prices_move_and_the_mode_cannot_be_missed(live: Page) -> None:
    quote = live.get_by_test_id("price-BTC")
    expect(quote).to_have_text(re.compile(r"BTC\s*\d{2,3},\d{3}"), timeout=MINUTE_MS)
    before = quote.inner_text()
    expect(quote).not_to_have_text(before, timeout=MINUTE_MS)
    expect(live.get_by_test_id("mode")).to_have_text("PAPER")
    expect(live).to_have_title(re.compile("PAPER"))


def test_a_decision_card_appears_and_opens_to_the_whole_chain(live: Page) -> None:
    card = live.get_by_test_id("decision-card").first
    expect(card).to_be_visible(timeout=MINUTE_MS)
    card.get_by_role("button", name="open").click()
    opened = live.locator(".opened").first
    opened.get_by_role("tab", name="PROMPT").click()
    expect(opened.locator("pre")).to_contain_text("ACCOUNT")
    opened.get_by_role("tab", name="RAW").click()
    expect(opened.locator("pre")).to_contain_text("action")


def test_both_accounts_positions_and_readme_are_shown(live: Page) -> None:
    for model in ("deepseek", "qwen"):
        expect(live.get_by_test_id(f"account-value-{model}")).to_have_text(
            re.compile(r"[\d,]+\.\d\d"), timeout=MINUTE_MS
        )
    live.get_by_test_id("tab-positions").click()
    expect(live.get_by_test_id("position-row").first).to_be_visible(timeout=3 * MINUTE_MS)
    live.get_by_test_id("tab-readme").click()
    expect(live.locator("pre")).to_contain_text("WHAT THIS IS")


def test_pages_have_urls_of_their_own(arena: Arena, page: Page) -> None:
    page.goto(f"{arena.run['gateway_url']}/leaderboard")
    expect(page.get_by_test_id("leaderboard-row")).to_have_count(2, timeout=MINUTE_MS)
    page.goto(f"{arena.run['gateway_url']}/models/qwen")
    expect(page.get_by_role("heading", level=1)).to_contain_text("QWEN")


def test_nothing_scrolls_sideways_on_a_small_screen(arena: Arena, page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(arena.run["gateway_url"])
    expect(page.get_by_test_id("decision-card").first).to_be_attached(timeout=MINUTE_MS)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_status_bar_tells_of_a_lost_gateway_and_recovers(arena: Arena, live: Page) -> None:
    status = live.get_by_test_id("status")
    expect(status).to_contain_text("STATUS: CONNECTED", timeout=MINUTE_MS)
    heard: list[ConsoleMessage] = []
    live.on("console", heard.append)
    arena.supervise("stop", "gateway")
    expect(status).to_contain_text("DISCONNECTED", timeout=MINUTE_MS)
    expect(status).to_contain_text("retry in")
    arena.supervise("start", "gateway")
    wait_for("the gateway to be ready", lambda: arena.is_ready_or_down("gateway"), limit_s=60)
    expect(status).to_contain_text("STATUS: CONNECTED", timeout=MINUTE_MS)
    expect(live.get_by_test_id("decision-card").first).to_be_visible()
