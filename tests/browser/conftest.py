"""Chromium from the PATH. Without it these tests are skipped by name; in CI they fail."""

import os
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

from aicoin_local.development.browser import ARGUMENTS, INSTALL, chromium

PATIENT_MS = 60_000
expect.set_options(timeout=PATIENT_MS)


@pytest.fixture(autouse=True, scope="session")
def _needs_chromium() -> None:
    if chromium() is None:
        message = f"Chromium is missing: {INSTALL}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A fresh browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A fresh page in English; an error in the page's own script, or a violation of its policy, fails the test."""
    errors: list[str] = []

    def record_policy_violation(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            errors.append(message.text)

    page = await browser.new_page()
    page.set_default_timeout(PATIENT_MS)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", record_policy_violation)
    await page.add_init_script("localStorage.setItem('language', localStorage.getItem('language') ?? 'en')")
    yield page
    assert errors == []
