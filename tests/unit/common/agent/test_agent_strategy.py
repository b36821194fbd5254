"""A strategy's text, shipped or the owner's."""

from pathlib import Path
from typing import get_args

import pytest

from common.agent.prompt.rules import rule_values
from common.agent.prompt.strategy import Strategy, StrategyError, gaps, load_strategy
from common.runtime.roster import read_roster
from common.trading.limits import Limits
from common.trading.roster import Language

PLACEHOLDERS = rule_values(Limits(), (), "en").keys()


@pytest.mark.parametrize("language", get_args(Language))
def test_every_contender_of_the_default_roster_has_a_complete_strategy(language: Language) -> None:
    for contender in read_roster(None).contenders:
        strategy = load_strategy(contender.strategy, language)
        assert strategy.name == contender.strategy
        assert gaps(strategy, PLACEHOLDERS) == []


def test_a_path_is_read_and_named_by_its_stem(tmp_path: Path) -> None:
    file = tmp_path / "momentum-v3.md"
    file.write_text("Buy strength.", encoding="utf-8")
    strategy = load_strategy(str(file), "zh")
    assert (strategy.name, strategy.text) == ("momentum-v3", "Buy strength.")
    assert len(strategy.digest) == 16


def test_a_missing_text_says_where_and_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(StrategyError, match=r"momentum can't be read: No such file.*one of reversion-v2, trend-v2"):
        load_strategy("momentum", "en")
    with pytest.raises(StrategyError, match=r"none\.md can't be read: No such file"):
        load_strategy(str(tmp_path / "none.md"), "en")


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    file = tmp_path / "own.md"
    file.write_text("Buy strength.", encoding="utf-8-sig")
    assert load_strategy(str(file), "en").text == "Buy strength."


@pytest.mark.parametrize("name", ["./a\x00b.md", "./", "/dev/null/x"])
def test_a_path_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(StrategyError):
        load_strategy(name, "en")


def test_a_text_that_is_not_in_utf_8_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "own.md"
    file.write_bytes("突破进场".encode("gbk"))
    with pytest.raises(StrategyError, match="can't be read"):
        load_strategy(str(file), "zh")


def test_an_empty_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "empty.md"
    file.write_text(" \n", encoding="utf-8")
    with pytest.raises(StrategyError, match="is empty"):
        load_strategy(str(file), "en")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Leave at noon.",
            ["says nothing about entries", "says nothing about sizing", "says nothing about when to stay out"],
        ),
        ("Enter, exit, size by {moon}; else wait.", ["names the unknown placeholder {moon}"]),
        (
            f"Enter, exit, size; else wait.{' Or not.' * 400}",
            ["has 3,229 bytes, more than 2,700: each costs in every cycle, and buries the figures"],
        ),
        ("突破进场，跌破离场，仓位按 {max_leverage} 倍以内，其余时间观望。", []),
    ],
)
def test_what_a_text_lacks_is_named(text: str, expected: list[str]) -> None:
    assert gaps(Strategy("own", text), PLACEHOLDERS) == expected
