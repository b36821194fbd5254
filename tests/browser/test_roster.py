"""The page with three contenders and seven coins: all are shown everywhere, in their colors."""

import json
import time
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from gateway_server import DEFAULT, THREE_AND_SEVEN, GatewayServer, fill_market_cache, gateway_server
from page_checks import save_screenshot, violations, wait_until_fitting
from playwright.async_api import Page, expect
from recorder_examples import approved, decided, filled, snapshot, state

from aicoin_local.development.web import WEB
from common.events import AccountPosition, Action, Event
from common.events.catalog import services_of
from common.runtime.presence import presence_key
from common.trading.durations import MINUTE_MS
from common.trading.instruments import Symbol
from common.trading.orders import OrderRole, Side
from common.trading.roster import Roster

pytestmark = pytest.mark.browser

D = Decimal
COLORS = "getComputedStyle(document.querySelector('[data-testid=leaderboard-row][data-model=llama] .model')).color"
SMALL_HAN = """
() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement, textContent } = walker.currentNode;
    const isShown = parentElement.getClientRects().length > 0;
    if (!isShown || !/\\p{Script=Han}/u.test(textContent)) continue;
    if (parseFloat(getComputedStyle(parentElement).fontSize) < 12) found.push(textContent.trim());
  }
  return found;
}"""
PAGES = {
    "live": ("/?tab=positions", "[data-testid=position-row]"),
    "prices": ("/?view=prices&coin=HYPE", ".book tbody"),
    "chat": ("/", "[data-testid=decision-card]"),
    "duel": ("/cycles/c-10", "[data-testid=duel-answer]"),
    "leaderboard": ("/leaderboard", "[data-testid=leaderboard-row]"),
    "model": ("/models/{last}", "[data-testid=trade-row]"),
}


def held(symbol: Symbol, price: Decimal) -> AccountPosition:
    return AccountPosition(
        symbol=symbol,
        side=Side.LONG,
        size_coin=D(1),
        entry_price=price,
        mark_price=price,
        leverage=5,
        is_isolated=True,
        notional_usd=price,
        unrealized_pnl_usd=D("1.25"),
        margin_used_usd=price / 5,
        liquidation_price=price * D("0.82"),
        funding_since_open_usd=D(0),
        stop_loss_price=price * D("0.98"),
        take_profit_price=price * D("1.04"),
        protected=True,
        intent_id=None,
        cycle_id=None,
        opened_ms=1,
    )


async def fill_in(server: GatewayServer, roster: Roster) -> None:
    """An hour of each contender's decisions, trades and account states, up to now."""
    now_ms = int(time.time() * 1000) // MINUTE_MS * MINUTE_MS
    mids = {symbol: D(100 + 7 * place) for place, symbol in enumerate(roster.coins)}
    events: list[Event[Any]] = []
    for minute in range(-60, 0):
        at_ms = now_ms + minute * MINUTE_MS
        events.append(snapshot(f"c{minute}", at_ms, mids))
        for place, model in enumerate(roster.ids):
            equity = D(10_000) + (minute + 60) * D(place - 1) * 3
            position = held(roster.coins[-1 - place], mids[roster.coins[-1 - place]])
            events.append(state(model, at_ms - 1, equity, positions=(position,)))
            symbol = roster.coins[(minute + place) % len(roster.coins)]
            action = Action.LONG if minute % 10 == 0 else Action.CLOSE if minute % 10 == 5 else Action.HOLD
            decision = decided(model, f"c{minute}", at_ms, action=action, symbol=symbol)
            events.append(decision)
            if action is Action.HOLD:
                continue
            intent = approved(decision)
            is_entry = action is Action.LONG
            events.append(intent)
            events.append(
                filled(
                    model,
                    Symbol.HYPE if Symbol.HYPE in roster.coins else Symbol.BTC,
                    abs(minute) * 10 + place,
                    at_ms + 700,
                    D(1) if is_entry else D(-1),
                    D(142),
                    D(0) if is_entry else D(1),
                    fee=D("0.06"),
                    closed_pnl=D(0) if is_entry else D(place - 1) * 20,
                    role=OrderRole.ENTRY if is_entry else OrderRole.EXIT,
                    intent=intent,
                )
            )
    await server.recorder.store(events, now_ms)
    await fill_market_cache(server.redis, tuple(roster.coins))
    for name in services_of(roster.ids):
        presence = {
            "name": name,
            "ready": True,
            "reasons": {},
            "started_ms": now_ms,
            "time_ms": now_ms + 10 * MINUTE_MS,
        }
        await server.redis.set(presence_key(name), json.dumps(presence))
    for symbol, mid in mids.items():
        await server.redis.set(f"price:{symbol}", json.dumps(price_row(symbol, mid, int(time.time() * 1000))))
        for minute in range(-60, 1):
            await server.redis.rpush(f"kline:{symbol}:1m", json.dumps(candle_row(mid, now_ms + minute * MINUTE_MS)))
        await server.redis.lpop(f"kline:{symbol}:1m")


def price_row(symbol: str, mid: Decimal, time_ms: int) -> dict[str, Any]:
    money = dict.fromkeys(("price", "mark_price", "oracle_price"), str(mid))
    others = {"day_volume_usd": "1000000", "funding_rate_hourly": "0.00001", "open_interest": "5000"}
    return {"symbol": symbol, **money, "prev_day_price": str(mid * D("0.99")), **others, "time_ms": time_ms}


def candle_row(mid: Decimal, open_ms: int) -> dict[str, Any]:
    return {
        "open_time_ms": open_ms,
        "close_time_ms": open_ms + MINUTE_MS - 1,
        "open": str(mid),
        "high": str(mid + 1),
        "low": str(mid - 1),
        "close": str(mid + (open_ms // MINUTE_MS % 3 - 1)),
        "volume": "12.5",
        "trade_count": 5,
        "is_closed": True,
        "time_ms": open_ms,
    }


@pytest.fixture(params=["two", "three"])
def roster(request: pytest.FixtureRequest) -> Roster:
    return {"two": DEFAULT, "three": THREE_AND_SEVEN}[request.param]


@pytest.fixture
async def gateway(database_url: str, redis_url: str, roster: Roster) -> AsyncIterator[GatewayServer]:
    async with gateway_server(database_url, redis_url, roster, WEB / "dist", control_token="t" * 32) as server:
        await fill_in(server, roster)
        yield server


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_fits_and_passes_axe(gateway: GatewayServer, roster: Roster, page: Page, name: str) -> None:
    path, sign = PAGES[name]
    await page.add_init_script("localStorage.setItem('theme', localStorage.getItem('theme') ?? 'light')")
    await page.goto(gateway.url + path.format(last=roster.ids[-1]))
    for theme in ("light", "dark"):
        await expect(page.locator("html")).to_have_attribute("data-theme", theme)
        for width in (360, 1280, 2560):
            await wait_until_fitting(page, width)
            await expect(page.locator(sign).first).to_be_attached()
            assert await violations(page) == []
            await save_screenshot(page, f"roster-{len(roster.ids)}-{name}-{theme}-{width}")
        await page.get_by_test_id("theme").click()


async def test_every_contender_and_coin_is_shown(gateway: GatewayServer, roster: Roster, page: Page) -> None:
    names = [each.name.upper() for each in roster.contenders]
    await page.goto(f"{gateway.url}/?view=prices&tab=positions")
    for symbol in roster.coins:
        await expect(page.get_by_test_id(f"price-{symbol}")).to_contain_text(symbol)
        await expect(page.get_by_role("button", name=symbol, exact=True)).to_be_visible()
    for name in names:
        await expect(page.locator(".group-head").filter(has_text=name)).to_be_visible()
    assert await page.get_by_label("FILTER").locator("option").all_inner_texts() == ["ALL MODELS", *names]
    await page.get_by_test_id("control").click()
    for name in ["ALL MODELS", *names]:
        await expect(page.get_by_role("dialog").get_by_label(name, exact=True)).to_be_visible()
    await page.goto(f"{gateway.url}/leaderboard")
    await expect(page.get_by_test_id("leaderboard-row")).to_have_count(len(names))
    await page.goto(f"{gateway.url}/models/{roster.ids[-1]}")
    await expect(page.get_by_role("heading", level=1)).to_contain_text(names[-1])
    await expect(page.get_by_test_id("trade-row").first).to_be_visible()


@pytest.mark.parametrize("roster", [THREE_AND_SEVEN])
async def test_han_is_at_least_12_px_and_codes_have_words(gateway: GatewayServer, roster: Roster, page: Page) -> None:
    await page.add_init_script("localStorage.setItem('language', 'zh')")
    for path, sign in PAGES.values():
        await page.goto(gateway.url + path.format(last=roster.ids[-1]))
        await expect(page.locator(sign).first).to_be_attached()
        assert await page.evaluate(SMALL_HAN) == [], path
    await page.goto(f"{gateway.url}/?tab=positions")
    await expect(page.get_by_test_id("position-row").first).to_contain_text("做多")


@pytest.mark.parametrize("roster", [THREE_AND_SEVEN])
async def test_gains_are_red_where_the_reader_wants_it(gateway: GatewayServer, roster: Roster, page: Page) -> None:
    await page.add_init_script("localStorage.setItem('theme', 'light')")
    await page.goto(f"{gateway.url}/leaderboard")
    gain = page.locator("[data-model=llama] [data-column=return_percent] .gain")
    await expect(gain).to_have_css("color", "rgb(10, 125, 69)")
    await page.get_by_test_id("rise").click()
    await expect(gain).to_have_css("color", "rgb(193, 39, 27)")
    await expect(page.locator("[data-model=deepseek] [data-column=return_percent] .loss")).to_have_css(
        "color", "rgb(10, 125, 69)"
    )
    assert await violations(page) == []
    await page.get_by_test_id("rise").click()
    await expect(gain).to_have_css("color", "rgb(10, 125, 69)")


@pytest.mark.parametrize("roster", [THREE_AND_SEVEN])
async def test_a_contender_has_its_color_in_both_themes(gateway: GatewayServer, roster: Roster, page: Page) -> None:
    await page.add_init_script("localStorage.setItem('theme', 'light')")
    await page.goto(f"{gateway.url}/leaderboard")
    await expect(page.locator("[data-testid=leaderboard-row][data-model=llama]")).to_be_visible()
    assert await page.evaluate(COLORS) == "rgb(122, 63, 176)"
    await page.get_by_test_id("theme").click()
    assert await page.evaluate(COLORS) == "rgb(196, 155, 255)"
