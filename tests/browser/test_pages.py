"""Every page in both languages, both themes and three widths: it fits, does not shift, and passes axe."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from page_checks import HEIGHTS, save_screenshot, violations, wait_until_fitting
from playwright.async_api import Page, WebSocketRoute, expect

from aicoin_local.testing import Arena, wait_until
from common.trading.durations import MINUTE_MS

pytestmark = pytest.mark.browser

WIDTHS = (360, 1280, 2560)
MOST_SHIFT = 0.05
LANGUAGES = {
    "en": {"html": "en", "nav": "LEADERBOARD", "status": "STATUS: CONNECTED"},
    "zh": {"html": "zh-CN", "nav": "排行榜", "status": "已连接 CONNECTED"},
}
SHIFTS = """
window.shifts = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


class HeldDecisions:
    """Keeps pushed decisions from a page until they are released.

    Each one pushes the cards below it down, and on a busy machine several are made while a page loads: news, which says
    nothing about whether the page stands still while it loads.
    """

    def __init__(self) -> None:
        self._page: WebSocketRoute | None = None
        self._held: list[Any] = []
        self._is_holding = True

    async def route(self, page: Page) -> None:
        await page.route_web_socket("**/ws", self._connect)

    def _connect(self, page: WebSocketRoute) -> None:
        self._page = page
        page.connect_to_server().on_message(self._pass_on)

    def _pass_on(self, text: str | bytes) -> None:
        assert self._page is not None
        if not self._is_holding or '"ai_decision"' not in str(text):
            self._page.send(text)
            return
        read = json.loads(text)
        messages = read if isinstance(read, list) else [read]
        held = [each for each in messages if is_news(each)]
        self._held += held
        if passing := [each for each in messages if each not in held]:
            self._page.send(json.dumps(passing))

    def release(self) -> None:
        self._is_holding = False
        if self._held:
            assert self._page is not None
            self._page.send(json.dumps(self._held))


def is_news(message: dict[str, Any]) -> bool:
    """Whether it is a decision made after the page's snapshot."""
    return message["channel"] == "ai_decision" and "seq" in message and "snapshot" not in message["data"]


def newest_decision(arena: Arena) -> str:
    """The address of a decision that went before the risk gate."""

    def find() -> str | None:
        rows = arena.rows("SELECT cycle_id, model FROM ai_decisions WHERE verdict IS NOT NULL ORDER BY time_ms LIMIT 1")
        return f"/decisions/{rows[0]['cycle_id']}/{rows[0]['model']}?part=risk" if rows else None

    return wait_until("a judged decision", find, limit_s=180)


PAGES: dict[str, tuple[str | Callable[[Arena], str], str]] = {
    "live": ("/", "[data-testid=decision-card]"),
    "prices": ("/?view=prices&tab=positions", ".book tbody"),
    "decision": (newest_decision, ".rules"),
    "leaderboard": ("/leaderboard", "[data-testid=leaderboard-row]"),
    "model": ("/models/qwen", "h1"),
    "operations": ("/operations", ".plain-table"),
    "readme": ("/readme", ".readme pre"),
}


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_fits_passes_axe_and_does_not_shift(arena: Arena, page: Page, name: str) -> None:
    path, sign = PAGES[name]
    await page.add_init_script("localStorage.setItem('theme', 'light')")
    await page.add_init_script(SHIFTS)
    decisions = HeldDecisions()
    await decisions.route(page)
    await page.set_viewport_size({"width": WIDTHS[1], "height": HEIGHTS[WIDTHS[1]]})
    await page.goto(arena.run["gateway_url"] + (path if isinstance(path, str) else path(arena)))
    await expect(page.locator(sign).first).to_be_visible(timeout=MINUTE_MS)
    await expect(page.get_by_test_id("mode")).to_have_text("PAPER", timeout=MINUTE_MS)
    assert await page.evaluate("window.shifts") <= MOST_SHIFT
    decisions.release()
    for language, words in LANGUAGES.items():
        await expect(page.locator("html")).to_have_attribute("lang", words["html"])
        await expect(page.get_by_test_id("status")).to_contain_text(words["status"], timeout=MINUTE_MS)
        await expect(page.get_by_role("link", name=words["nav"], exact=True).first).to_be_visible()
        for theme in ("light", "dark"):
            await expect(page.locator("html")).to_have_attribute("data-theme", theme)
            for width in WIDTHS:
                await wait_until_fitting(page, width)
                await expect(page.locator(sign).first).to_be_attached()
                await expect(page.get_by_test_id("mode")).to_be_in_viewport()
                assert await violations(page) == []
                await save_screenshot(page, f"{name}-{language}-{theme}-{width}")
            await page.get_by_test_id("theme").click()
        await page.get_by_test_id("language").click()


async def test_tabs_and_filters_are_in_the_url_and_back_undoes_them(arena: Arena, page: Page) -> None:
    await page.goto(f"{arena.run['gateway_url']}/?coin=ETH&view=prices")
    await expect(page.get_by_role("button", name="ETH")).to_have_attribute("aria-pressed", "true")
    await page.get_by_test_id("tab-positions").click()
    await page.get_by_label("FILTER").select_option("qwen")
    await expect(page).to_have_url(f"{arena.run['gateway_url']}/?coin=ETH&view=prices&tab=positions&model=qwen")
    await page.reload()
    await expect(page.get_by_role("tab", name="POSITIONS")).to_have_attribute("aria-selected", "true")
    await expect(page.get_by_label("FILTER")).to_have_value("qwen")
    await page.get_by_role("link", name="LEADERBOARD").click()
    await expect(page).to_have_title("PAPER · LEADERBOARD · AIcoin")
    await page.go_back()
    await page.go_back()
    await expect(page.get_by_label("FILTER")).to_have_value("")
    await page.go_forward()
    await expect(page.get_by_label("FILTER")).to_have_value("qwen")


async def test_tabs_are_one_tab_stop_and_follow_the_arrow_keys(arena: Arena, page: Page) -> None:
    await page.goto(arena.run["gateway_url"])
    chat = page.get_by_role("tab", name="MODELCHAT")
    await chat.focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("tab", name="POSITIONS")).to_be_focused()
    await expect(page.get_by_role("tab", name="POSITIONS")).to_have_attribute("aria-selected", "true")
    await expect(chat).to_have_attribute("tabindex", "-1")


async def test_a_decision_is_a_link_to_its_whole_chain(arena: Arena, page: Page) -> None:
    await page.goto(arena.run["gateway_url"] + newest_decision(arena).replace("part=risk", "part=prompt"))
    linked = page.locator(".card.linked")
    await expect(linked.get_by_role("tab", name="PROMPT")).to_have_attribute("aria-selected", "true", timeout=MINUTE_MS)
    await expect(linked.locator("pre")).to_contain_text("ACCOUNT")
    for tab, text in {
        "SNAPSHOT": "BTC",
        "RAW": "action",
        "DECISION": "CONFIDENCE",
        "RISK": "STATE_HALTED",
        "RESULT": "",
    }.items():
        await linked.get_by_role("tab", name=tab, exact=True).click()
        await expect(linked.get_by_role("tabpanel")).to_contain_text(text)


async def test_a_prompt_is_shown_against_the_one_before(arena: Arena, page: Page) -> None:
    def prompted_twice() -> str | None:
        """The newest of at least two decisions with a prompt: one that failed at the start may have none."""
        rows = arena.rows(
            """SELECT cycle_id FROM ai_decisions WHERE model = 'qwen' AND prompt_hash IS NOT NULL
            ORDER BY time_ms DESC LIMIT 2"""
        )
        return str(rows[0]["cycle_id"]) if len(rows) == 2 else None

    cycle = wait_until("two prompts of qwen", prompted_twice, limit_s=180)
    await page.goto(f"{arena.run['gateway_url']}/decisions/{cycle}/qwen?part=prompt")
    await page.get_by_role("button", name="CHANGES").click(timeout=MINUTE_MS)
    diff = page.locator(".diff")
    await expect(diff.locator(".added").first).to_be_visible()
    await expect(diff.locator(".removed").first).to_be_visible()
    await expect(diff.locator(".folded").first).to_contain_text("unchanged lines")


async def test_an_unknown_address_is_a_404_page(arena: Arena, page: Page) -> None:
    await page.goto(f"{arena.run['gateway_url']}/models/unknown")
    await expect(page.get_by_role("heading", level=1)).to_have_text("404")
