"""Every page in both languages, themes and three widths: nothing overflows, nothing jumps, everybody can use it."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from aicoin_local.development.web import WEB
from aicoin_local.testing import Arena, wait_until

pytestmark = pytest.mark.browser

MINUTE_MS = 60_000
WIDTHS = (360, 1280, 2560)
HEIGHTS = {360: 740, 1280: 800, 2560: 1440}
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
FITS = (
    "document.documentElement.scrollWidth <= {width}",
    "document.querySelector('main').scrollWidth <= {width}",
    "document.documentElement.scrollHeight <= {height}",
)
AXE = (WEB / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def newest_decision(arena: Arena) -> str:
    """The address of a decision that went before the risk gate."""

    def look() -> str | None:
        rows = arena.rows("SELECT cycle_id, model FROM ai_decisions WHERE verdict IS NOT NULL ORDER BY time_ms LIMIT 1")
        return f"/decisions/{rows[0]['cycle_id']}/{rows[0]['model']}?part=risk" if rows else None

    return wait_until("a judged decision", look, limit_s=180)


PAGES: dict[str, tuple[str | Callable[[Arena], str], str]] = {
    "live": ("/", "[data-testid=decision-card]"),
    "prices": ("/?view=prices&tab=positions", ".book tbody"),
    "decision": (newest_decision, ".rules"),
    "leaderboard": ("/leaderboard", "[data-testid=leaderboard-row]"),
    "model": ("/models/qwen", "h1"),
    "operations": ("/operations", ".plain-table"),
    "readme": ("/readme", ".readme pre"),
}


async def until(page: Page, condition: str) -> None:
    """Waits for what the page settles into shortly after a change: charts follow a new width in the next frame."""
    deadline = time.monotonic() + MINUTE_MS / 1000
    while not await page.evaluate(condition):
        assert time.monotonic() < deadline, condition
        await asyncio.sleep(0.05)


async def violations(page: Page) -> list[str]:
    """What axe finds serious or critical, each with its first place."""
    await page.evaluate(AXE)
    found: list[dict[str, Any]] = await page.evaluate(
        "axe.run(document, { resultTypes: ['violations'] }).then((result) => result.violations)"
    )
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:200]} {each['nodes'][0]['failureSummary']}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


async def keep(page: Page, name: str) -> None:
    """A screenshot for people, where they asked for one."""
    folder = os.environ.get("AICOIN_SCREENSHOTS")
    if folder:
        await page.screenshot(path=Path(folder) / f"{name}.png")


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_fits_reads_and_stands_still(arena: Arena, page: Page, name: str) -> None:
    path, sign = PAGES[name]
    await page.add_init_script("localStorage.setItem('theme', 'light')")
    await page.add_init_script(SHIFTS)
    await page.set_viewport_size({"width": WIDTHS[1], "height": HEIGHTS[WIDTHS[1]]})
    await page.goto(arena.run["gateway_url"] + (path if isinstance(path, str) else path(arena)))
    await expect(page.locator(sign).first).to_be_visible(timeout=MINUTE_MS)
    await expect(page.get_by_test_id("mode")).to_have_text("PAPER", timeout=MINUTE_MS)
    assert await page.evaluate("window.shifts") <= MOST_SHIFT
    for language, words in LANGUAGES.items():
        await expect(page.locator("html")).to_have_attribute("lang", words["html"])
        await expect(page.get_by_test_id("status")).to_contain_text(words["status"], timeout=MINUTE_MS)
        await expect(page.get_by_role("link", name=words["nav"], exact=True).first).to_be_visible()
        for theme in ("light", "dark"):
            await expect(page.locator("html")).to_have_attribute("data-theme", theme)
            for width in WIDTHS:
                await page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
                await expect(page.locator(sign).first).to_be_attached()
                for fits in FITS:
                    await until(page, fits.format(width=width, height=HEIGHTS[width]))
                await expect(page.get_by_test_id("mode")).to_be_in_viewport()
                assert await violations(page) == []
                await keep(page, f"{name}-{language}-{theme}-{width}")
            await page.get_by_test_id("theme").click()
        await page.get_by_test_id("language").click()


async def test_tabs_and_filters_live_in_the_address_and_back_undoes_them(arena: Arena, page: Page) -> None:
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


async def test_tabs_are_one_stop_for_the_keyboard_and_turn_with_arrows(arena: Arena, page: Page) -> None:
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
    for tab, said in {
        "SNAPSHOT": "BTC",
        "RAW": "action",
        "DECISION": "CONFIDENCE",
        "RISK": "STATE_HALTED",
        "RESULT": "",
    }.items():
        await linked.get_by_role("tab", name=tab, exact=True).click()
        await expect(linked.get_by_role("tabpanel")).to_contain_text(said)


async def test_a_prompt_is_shown_against_the_one_before(arena: Arena, page: Page) -> None:
    def later() -> str | None:
        rows = arena.rows("SELECT cycle_id FROM ai_decisions WHERE model = 'qwen' ORDER BY time_ms OFFSET 1 LIMIT 1")
        return str(rows[0]["cycle_id"]) if rows else None

    cycle = wait_until("a second decision of qwen", later, limit_s=180)
    await page.goto(f"{arena.run['gateway_url']}/decisions/{cycle}/qwen?part=prompt")
    await page.get_by_role("button", name="CHANGES").click(timeout=MINUTE_MS)
    diff = page.locator(".diff")
    await expect(diff.locator(".added").first).to_be_visible()
    await expect(diff.locator(".removed").first).to_be_visible()
    await expect(diff.locator(".folded").first).to_contain_text("unchanged lines")


async def test_an_address_that_leads_nowhere_says_so(arena: Arena, page: Page) -> None:
    await page.goto(f"{arena.run['gateway_url']}/models/nobody")
    await expect(page.get_by_role("heading", level=1)).to_have_text("404")
