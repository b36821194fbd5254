"""Halt, resume, flatten from the page: only with the token, after the consequences were read."""

import json

import pytest
from playwright.async_api import Page, Route, expect

from aicoin_local.testing import CONTROL_TOKEN, Arena

pytestmark = pytest.mark.browser

MINUTE_MS = 60_000


async def send(page: Page, command: str, token: str) -> None:
    """Picks the command for Qwen and sends it."""
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label(command, exact=True).check()
    await dialog.get_by_label("QWEN", exact=True).check()
    await dialog.get_by_label("Control token").fill(token)
    act = dialog.get_by_role("button", name=f"{command} · QWEN")
    await expect(act).to_be_disabled()
    await dialog.get_by_label("I have read this and want it.").check()
    await act.click()


async def test_a_halt_needs_the_right_token_and_is_seen_until_resumed(arena: Arena, page: Page) -> None:
    await page.goto(arena.run["gateway_url"])
    await page.get_by_test_id("control").click(timeout=MINUTE_MS)
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_test_id("consequences")).to_contain_text("No new entry passes")
    await send(page, "HALT", "wrong")
    await expect(dialog.locator(".outcome")).to_contain_text("Not done")
    await send(page, "HALT", CONTROL_TOKEN)
    await expect(dialog.locator(".outcome")).to_contain_text("Accepted")
    footer = page.locator("footer")
    await expect(footer).to_contain_text("QWEN HALTED", timeout=MINUTE_MS)
    await send(page, "RESUME", CONTROL_TOKEN)
    await expect(footer).not_to_contain_text("HALTED", timeout=MINUTE_MS)
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
