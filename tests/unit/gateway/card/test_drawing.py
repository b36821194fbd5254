"""The card: well-formed SVG with every figure and the mode, and a PNG drawn with the packaged font."""

import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest

from common.runtime.roster import read_roster
from gateway.card.drawing import Summary, svg
from gateway.card.parts import COLORS, HEIGHT, WIDTH, picture, png, text

TOTALS = {
    "equity": "10421.337",
    "return_percent": "-4.21337",
    "trades": 1234,
    "win_rate_percent": "48.78",
    "max_drawdown_percent": "3.21",
    "sharpe": None,
    "fees": "85.123",
}
QWEN = read_roster(None).contender("qwen")
SUMMARY = Summary(
    contender=QWEN.model_copy(update={"name": "Qwen <&>"}),
    mode="PAPER",
    is_stand_in=True,
    start_balance="10000",
    totals=TOTALS,
    points=[(0, "10000"), (1, "9900"), (2, "10421.337")],
    time_ms=1_790_000_000_000,
)


def texts(picture: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(picture).iter() if element.text]


def test_the_card_shows_every_figure_and_the_mode() -> None:
    shown = texts(svg(SUMMARY, "en", "light"))
    assert {"Qwen <&>", "$10,421.34", "−4.21%", "1,234", "48.8%", "3.21%", "—", "$85.12", "$10,000.00"} <= set(shown)
    assert "PAPER MONEY · STAND-IN" in shown
    real = replace(SUMMARY, mode="MAINNET", is_stand_in=False)
    assert "REAL MONEY" in texts(svg(real, "en", "light"))


def test_no_text_relies_on_spaces_that_svg_collapses() -> None:
    assert not [text for text in texts(svg(SUMMARY, "en", "light")) if "  " in text]


def test_the_card_has_a_chinese_version() -> None:
    assert {"账户价值", "收益率", "模拟资金 · 替身"} <= set(texts(svg(SUMMARY, "zh", "dark")))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_loss_has_the_color_of_losses(theme: str) -> None:
    picture = svg(SUMMARY, "en", theme)  # type: ignore[arg-type]
    assert COLORS[theme]["loss"] in picture  # type: ignore[index]
    assert COLORS[theme]["gain"] not in picture  # type: ignore[index]


def test_a_contender_without_an_account_has_a_card() -> None:
    shown = texts(svg(replace(SUMMARY, totals=None, points=[]), "en", "light"))
    assert shown.count("—") == 7


def test_the_png_has_its_size_and_its_text() -> None:
    drawn = png(svg(SUMMARY, "en", "light"))
    assert drawn.startswith(b"\x89PNG")
    assert (int.from_bytes(drawn[16:20]), int.from_bytes(drawn[20:24])) == (WIDTH, HEIGHT)
    assert len(drawn) > 1.5 * len(png(svg(SUMMARY, "en", "light").replace("<text", "<desc").replace("text>", "desc>")))


def test_the_card_has_the_contenders_color_of_its_theme() -> None:
    assert QWEN.color in svg(SUMMARY, "en", "light")
    assert QWEN.color_dark in svg(SUMMARY, "en", "dark")


def test_what_xml_cannot_hold_is_replaced() -> None:
    drawn = picture("a\x1b[31m", "\x00", COLORS["light"], [text(0, 0, "b\x08\ud800\uffff<", 20, "#000")])
    words = "".join(ElementTree.fromstring(drawn).itertext())
    assert "a\ufffd[31m" in words
    assert "b\ufffd\ufffd\ufffd<" in words
    assert png(drawn)
