"""The cards of a duel and of a trade: every figure, the mode, text that fits, and Chinese glyphs in the PNG."""

import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest

from common.runtime.roster import read_roster
from gateway.card.duel import MOST_ROWS, duel_svg
from gateway.card.parts import ELLIPSIS, HEIGHT, MARGIN, WIDTH, png, width, wrapped
from gateway.card.trade import trade_svg

ROSTER = read_roster(None)
TEXT = "{http://www.w3.org/2000/svg}text"
LONG_TEXT = "The 4h trend holds above EMA50 <and> volume rises & so on, " * 12
TRADE: dict[str, Any] = {
    "side": "SHORT",
    "symbol": "DOGE",
    "leverage": 5,
    "pnl": "-12.346",
    "pnl_percent": "-6.17",
    "entry_price": "0.12345",
    "exit_price": "0.125",
    "entry_notional": "1000.5",
    "fees": "0.9",
    "funding": "-0.01",
    "entry_time": 1_790_000_000_000,
    "exit_time": 1_790_007_500_000,
}


def answer(model: str, **changes: Any) -> dict[str, Any]:
    row = {"model": model, "action": "LONG", "symbol": "BTC", "leverage": 5, "confidence": "72", "verdict": "APPROVED"}
    results = [{"minutes": m, "result_percent": r} for m, r in ((5, "0.1234"), (15, "-0.2"), (60, None), (240, None))]
    more = {"stand_in": False, "reasoning": LONG_TEXT, "failure_reason": None, "results": results}
    return row | more | changes


def cycle(*decisions: dict[str, Any]) -> dict[str, Any]:
    return {"time_ms": 1_790_000_000_000, "decisions": list(decisions)}


def shown(picture: str) -> list[ElementTree.Element]:
    """The texts, each within the picture."""
    texts = list(ElementTree.fromstring(picture).iter(TEXT))
    for each in texts:
        start, long = float(each.attrib["x"]), width(each.text or "", int(each.attrib["font-size"]))
        end = start if each.attrib["text-anchor"] == "end" else start + long
        assert (start - long if each.attrib["text-anchor"] == "end" else start) >= MARGIN
        assert end <= WIDTH - MARGIN + 1
        assert 0 < float(each.attrib["y"]) < HEIGHT
    return texts


def words_of(picture: str) -> list[str]:
    return [each.text or "" for each in shown(picture)]


def test_a_duel_shows_each_answer_with_what_came_of_it() -> None:
    holding = answer("qwen", action="HOLD", symbol=None, verdict="NONE", results=[], stand_in=True)
    texts = words_of(duel_svg(cycle(holding, answer("deepseek")), ROSTER.contenders, "PAPER", "en", "light"))
    expected = {"LONG BTC 5x", "HOLD", "APPROVED", "CONFIDENCE 72%", "Qwen · stand-in", "PAPER MONEY"}
    assert expected | {"+0.12%", "−0.20%", "5 min", "4 h"} <= set(texts)
    assert texts.count("—") == 2
    assert any(each.startswith("The 4h trend holds above EMA50 <and>") for each in texts)
    assert any(each.endswith(ELLIPSIS) for each in texts)


def test_a_duel_without_answers_and_one_with_many_are_drawn() -> None:
    assert "REAL MONEY" in words_of(duel_svg(cycle(), ROSTER.contenders, "MAINNET", "en", "dark"))
    many = [ROSTER.contenders[0].model_copy(update={"id": f"m{n}", "name": f"Model {n}"}) for n in range(MOST_ROWS + 2)]
    texts = words_of(duel_svg(cycle(*(answer(each.id) for each in many)), many, "PAPER", "en", "light"))
    assert "and 2 more" in texts
    failed = answer("qwen", action=None, reasoning=None, failure_reason="no answer in time", results=[])
    assert "NO ANSWER" in words_of(duel_svg(cycle(failed), ROSTER.contenders, "PAPER", "en", "light"))


def test_the_duel_has_a_chinese_version_with_its_glyphs() -> None:
    drawn = duel_svg(cycle(answer("qwen", reasoning="趋势向上，" * 60)), ROSTER.contenders, "PAPER", "zh", "light")
    assert {"对决", "做多 BTC 5x", "通过", "模拟资金", "5 分钟"} <= set(words_of(drawn))
    assert png(drawn) != png(drawn.replace("趋势", "观望")), "the glyphs are missing: both are drawn as boxes"


@pytest.mark.parametrize("text", [LONG_TEXT, "趋势向上" * 99, "x" * 500, ""])
def test_a_wrapped_text_fits_into_its_room(text: str) -> None:
    lines = wrapped(text, 16, 400, 3)
    assert len(lines) <= 3
    assert all(width(each, 16) <= 400 for each in lines)
    assert text.replace(" ", "").startswith("".join(lines).replace(" ", "").rstrip(ELLIPSIS))


def test_a_trade_shows_its_figures() -> None:
    contender = ROSTER.contender("qwen")
    texts = words_of(trade_svg(TRADE, contender, "TESTNET", "en", "light"))
    figures = {"−$12.35 −6.17%", "0.12345", "0.125", "$1,000.50", "$0.90", "−$0.01", "2h 05m"}
    assert figures | {"SHORT DOGE 5x", "TESTNET", "Qwen"} <= set(texts)
    still_open = dict.fromkeys(("pnl", "pnl_percent", "exit_price", "exit_time"))
    assert "持仓中" in words_of(trade_svg(TRADE | still_open, contender, "PAPER", "zh", "dark"))
