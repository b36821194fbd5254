"""The page's one clock: ages grow while a part is frozen, silence is a loss, a recording has a time of its own."""

import asyncio
import json
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Final

import pytest
from gateway_server import DEFAULT, GatewayServer, fill_market_cache, gateway_server
from page_checks import save_screenshot, violations, wait_until_fitting
from playwright.async_api import Page, expect
from recorder_examples import approved, decided, filled, snapshot, state

from aicoin_local.development.web import WEB
from aicoin_local.testing import Arena
from common.events import Action, Channel, Event
from common.runtime.clock import SystemClock
from common.trading.durations import HOUR_MS, MINUTE_MS
from common.trading.instruments import Symbol
from common.trading.orders import OrderRole

pytestmark = pytest.mark.browser

D = Decimal
FROZEN_S: Final = 20
SPEED: Final = 300
RECORDED_MS: Final = 1_748_613_780_000
"""30 May 2025, 14:03 UTC."""
CYCLES, TRADES = 200, 75
"""Of each contender."""
WATCH_AGES = """async (seconds) => {
    const ages = [], until = performance.now() + seconds * 1000
    while (performance.now() < until) {
        ages.push(document.querySelector("[data-testid=data-age]").innerText)
        await new Promise((resolve) => setTimeout(resolve, 250))
    }
    return ages
}"""


@contextmanager
def frozen(arena: Arena, service: str) -> Iterator[None]:
    pid = arena.pid(service)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def seconds_of(text: str) -> float:
    found = re.search(r"([\d.]+)s$", text)
    assert found is not None, text
    return float(found[1])


async def test_ages_only_grow_while_the_ingester_is_frozen(arena: Arena, page: Page) -> None:
    await page.goto(arena.run["gateway_url"])
    age, quote = page.get_by_test_id("data-age"), page.get_by_test_id("price-BTC")
    await expect(age).to_have_text(re.compile(r"data [0-2]\.\ds"), timeout=MINUTE_MS)
    with frozen(arena, "ingester"):
        await expect(age).to_have_text(re.compile(r"data [3-9]\.\ds"))
        ages = [seconds_of(text) for text in await page.evaluate(WATCH_AGES, FROZEN_S - 3)]
        assert ages == sorted(ages)
        assert ages[-1] >= FROZEN_S - 3
        await expect(quote).to_have_class(re.compile("stale"))
        await expect(page.get_by_test_id("status")).to_contain_text("STATUS: CONNECTED")
    await expect(quote).not_to_have_class(re.compile("stale"))
    await expect(age).to_have_text(re.compile(r"data [0-4]\.\ds"))


async def test_five_seconds_of_silence_are_a_lost_connection(arena: Arena, page: Page) -> None:
    await page.goto(arena.run["gateway_url"])
    status, quote = page.get_by_test_id("status"), page.get_by_test_id("price-BTC")
    await expect(status).to_contain_text("STATUS: CONNECTED", timeout=MINUTE_MS)
    with frozen(arena, "gateway"):
        await expect(status).to_contain_text("DISCONNECTED")
        await expect(quote).to_have_class(re.compile("stale"))
        await expect(page.get_by_test_id("notices")).to_contain_text("Nothing comes from the server")
    await expect(status).to_contain_text("STATUS: CONNECTED")
    await expect(quote).not_to_have_class(re.compile("stale"))
    await expect(page.get_by_test_id("notices")).to_be_empty()


@pytest.fixture
async def recording(database_url: str, redis_url: str) -> AsyncIterator[GatewayServer]:
    """A gateway over what was traded in a recorded market, which goes on at 300 times the speed; no service runs."""
    async with gateway_server(database_url, redis_url, DEFAULT, WEB / "dist", control_token="t" * 32) as server:
        await server.recorder.store(traded(), RECORDED_MS)
        await fill_market_cache(server.redis, tuple(DEFAULT.coins))
        await server.redis.set("market:source", json.dumps({"market": "CAPTURE", "speed": SPEED}))
        server.market_clock.set_speed(SPEED)
        playing = asyncio.create_task(play(server))
        yield server
        playing.cancel()


def traded() -> list[Event[Any]]:
    """The cycles before the present of the recording: entries and exits in turn, then only HOLD."""
    events: list[Event[Any]] = []
    for cycle in range(CYCLES):
        at_ms = RECORDED_MS + (cycle - CYCLES) * MINUTE_MS
        events.append(snapshot(f"c{cycle}", at_ms, dict.fromkeys(DEFAULT.coins, D(100))))
        for place, model in enumerate(DEFAULT.ids):
            events.append(state(model, at_ms - 1, D(10_000 + cycle * (place + 1))))
            is_entry = cycle % 2 == 0
            action = (Action.LONG if is_entry else Action.CLOSE) if cycle < 2 * TRADES else Action.HOLD
            decision = decided(model, f"c{cycle}", at_ms, action=action)
            events.append(decision)
            if action is Action.HOLD:
                continue
            intent = approved(decision)
            size, before = (D(1), D(0)) if is_entry else (D(-1), D(1))
            role = OrderRole.ENTRY if is_entry else OrderRole.EXIT
            trade_id, gain = 10 * cycle + place, D(0) if is_entry else D(5)
            events += [
                intent,
                filled(
                    model,
                    Symbol.BTC,
                    trade_id,
                    at_ms + 700,
                    size,
                    D(100),
                    before,
                    fee=D("0.06"),
                    closed_pnl=gain,
                    role=role,
                    intent=intent,
                ),
            ]
    return events


async def play(server: GatewayServer) -> None:
    """A price of every coin four times a second, as the tail would take them from the ingester."""
    began_s, seq = time.monotonic(), 0
    while True:
        seq += 1
        market_ms = RECORDED_MS + round((time.monotonic() - began_s) * SPEED * 1000)
        price = {"price": str(100 + seq % 7), "mark_price": "100", "time_ms": market_ms}
        server.market_clock.observe(market_ms)
        server.hub.accept(
            Channel.PRICE_UPDATE.value, seq, 0, market_ms, {"prices": dict.fromkeys(DEFAULT.coins, price)}
        )
        await SystemClock().sleep(0.25)


async def test_a_recorded_market_has_its_own_time_on_the_page(recording: GatewayServer, page: Page) -> None:
    await page.add_init_script("localStorage.setItem('theme', localStorage.getItem('theme') ?? 'light')")
    await page.goto(recording.url)
    market = page.get_by_test_id("market")
    await expect(market).to_contain_text(re.compile(r"CAPTURED MARKET 2025-05-30 \d\d:\d\d 300×"), timeout=MINUTE_MS)
    clock = page.get_by_test_id("market-time")
    first = await clock.get_attribute("datetime")
    await expect(clock).not_to_have_attribute("datetime", first or "")
    await expect(page.get_by_test_id("price-BTC")).not_to_have_class(re.compile("stale"))
    await expect(page.get_by_test_id("data-age")).to_have_text(re.compile(r"data [0-4]\.\ds"))
    await page.get_by_test_id("tab-trades").click()
    await expect(page.get_by_test_id("trade-row").first).to_contain_text("2025-05-30")
    equity = await recording.get("equity", range="72h")
    assert [len(row["points"]) > 10 for row in equity["series"]] == [True, True]
    for language in ("en", "zh"):
        for theme in ("light", "dark"):
            await expect(page.locator("html")).to_have_attribute("data-theme", theme)
            for width in (360, 1280, 2560):
                await wait_until_fitting(page, width)
                await expect(market).to_be_in_viewport()
                await save_screenshot(page, f"recording-{language}-{theme}-{width}")
            assert await violations(page) == []
            await page.get_by_test_id("theme").click()
        await page.get_by_test_id("language").click()


async def test_what_is_not_yet_heard_after_a_start_is_starting(recording: GatewayServer, page: Page) -> None:
    """No service has reported to this gateway, which has just started."""
    await page.goto(f"{recording.url}/operations")
    await expect(page.get_by_test_id("notices")).to_contain_text("Starting: Market data (ingester)", timeout=MINUTE_MS)
    await expect(page.get_by_test_id("notices").locator("p")).to_have_count(1)
    await expect(page.locator(".plain-table").first).to_contain_text("… starting")
    old = {"name": "risk", "ready": True, "reasons": {}, "started_ms": 1, "time_ms": SystemClock().now_ms() - HOUR_MS}
    await recording.redis.set("service:risk", json.dumps(old))  # From before the start.
    await expect(page.locator(".plain-table").first).to_contain_text("no presence for 36")
    await expect(page.locator(".plain-table").first).not_to_contain_text("✗")
