"""The page stays light: what it loads, and what it holds after thousands of pushes."""

import gzip
import re
import time

import pytest
from playwright.async_api import Page, expect

from aicoin_local.development.browser import Pusher, heap_bytes
from aicoin_local.development.web import WEB
from aicoin_local.testing import Arena, wait_until

pytestmark = pytest.mark.browser

FIRST_LIMIT_BYTES, SCRIPT_LIMIT_BYTES = 120_000, 160_000
WARM_UP, UPDATES, BATCH, DECISION_EVERY = 2_000, 2_000, 100, 4
MOST_GROWTH_BYTES = 1_000_000


def test_the_first_script_is_at_most_120_kb_and_all_160() -> None:
    scripts = {path.name: len(gzip.compress(path.read_bytes())) for path in (WEB / "dist" / "assets").glob("*.js")}
    named = re.findall(r"/assets/([\w-]+\.js)", (WEB / "dist" / "index.html").read_text(encoding="utf-8"))
    assert named
    assert sum(scripts[name] for name in named) <= FIRST_LIMIT_BYTES
    assert sum(scripts.values()) <= SCRIPT_LIMIT_BYTES


async def test_the_heap_is_flat_after_two_thousand_updates(arena: Arena, page: Page) -> None:
    wait_until("a decision", lambda: arena.get("decisions", limit="1")["decisions"], limit_s=180)
    await page.goto(arena.run["gateway_url"])
    await expect(page.get_by_test_id("decision-card").first).to_be_visible(timeout=60_000)
    [account] = [row for row in arena.get("accounts")["accounts"] if row["model"] == "qwen"]
    [decision] = arena.get("decisions", limit="1")["decisions"]
    async with Pusher(arena.run["redis_url"], account, decision, decision_every=DECISION_EVERY) as pusher:

        async def push(count: int) -> None:
            """Pushes, and waits each time until the page shows the last one."""
            for _ in range(count // BATCH):
                await pusher.push(BATCH, int(time.time() * 1000))
                await expect(page.locator(f"[data-id={pusher.newest}]")).to_be_attached(timeout=60_000)

        await push(WARM_UP)
        before = await heap_bytes(page)
        await push(UPDATES)
        assert await heap_bytes(page) - before <= MOST_GROWTH_BYTES
