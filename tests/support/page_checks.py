"""Checks of a page in Chromium: that it fits, that axe finds nothing serious, and a screenshot where one is wanted."""

import os
from functools import partial
from pathlib import Path
from typing import Any

from harness import eventually
from playwright.async_api import Page

from aicoin_local.development.web import WEB

FITS = (
    "document.documentElement.scrollWidth <= {width}",
    "document.querySelector('main').scrollWidth <= {width}",
    "document.documentElement.scrollHeight <= {height}",
)
HEIGHTS = {360: 740, 375: 667, 768: 1024, 812: 375, 1280: 800, 1440: 900, 2560: 1440}
"""By width; 812 is a phone held sideways."""
AXE = (WEB / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


async def wait_until_fitting(page: Page, width: int) -> None:
    """Sets the width and waits until nothing overflows: charts follow it in the next frame."""
    await page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
    for template in FITS:
        condition = template.format(width=width, height=HEIGHTS[width])
        await eventually(condition, partial(page.evaluate, condition), every_s=0.05)


async def violations(page: Page) -> list[str]:
    """The serious and critical findings of axe, each with its first place."""
    await page.evaluate(AXE)
    found: list[dict[str, Any]] = await page.evaluate(
        "axe.run(document, { resultTypes: ['violations'] }).then((result) => result.violations)"
    )
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:200]} {each['nodes'][0]['failureSummary']}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


async def save_screenshot(page: Page, name: str) -> None:
    """Only where AICOIN_SCREENSHOTS names a folder."""
    folder = os.environ.get("AICOIN_SCREENSHOTS")
    if folder:
        await page.screenshot(path=Path(folder) / f"{name}.png")
