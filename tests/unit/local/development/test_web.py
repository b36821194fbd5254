"""The dashboard is built when a source is newer than the built page, and only then."""

import os
from pathlib import Path

import pytest

from aicoin_local.development.web import WebBuildError, ensure_built, is_stale


@pytest.fixture
def web(tmp_path: Path) -> Path:
    for name in ("src/main.tsx", "package.json", "dist/index.html", "node_modules/x/index.js"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x", encoding="utf-8")
        os.utime(path, (1_000, 1_000))
    os.utime(tmp_path / "dist/index.html", (2_000, 2_000))
    return tmp_path


def test_page_newer_than_every_source_is_not_built(web: Path) -> None:
    assert not is_stale(web)
    assert not ensure_built(web)


def test_newer_source_makes_the_page_stale(web: Path) -> None:
    os.utime(web / "src/main.tsx", (3_000, 3_000))
    assert is_stale(web)


def test_installed_packages_are_no_sources(web: Path) -> None:
    os.utime(web / "node_modules/x/index.js", (3_000, 3_000))
    assert not is_stale(web)


def test_missing_page_is_stale_and_a_missing_lock_is_named(web: Path) -> None:
    (web / "dist/index.html").unlink()
    assert is_stale(web)
    with pytest.raises(WebBuildError, match=r"package-lock\.json"):
        ensure_built(web)
