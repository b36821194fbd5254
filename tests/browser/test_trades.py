"""The page of all trades: its order, its results against the raw fills, and the way to the reasons."""

import json
import time
from collections.abc import AsyncIterator
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from gateway_server import DEFAULT, GatewayServer, fill_market_cache, gateway_server
from harness import eventually
from page_checks import save_screenshot, violations, wait_until_fitting
from playwright.async_api import Page, expect
from recorder_examples import approved, decided, filled, state
from trade_histories import History, episodes_of

from aicoin_local.development.web import WEB
from common.events import Action, IntentKind, OrderFilled, OrderRole
from common.trading.durations import DAY_MS, HOUR_MS, MINUTE_MS
from common.trading.instruments import Symbol

pytestmark = pytest.mark.browser

D = Decimal
MARK = D("3010.5")
CELLS = """(cells) => cells.map((cell) => cell.textContent.replace("−", "-").replace(/[^-+.0-9]/g, ""))"""

TWO_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))"


@pytest.fixture
def histories() -> list[History]:
    """Some days of each contender's trades, up to a day ago."""
    now_ms = int(time.time() * 1000) // MINUTE_MS * MINUTE_MS
    histories = [History(model, Random(seed), now_ms=now_ms - 4 * DAY_MS) for seed, model in enumerate(DEFAULT.ids)]
    for history in histories:
        for number in range(120):
            history.step(number)
    return histories


@pytest.fixture
async def gateway(database_url: str, redis_url: str, histories: list[History]) -> AsyncIterator[GatewayServer]:
    """The last trade of qwen was opened and closed by decisions; then comes one that is half open."""
    now_ms = int(time.time() * 1000) // MINUTE_MS * MINUTE_MS
    events: list[Any] = [event for history in histories for event in history.events]
    hours = range(96, -1, -1)
    events += [state(model, now_ms - hour * HOUR_MS, D(10_000 - hour)) for model in DEFAULT.ids for hour in hours]
    opening = decided("qwen", "c-in", now_ms - 90 * MINUTE_MS, symbol=Symbol.SOL)
    closing = decided("qwen", "c-out", now_ms - 60 * MINUTE_MS, symbol=Symbol.SOL, action=Action.CLOSE)
    entry, leave = approved(opening), approved(closing, intent_kind=IntentKind.EXIT)
    times = [decision.time_ms + 900 for decision in (opening, closing)]
    more = {"role": OrderRole.EXIT, "intent": leave, "closed_pnl": D(-12)}
    events += [opening, closing, entry, leave]
    events += [
        filled("qwen", Symbol.SOL, 9_001, times[0], D(4), D(150), D(0), fee=D("0.27"), intent=entry),
        filled("qwen", Symbol.SOL, 9_002, times[1], D(-4), D(147), D(4), fee=D("0.26"), **more),
        filled("qwen", Symbol.BNB, 9_003, now_ms - 30 * MINUTE_MS, D(3), D(3000), D(0), fee=D("0.5")),
        filled("qwen", Symbol.BNB, 9_004, now_ms - 9 * MINUTE_MS, D(-1), D(3020), D(3), fee=D("0.2")),
    ]
    async with gateway_server(database_url, redis_url, DEFAULT, WEB / "dist") as server:
        await server.recorder.store(events, now_ms)
        await fill_market_cache(server.redis, tuple(DEFAULT.coins))
        money = dict.fromkeys(("price", "mark_price", "oracle_price", "prev_day_price"), str(MARK))
        others = {"day_volume_usd": "1", "funding_rate_hourly": "0", "open_interest": "1"}
        price = {"symbol": "BNB", **money, **others, "time_ms": now_ms + 10 * MINUTE_MS}
        await server.redis.set("price:BNB", json.dumps(price))
        yield server


def results_of(histories: list[History]) -> list[Decimal]:
    """The P&L of every ended trade, from the cash that went in and out."""
    return [
        episode.cash - episode.fees
        for history in histories
        for coin in history.markets
        for episode in episodes_of(
            [each for each in history.events if isinstance(each.data, OrderFilled) and each.data.symbol is coin], {}, {}
        )
        if episode.closed_ms is not None
    ]


async def test_trades_are_sorted_by_their_true_results(
    gateway: GatewayServer, histories: list[History], page: Page
) -> None:
    expected = sorted([*results_of(histories), D("-12.53")], reverse=True)
    open_pnl = D(3020) + 2 * MARK - 3 * D(3000) - D("0.7")
    await page.goto(f"{gateway.url}/trades?sort=-pnl")
    lines = page.get_by_test_id("trade-line")
    await expect(lines.first).to_be_visible()
    # The open trade's figure follows the prices, which come with an answer of their own.
    await expect(page.locator("td[data-column=pnl]").filter(has_text=f"{abs(open_pnl):.2f}").first).to_be_visible()
    cells = await page.locator("td[data-column=pnl]").evaluate_all(CELLS)
    assert [D(each) for each in cells if each not in ("", str(open_pnl))] != []
    for pnl in (expected[0], expected[-1], open_pnl):
        assert f"{pnl:+.2f}" in cells
    shown = [D(each) for each in cells if each]
    assert shown == sorted(shown, reverse=True)
    await page.get_by_role("button", name="NET P&L $").click()
    await expect(page).to_have_url(f"{gateway.url}/trades?sort=pnl")
    cells = await page.locator("td[data-column=pnl]").evaluate_all(CELLS)
    assert f"{expected[-1]:+.2f}" == cells[0]


async def test_a_loss_leads_to_why_it_was_opened_and_closed(gateway: GatewayServer, page: Page) -> None:
    await page.goto(gateway.url)
    await page.get_by_test_id("tab-trades").click()
    row = page.get_by_test_id("trade-row").filter(has_text="SOL")
    await expect(row).to_contain_text("▼ −12.53")
    await expect(row).to_contain_text("closed by decision")
    await row.get_by_role("link", name="why out").click()
    await expect(page).to_have_url(f"{gateway.url}/decisions/c-out/qwen")
    await page.go_back()
    await row.get_by_role("link", name="why in").click()
    await expect(page).to_have_url(f"{gateway.url}/decisions/c-in/qwen")
    await expect(page.locator(".stated").first).to_contain_text("because")


async def test_the_page_fits_and_passes_axe(gateway: GatewayServer, page: Page) -> None:
    await page.add_init_script("localStorage.setItem('theme', localStorage.getItem('theme') ?? 'light')")
    await page.goto(f"{gateway.url}/trades")
    await expect(page.get_by_test_id("coin-sum").first).to_be_visible()
    for lang in ("en", "zh"):
        for theme in ("light", "dark"):
            for width in (375, 768, 1440, 812):
                await wait_until_fitting(page, width)
                await save_screenshot(page, f"trades-{lang}-{theme}-{width}")
            assert await violations(page) == []
            await page.get_by_test_id("theme").click()
        await page.get_by_test_id("language").click()


async def test_a_marker_names_its_trades_and_a_click_keeps_their_reasons(gateway: GatewayServer, page: Page) -> None:
    await page.goto(f"{gateway.url}/?range=all&drawdown=1")
    chart = page.locator(".chart")
    await expect(page.locator(".chart-note")).to_have_count(0)
    box = await chart.bounding_box()
    assert box is not None
    marked = page.get_by_test_id("marked-trades")

    async def is_found() -> bool:
        """Markers come with an answer of their own, so that one sweep may be too early."""
        for x in range(int(box["width"]) - 40, 10, -6):
            await page.mouse.move(box["x"] + x, box["y"] + 60)
            await page.evaluate(TWO_FRAMES)
            if await marked.filter(has_text="SOL").count():
                return True
        return False

    await eventually("the marker under the mouse", is_found)
    await expect(marked).to_contain_text("▼ −12.53")
    await page.mouse.down()
    await page.mouse.up()
    await page.mouse.move(box["x"] + 5, box["y"] + box["height"] + 5)
    await marked.locator("li").filter(has_text="closed by decision").get_by_role("link", name="why out").click()
    await expect(page).to_have_url(f"{gateway.url}/decisions/c-out/qwen")


async def test_a_line_is_switched_off_in_the_address(gateway: GatewayServer, page: Page) -> None:
    await page.goto(gateway.url)
    name = page.get_by_role("group", name="Shown lines").get_by_role("button", name="QWEN")
    await name.click()
    await expect(page).to_have_url(f"{gateway.url}/?hide=qwen")
    await expect(name).to_have_attribute("aria-pressed", "false")
    await name.click()
    await expect(page).to_have_url(f"{gateway.url}/")
