"""The duel's page and the feed over five recorded hours: their figures are those recomputed from the events."""

from collections.abc import AsyncIterator
from decimal import Decimal
from random import Random

import pytest
from duel_scenario import COINS, SPANS, START_MS, Scenario, pair_sums
from gateway_server import THREE_AND_SEVEN, GatewayServer, gateway_server
from page_checks import violations
from playwright.async_api import Page, expect

from aicoin_local.development.web import WEB
from common.events import Action
from common.trading.durations import MINUTE_MS

pytestmark = pytest.mark.browser

D = Decimal
CELLS = "(cells) => cells.map((cell) => cell.innerText.replaceAll(/\\s+/g, ' ').trim())"

LOCAL_MINUTE = """(ms) => new Date(ms - new Date(ms).getTimezoneOffset() * 60000).toISOString().slice(0, 16)"""


@pytest.fixture
def scenario() -> Scenario:
    return Scenario(Random(11))


@pytest.fixture
async def gateway(database_url: str, redis_url: str, scenario: Scenario) -> AsyncIterator[GatewayServer]:
    async with gateway_server(database_url, redis_url, THREE_AND_SEVEN, WEB / "dist") as server:
        await server.recorder.store(scenario.events, 1)
        yield server


def shown(value: D | None) -> str:
    """A change as the page writes it."""
    if value is None:
        return "—"
    rounded = f"{abs(value):.2f}%"
    is_nothing = rounded == "0.00%"
    sign = "" if is_nothing else "+" if value > 0 else "−"
    return f"{'▲' if value > 0 else '▼' if value < 0 else ''} {sign}{rounded}".strip()


async def test_a_duel_shows_what_followed_and_the_score(gateway: GatewayServer, scenario: Scenario, page: Page) -> None:
    signs = {at_ms: sign for (at_ms, model), sign in scenario.signs.items() if model == "qwen"}
    acting = [at_ms for at_ms, sign in signs.items() if sign and at_ms in scenario.mids]
    at_ms = acting[len(acting) // 4]
    minute = (at_ms - START_MS) // MINUTE_MS
    await page.goto(f"{gateway.url}/cycles/c{minute}")
    answer = page.locator("article[data-model=qwen]")
    action, coin = scenario.answers[at_ms]["qwen"]
    await expect(answer.locator(".call")).to_contain_text(f"{action} {coin}")
    results = await answer.locator(".results dd").evaluate_all(CELLS)
    assert results == [shown(scenario.result(at_ms, "qwen", span)) for span in SPANS]
    for symbol in COINS:
        cells = await page.locator(f"tr[data-symbol={symbol}] td[data-minutes]").evaluate_all(CELLS)
        first = scenario.mids[at_ms][symbol]
        later = [scenario.mid_at(at_ms + span * MINUTE_MS, symbol) for span in SPANS]
        assert cells == [shown(None if each is None else (each / first - 1) * 100) for each in later]
    pair = page.locator("[data-pair='deepseek qwen']")
    await expect(pair.locator("tbody tr")).to_have_count(len(SPANS))
    for span in SPANS:
        sums = pair_sums(scenario, "deepseek", "qwen", span)
        right = [sums["model_right"], sums["rival_right"]]
        cells = await pair.locator(f"tr[data-minutes='{span}'] td").evaluate_all(CELLS)
        assert [int(each) for each in cells] == [*right, sums["known"] - sum(right), sums["known"]]
    await expect(pair.locator("caption")).to_contain_text(f"(n {sums['cycles']}) same answer")
    await page.get_by_test_id("language").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("对决")
    assert await violations(page) == []
    await page.get_by_role("link", name="下一周期").click()
    await expect(page).to_have_url(f"{gateway.url}/cycles/c{minute + 1}")


async def test_the_feed_filters_folds_and_has_keys(gateway: GatewayServer, scenario: Scenario, page: Page) -> None:
    await page.goto(gateway.url)
    rows = page.locator("[data-feed-row]")
    await expect(page.locator("[data-cycle=c299]")).to_be_visible()
    for number, key in enumerate("jjk"):
        await page.keyboard.press(key)
        await expect(rows.nth((0, 1, 0)[number])).to_be_focused()
    await page.get_by_test_id("feed-action").select_option("SHORT")
    await page.get_by_test_id("feed-symbol").select_option("ETH")
    until_ms = START_MS + 200 * MINUTE_MS
    local = await page.evaluate(LOCAL_MINUTE, until_ms)
    await page.get_by_test_id("feed-at").fill(local)
    at_ms = until_ms // MINUTE_MS * MINUTE_MS
    await expect(page).to_have_url(f"{gateway.url}/?action=SHORT&symbol=ETH&at={at_ms}")
    wanted = (Action.SHORT, COINS[1])
    cycles = [at for at, answers in scenario.answers.items() if wanted in answers.values() and at <= at_ms]
    names = [f"c{(at - START_MS) // MINUTE_MS}" for at in sorted(cycles, reverse=True)]
    await expect(rows.first).to_have_attribute("data-cycle", names[0])
    found = await rows.evaluate_all("(rows) => rows.map((row) => row.dataset.cycle)")
    assert found == names[: len(found)]
    assert len(found) == len(names)
    await page.reload()
    await expect(page.get_by_test_id("feed-action")).to_have_value("SHORT")
    await page.go_back()
    await page.go_back()
    await page.go_back()
    await page.get_by_test_id("feed-action").select_option("HOLD")
    fold = page.get_by_test_id("fold").first
    await expect(fold).to_contain_text("× HOLD")
    before = await page.get_by_test_id("decision-card").count()
    await fold.get_by_role("button").click()
    await expect(page.get_by_test_id("decision-card")).not_to_have_count(before)
    assert await violations(page) == []


async def test_a_denial_is_one_line_in_words_and_leads_to_reasons_first(gateway: GatewayServer, page: Page) -> None:
    await page.goto(f"{gateway.url}/?verdict=DENIED")
    card = page.get_by_test_id("decision-card").first
    await expect(card.locator(".verdict-line")).to_have_text("✗ leverage 12× (limit 10×)1 of 2 rules passed")
    await card.get_by_role("button", name="open").click()
    await expect(card.get_by_role("tab").first).to_have_text("REASONING")
    await expect(card.locator(".stated")).to_contain_text("because")


async def test_an_embedded_duel_stands_alone(gateway: GatewayServer, page: Page) -> None:
    await page.goto(f"{gateway.url}/embed/duel?cycle=c10&lang=zh")
    await expect(page.get_by_test_id("duel-answer").first).to_be_visible()
    await expect(page.locator("header, footer")).to_have_count(0)
    await page.goto(f"{gateway.url}/embed/equity?theme=dark")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await expect(page.locator(".source")).to_contain_text("PAPER")
