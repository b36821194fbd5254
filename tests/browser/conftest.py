"""Chromium from the PATH. Without it these tests are skipped by name; in CI they fail."""

import os
import shutil
from typing import Any

import pytest

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


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": chromium(), "args": ARGUMENTS}
