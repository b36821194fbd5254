"""The replay: the page shows the arena as of the moment in its address, and nothing live."""

import re
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from gateway_server import DEFAULT, GatewayServer, gateway_server
from page_checks import violations
from playwright.async_api import Page, expect
from recorder_examples import approved, decided, filled, snapshot, state

from aicoin_local.development.web import WEB
from common.events import OrderRole
from common.trading.durations import MINUTE_MS
from common.trading.instruments import Symbol

pytestmark = pytest.mark.browser

D = Decimal
START_MS = 1_790_000_040_000
EXIT_MS = START_MS + 40 * MINUTE_MS + 5_000


@pytest.fixture
async def gateway(database_url: str, redis_url: str) -> AsyncIterator[GatewayServer]:
    """An hour of prices that rise by 1 a minute; one contender buys 2 after ten minutes and sells after forty."""
    decisions = [decided("qwen", f"c{minute}", START_MS + minute * MINUTE_MS) for minute in range(60)]
    entry = approved(decisions[10])
    async with gateway_server(database_url, redis_url, DEFAULT, WEB / "dist") as server:
        await server.recorder.store(
            [
                *(state(model, START_MS, D(10_000)) for model in ("deepseek", "qwen")),
                *(
                    snapshot(f"c{minute}", START_MS + minute * MINUTE_MS, dict.fromkeys(DEFAULT.coins, D(100 + minute)))
                    for minute in range(60)
                ),
                *decisions,
                entry,
                filled(
                    "qwen", Symbol.BTC, 1, START_MS + 10 * MINUTE_MS + 1_000, D(2), D(110), D(0), fee=D(1), intent=entry
                ),
                filled("qwen", Symbol.BTC, 2, EXIT_MS, D(-2), D(140), D(2), closed_pnl=D(60), role=OrderRole.EXIT),
                *(state(model, START_MS + 59 * MINUTE_MS, D(10_059)) for model in ("deepseek", "qwen")),
            ],
            1,
        )
        yield server


async def test_a_moment_in_the_address_is_shown_and_runs(gateway: GatewayServer, page: Page) -> None:
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    at_ms = START_MS + 30 * MINUTE_MS + 10_000
    await page.goto(f"{gateway.url}/?tab=positions&at={at_ms}")
    band = page.get_by_test_id("replay")
    await expect(band).to_contain_text("REPLAY")
    row = page.get_by_test_id("position-row")
    # Bought 2 at 110 for 1 of fees; the thirtieth minute has 130.
    await expect(row).to_contain_text("+40.00")
    await expect(page.get_by_test_id("account-value-qwen")).to_contain_text("10,039.00")
    await expect(page.get_by_test_id("price-BTC")).to_contain_text("130")
    assert await violations(page) == []
    await page.get_by_role("tab", name="MODELCHAT").click()
    await expect(page.locator("[data-cycle=c30]")).to_be_attached()
    assert await page.locator("[data-cycle=c31]").count() == 0
    await page.get_by_role("link", name="LEADERBOARD").click()
    await expect(page).to_have_url(re.compile(rf"/leaderboard\?at={at_ms}"))
    first = page.get_by_test_id("standing-row").first
    # BTC rose from 100, the only price of its first five minutes, to 130.
    await expect(first).to_contain_text("+30.00%")
    await expect(page.get_by_test_id("standing-row").nth(2)).to_contain_text("10,039.00")
    await page.get_by_role("link", name="OPERATIONS").click()
    await expect(page.locator("main")).to_contain_text("isn't part of the replay")
    await page.go_back()
    await page.go_back()
    await page.get_by_role("tab", name="POSITIONS").click()
    await page.get_by_test_id("replay-speed").select_option("1000")
    await page.get_by_test_id("replay-play").click()
    await expect(page.get_by_test_id("position-row")).to_have_count(0)
    await expect(page.get_by_test_id("account-value-qwen")).to_contain_text("10,059.00")
    await expect(page.get_by_test_id("replay-play")).to_have_text("▶ PLAY")
    assert sockets == []
    await page.get_by_test_id("language").click()
    await expect(band).to_contain_text("回放")
    await page.get_by_test_id("replay-live").click()
    await expect(page.get_by_test_id("status")).to_contain_text("已连接")
    await expect(band).to_have_count(0)


async def test_the_band_fits_a_phone_in_the_dark(gateway: GatewayServer, page: Page) -> None:
    await page.set_viewport_size({"width": 360, "height": 740})
    await page.goto(f"{gateway.url}/?theme=dark&at={START_MS + 20 * MINUTE_MS}")
    await expect(page.get_by_test_id("replay-time")).to_be_visible()
    await expect(page.get_by_test_id("account-value-qwen")).to_contain_text("10,019.00")
    assert await violations(page) == []
    width = await page.evaluate("document.documentElement.scrollWidth")
    assert width <= 360
