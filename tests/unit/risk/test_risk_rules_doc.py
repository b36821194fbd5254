"""The documentation's table is the rules' own."""

from pathlib import Path

from common.trading.limits import Limits
from risk.codes import Code
from risk.rules.table import RULES
from risk.rules_doc import render

PAGE = Path(__file__).parents[3] / "docs" / "risk-rules.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "run `python -m risk.rules_doc > docs/risk-rules.md`"


def test_every_code_has_its_rule_and_every_setting_exists() -> None:
    assert {rule.code for rule in RULES} == set(Code)
    assert {name for rule in RULES for name in rule.settings} <= set(Limits.model_fields)


def test_the_seeds_limits_are_the_defaults() -> None:
    limits = Limits()
    assert (
        limits.max_position_size_percent,
        limits.max_leverage,
        limits.max_open_positions,
        limits.min_confidence,
        limits.max_daily_trades,
        limits.max_daily_loss_percent,
        limits.stop_loss_percent,
        limits.take_profit_percent,
    ) == (20, 20, 3, 60, 50, 10, 5, 10)
