"""The table of the rules: its order, its page in the documentation, and how a rule's judgement is recorded."""

from decimal import Decimal
from pathlib import Path

import pytest

from common.trading.limits import Limits
from risk.gate.rules.rule import NO_SETTING, Judgement, Rule, figure
from risk.gate.rules.table import RULES
from risk.gate.rules_doc import render
from support.risk_examples import healthy_input

PAGE = Path(__file__).parents[4] / "docs" / "risk-rules.md"
D = Decimal


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "run `make docs`"


def test_codes_are_unique_and_every_setting_exists() -> None:
    assert len({rule.code for rule in RULES}) == len(RULES)
    assert {name for rule in RULES for name in rule.settings} <= set(Limits.model_fields)


def test_a_halt_comes_first_and_a_duplicate_last() -> None:
    """The order decides which code a denial carries; within it, a stale figure is named before what it breaks."""
    codes = [rule.code for rule in RULES]
    assert codes[:4] == ["STATE_HALTED", "STATE_REDUCING", "DISK_FULL", "STALE_MARK"]
    assert codes[-1] == "DUPLICATE"
    assert codes.index("SIZE_PERCENT") < codes.index("LEVERAGE") < codes.index("LOSS_BUDGET")


@pytest.mark.parametrize(
    ("found", "setting"),
    [
        (Judgement(passed=True), "MAX_LEVERAGE"),
        (Judgement(passed=True, setting="market_speed"), "MARKET_SPEED"),
        (Judgement(passed=True, setting=NO_SETTING), None),
    ],
)
def test_a_judgement_is_recorded_with_its_setting(found: Judgement, setting: str | None) -> None:
    rule = Rule("CODE", "it passes", lambda inputs, draft: found, settings=("max_leverage", "market_speed"))
    result = rule.judge(healthy_input(), None)
    assert (result.code, result.passed, result.setting) == ("CODE", True, setting)


@pytest.mark.parametrize(
    ("value", "text"),
    [(3, "3"), ("off", "off"), (D("1.50000"), "1.5"), (D("0.123456"), "0.1235"), (D("1E+2"), "100"), (D("NaN"), "NaN")],
)
def test_a_figure_is_short_text_without_an_exponent(value: Decimal | int | str, text: str) -> None:
    assert figure(value) == text


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
