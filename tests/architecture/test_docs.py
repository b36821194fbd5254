"""The documentation's links lead somewhere, and the two READMEs say the same things."""

import re
from pathlib import Path

import pytest

from common.events import AlertCode

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
SKIPPED = ("node_modules", ".venv", ".aicoin", "dist")


def pages() -> list[Path]:
    return sorted(
        path for path in ROOT.rglob("*.md") if not any(part in SKIPPED for part in path.relative_to(ROOT).parts)
    )


def anchor(heading: str) -> str:
    """The anchor that a heading gets on the usual hosts."""
    words = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return words.replace(" ", "-")


def anchors(page: Path) -> set[str]:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    return {anchor(found) for found in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


def broken_links(page: Path) -> list[str]:
    """The relative links of a page that lead to no file, or to no heading of it."""
    broken = []
    for target in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"^[a-z]+:", target):
            continue
        path, _, heading = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (heading and file.suffix == ".md" and heading not in anchors(file)):
            broken.append(target)
    return broken


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    assert broken_links(page) == []


def test_a_broken_link_and_a_missing_heading_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Here\n[a](none.md) [b](#here) [c](#there) [d](page.md#here) [e](https://example.org/x)\n")
    assert broken_links(page) == ["none.md", "#there"]


def test_both_readmes_have_the_same_sections_tables_and_links() -> None:
    english, chinese = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md"))
    for pattern in (r"^#+ ", r"^\|", r"^```"):
        counts = [len(re.findall(pattern, text, re.MULTILINE)) for text in (english, chinese)]
        assert counts[0] == counts[1], pattern
    own = {"README.md", "README.zh-CN.md"}
    assert set(LINK.findall(english)) - own == set(LINK.findall(chinese)) - own


def test_the_runbook_explains_every_alert_code() -> None:
    text = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    assert [code.value for code in AlertCode if f"`{code.value}`" not in text] == []
