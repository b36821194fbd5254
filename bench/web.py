"""The dashboard in Chromium: time to interactive, long tasks at 200 updates a second, and the heap over time.

Run: make bench-web MINUTES=30. A whole arena runs beside the browser on the same cores, so absolute figures say as much
about the machine as about the page; the heap's growth and the share of time in long tasks are what to look at.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

from aicoin_local.development.browser import ARGUMENTS, INSTALL, Pusher, chromium, heap_bytes
from aicoin_local.testing import Arena, wait_until

LOADS = 5
QUIET_S = 5.0
UPDATES_A_SECOND = 200
COMMITS_A_SECOND = 20
LONG_TASKS_S = 30
OBSERVE = """
window.longTasks = [];
new PerformanceObserver((list) => {
  for (const task of list.getEntries()) window.longTasks.push([task.startTime, task.duration]);
}).observe({ type: "longtask", buffered: true });
"""
INTERACTIVE = """() => {
  const painted = performance.getEntriesByName("first-contentful-paint")[0].startTime;
  return Math.max(painted, ...window.longTasks.map(([start, length]) => start + length));
}"""


async def opened(browser: Browser, url: str) -> Page:
    page = await browser.new_page(viewport={"width": 1280, "height": 800})
    await page.add_init_script(OBSERVE)
    await page.goto(url)
    await page.get_by_test_id("decision-card").first.wait_for()
    return page


async def time_to_interactive(browser: Browser, url: str) -> list[float]:
    """Milliseconds from navigation to the end of the last long task before some seconds of quiet, for each load."""
    found = []
    for _ in range(LOADS):
        page = await opened(browser, url)
        await asyncio.sleep(QUIET_S)
        found.append(float(await page.evaluate(INTERACTIVE)))
        await page.close()
    return found


async def keep_pushing(pusher: Pusher, until: float) -> int:
    """Pushes at the rate until then; returns how many went out."""
    count, step, due = UPDATES_A_SECOND // COMMITS_A_SECOND, 1 / COMMITS_A_SECOND, time.monotonic()
    pushed = 0
    while time.monotonic() < until:
        await pusher.push(count, int(time.time() * 1000))
        pushed += count
        due += step
        await asyncio.sleep(max(0.0, due - time.monotonic()))
    return pushed


async def long_tasks(page: Page, pusher: Pusher) -> dict[str, float]:
    """Tasks of more than 50 ms while updates come at the rate."""
    await page.evaluate("window.longTasks = []")
    pushed = await keep_pushing(pusher, time.monotonic() + LONG_TASKS_S)
    tasks: list[tuple[float, float]] = await page.evaluate("window.longTasks")
    lengths = [length for _, length in tasks]
    return {
        "updates_a_second": pushed / LONG_TASKS_S,
        "tasks": len(lengths),
        "longest_ms": max(lengths, default=0.0),
        "share_percent": 100 * sum(lengths) / (1000 * LONG_TASKS_S),
    }


async def heap_over_time(page: Page, pusher: Pusher, minutes: int) -> list[float]:
    """The heap in MB at the start and after each minute at the rate."""
    heap = [await heap_bytes(page) / 1e6]
    for _ in range(minutes):
        await keep_pushing(pusher, time.monotonic() + 60)
        heap.append(await heap_bytes(page) / 1e6)
        print(f"  after {len(heap) - 1:>3} min  {heap[-1]:8.2f} MB", flush=True)
    return heap


async def measure(arena: Arena, minutes: int) -> dict[str, Any]:
    """All three figures from one browser."""
    url = arena.run["gateway_url"]
    rows = arena.get("accounts")["accounts"]
    [decision] = arena.get("decisions", limit="1")["decisions"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        interactive = await time_to_interactive(browser, url)
        print(f"\nTime to interactive (ms, {LOADS} loads): median {statistics.median(interactive):.0f}", end=" ")
        print(f"[{min(interactive):.0f} … {max(interactive):.0f}]")
        page = await opened(browser, url)
        async with Pusher(arena.run["redis_url"], rows[0], decision) as pusher:
            tasks = await long_tasks(page, pusher)
            print(
                f"Long tasks at {tasks['updates_a_second']:.0f} updates/s for {LONG_TASKS_S} s: {tasks['tasks']:.0f},",
                end=" ",
            )
            print(f"longest {tasks['longest_ms']:.0f} ms, {tasks['share_percent']:.1f} % of the time")
            print(f"Heap at the same rate for {minutes} min:")
            heap = await heap_over_time(page, pusher, minutes)
        print(f"  start {heap[0]:.2f} MB, end {heap[-1]:.2f} MB, highest {max(heap):.2f} MB")
        await browser.close()
    return {"interactive_ms": interactive, "long_tasks": tasks, "heap_mb": heap}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=30)
    parser.add_argument("--json")
    options = parser.parse_args()
    if chromium() is None:
        raise SystemExit(f"Chromium is missing: {INSTALL}")
    with tempfile.TemporaryDirectory(prefix="aicoin-bench-") as folder:
        arena = Arena(Path(folder) / "data")
        try:
            arena.start()
            wait_until("a decision", lambda: arena.get("decisions", limit="1")["decisions"], limit_s=120)
            figures = asyncio.run(measure(arena, options.minutes))
        finally:
            arena.stop()
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
