"""A strategy's text, shipped or the owner's."""

from pathlib import Path

import pytest

from common.agent.prompt.strategy import StrategyError, load_strategy
from common.runtime.roster import read_roster


def test_every_contender_of_the_default_roster_has_its_strategy() -> None:
    for contender in read_roster(None).contenders:
        strategy = load_strategy(contender.strategy)
        assert strategy.name == contender.strategy
        assert "# STRATEGY" in strategy.text


def test_a_path_is_read_and_named_by_its_stem(tmp_path: Path) -> None:
    file = tmp_path / "momentum-v3.md"
    file.write_text("Buy strength.", encoding="utf-8")
    strategy = load_strategy(str(file))
    assert (strategy.name, strategy.text) == ("momentum-v3", "Buy strength.")
    assert len(strategy.digest) == 16


def test_a_missing_text_says_where_and_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(StrategyError, match=r"momentum can't be read: No such file.*one of reversion-v1, trend-v1"):
        load_strategy("momentum")
    with pytest.raises(StrategyError, match=r"none\.md can't be read: No such file"):
        load_strategy(str(tmp_path / "none.md"))


def test_an_empty_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "empty.md"
    file.write_text(" \n", encoding="utf-8")
    with pytest.raises(StrategyError, match="is empty"):
        load_strategy(str(file))
