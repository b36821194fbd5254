"""Halt, resume, flatten from the page: only with the token, after the consequences were read."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, Route, expect

from aicoin_local.testing import CONTROL_TOKEN, Arena, wait_until
from common.trading.durations import MINUTE_MS

pytestmark = pytest.mark.browser

HELD = "SELECT symbol FROM positions WHERE model = %s"
UNFINISHED = """
    SELECT 1 FROM verdicts v LEFT JOIN intents i ON i.intent_id = v.id
    WHERE v.model = %s AND v.verdict = 'APPROVED' AND v.time_ms > extract(epoch FROM now()) * 1000 - 60000
      AND coalesce(i.status, 'STORED') IN ('STORED', 'SENT', 'IN_FLIGHT')"""
LAST_TRADE = "SELECT close_reason FROM trades WHERE model = %s AND symbol = %s ORDER BY entry_ms DESC LIMIT 1"
CLOSES = "SELECT id FROM commands WHERE command = 'close' AND model = %s AND symbol = %s"
FLATTENED = "SELECT id FROM trades WHERE model = %s AND close_reason = 'flatten'"


async def send(page: Page, command: str, token: str, button: str | None = None) -> None:
    """Picks the command for Qwen and sends it; `button` names the act where it isn't the command itself."""
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label(command, exact=True).check()
    await dialog.get_by_label("QWEN", exact=True).check()
    await dialog.get_by_label("Control token").fill(token)
    act = dialog.get_by_role("button", name=f"{button or command} · QWEN")
    await expect(act).to_be_disabled()
    await dialog.get_by_label("I have read this and confirm it.").check()
    await act.click()


async def test_a_halt_needs_the_token_and_shows_until_resumed(arena: Arena, page: Page) -> None:
    await page.goto(arena.run["gateway_url"])
    await page.get_by_test_id("control").click(timeout=MINUTE_MS)
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_test_id("consequences")).to_contain_text("No new entry passes")
    await send(page, "HALT", "wrong")
    await expect(dialog.locator(".outcome")).to_contain_text("Refused")
    await send(page, "HALT", CONTROL_TOKEN)
    await expect(dialog.locator(".outcome")).to_contain_text("Accepted")
    footer = page.locator("footer")
    await expect(footer).to_contain_text("QWEN HALTED", timeout=MINUTE_MS)
    banner = page.get_by_test_id("banner")
    await expect(banner).to_contain_text("QWEN HALTED halt by a person · gateway, from 127.0.0.1 · since")
    await send(page, "RESUME", CONTROL_TOKEN)
    await expect(footer).not_to_contain_text("HALTED", timeout=MINUTE_MS)
    await expect(banner).to_have_count(0)
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()


async def test_without_a_token_on_the_server_there_is_no_control(arena: Arena, page: Page) -> None:
    async def without(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, body=json.dumps(await answer.json() | {"has_control": False}))

    await page.route("**/api/v1/status", without)
    await page.goto(arena.run["gateway_url"])
    await expect(page.get_by_test_id("mode")).to_have_text("PAPER", timeout=MINUTE_MS)
    await expect(page.get_by_test_id("control")).to_have_count(0)


async def test_flatten_closes_positions_on_page_record_and_exchange(arena: Arena, page: Page) -> None:
    """Its model is stopped and halted first: nothing is opened behind the flatten, and nothing is closed before it."""
    await page.goto(f"{arena.run['gateway_url']}/?tab=positions&model=qwen")
    rows = page.get_by_test_id("position-row")
    try:
        await asyncio.to_thread(stop_while_it_holds, arena, "qwen")
        await expect(page.locator("footer")).to_contain_text("QWEN HALTED", timeout=MINUTE_MS)
        await expect(rows.first).to_be_visible(timeout=MINUTE_MS)
        await page.get_by_test_id("control").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("FLATTEN", exact=True).check()
        await expect(dialog.get_by_test_id("consequences")).to_contain_text("closed at the market at once")
        await expect(dialog.get_by_test_id("consequences")).to_contain_text("PAPER")
        await expect(dialog.get_by_label("and halt: no new entries until RESUME")).to_be_checked()
        await send(page, "FLATTEN", CONTROL_TOKEN, button="FLATTEN AND HALT")
        await expect(dialog.locator(".outcome")).to_contain_text("Accepted: FLATTEN AND HALT for QWEN")
        await page.keyboard.press("Escape")
        await expect(rows).to_have_count(0, timeout=MINUTE_MS)
        await asyncio.to_thread(expect_flat, arena, "qwen")
    finally:
        await asyncio.to_thread(command, arena, "resume", "qwen")
        await asyncio.to_thread(arena.supervise, "start", "agent-qwen")


async def test_close_closes_the_position_that_was_picked(arena: Arena, page: Page) -> None:
    await page.goto(f"{arena.run['gateway_url']}/?tab=positions&model=deepseek")
    try:
        await asyncio.to_thread(stop_while_it_holds, arena, "deepseek")
        row = page.get_by_test_id("position-row").first
        symbol = str(await row.get_attribute("data-id")).split()[1]
        await row.get_by_test_id("close-position").click(timeout=MINUTE_MS)
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_label(f"DEEPSEEK {symbol}", exact=True)).to_be_checked()
        await expect(dialog.get_by_test_id("consequences")).to_contain_text(f"{symbol} (")
        await dialog.get_by_label("Control token").fill(CONTROL_TOKEN)
        await dialog.get_by_label("I have read this and confirm it.").check()
        await dialog.get_by_role("button", name=f"CLOSE · DEEPSEEK {symbol}").click()
        await expect(dialog.locator(".outcome")).to_contain_text(f"Accepted: CLOSE for DEEPSEEK {symbol}")
        await page.keyboard.press("Escape")
        await expect(page.locator(f"[data-id='deepseek {symbol}']")).to_have_count(0, timeout=MINUTE_MS)
        await asyncio.to_thread(expect_closed_by_flatten, arena, "deepseek", symbol)
        assert await asyncio.to_thread(arena.rows, CLOSES, "deepseek", symbol)
    finally:
        await asyncio.to_thread(command, arena, "resume", "deepseek")
        await asyncio.to_thread(arena.supervise, "start", "agent-deepseek")


def expect_closed_by_flatten(arena: Arena, model: str, symbol: str) -> None:
    """The fill may be recorded after the account state that shows no position any more."""

    def reason() -> str | None:
        rows = arena.rows(LAST_TRADE, model, symbol)
        return str(rows[0]["close_reason"]) if rows and rows[0]["close_reason"] else None

    assert wait_until("the trade's end", reason, limit_s=60) == "flatten"


def command(arena: Arena, name: str, model: str) -> None:
    """Sends a control command past the page."""
    url, token = f"{arena.run['gateway_url']}/api/v1/control/{name}", {"Authorization": f"Bearer {CONTROL_TOKEN}"}
    assert httpx.post(url, json={"model": model}, headers=token, timeout=60).status_code == 202


def stop_while_it_holds(arena: Arena, model: str) -> None:
    """Halts a model and stops its agent while a position is held; goes on and tries again if that closed just then."""

    def is_halted() -> bool:
        states = {row["model"]: row["trading_state"] for row in arena.get("status")["models"]}
        return bool(states[model] == "HALTED")

    while True:
        wait_until("a position", lambda: arena.rows(HELD, model), limit_s=300)
        arena.supervise("stop", f"agent-{model}")
        command(arena, "halt", model)
        wait_until("the halt, before which every decision is judged", is_halted, limit_s=120)
        wait_until("every order to be done with", lambda: not arena.rows(UNFINISHED, model), limit_s=120)
        if arena.rows(HELD, model):
            return
        command(arena, "resume", model)
        arena.supervise("start", f"agent-{model}")


def expect_flat(arena: Arena, model: str) -> None:
    """Nothing is held in the record or on the exchange, no order is left, and it was the flatten that closed."""
    (account,) = (row for row in arena.get("accounts")["accounts"] if row["model"] == model)
    ask = {"user": account["address"]}

    def query(kind: str) -> Any:
        return httpx.post(f"{arena.run['simulator_url']}/info", json={"type": kind} | ask, timeout=60).json()

    wait_until("no position in the record", lambda: not arena.rows(HELD, model), limit_s=120)
    wait_until("no position on the exchange", lambda: not query("clearinghouseState")["assetPositions"], limit_s=120)
    wait_until("no order on the exchange", lambda: not query("openOrders"), limit_s=120)
    wait_until("a trade that a flatten closed", lambda: arena.rows(FLATTENED, model), limit_s=120)
