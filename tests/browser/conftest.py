"""Chromium from the PATH. Without it these tests are skipped by name; in CI they fail."""

import os
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, async_playwright

INSTALL = "apt-get install -y --no-install-recommends chromium fonts-dejavu-core fonts-noto-cjk"
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]


def chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(autouse=True, scope="session")
def _needs_chromium() -> None:
    if chromium() is None:
        message = f"Chromium is missing: {INSTALL}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """A fresh page in a fresh browser; an error in the page's own script fails the test."""
    errors: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        page = await browser.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.add_init_script("localStorage.setItem('language', 'en')")
        yield page
        await browser.close()
    assert errors == []
