"""What a day costs, and whether the cap holds it."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from agent_deepseek.config import FLASH
from agent_deepseek.config import PROFILE as DEEPSEEK
from agent_qwen.config import PROFILE as QWEN
from common.agent.providers.day_cost import DayCost, TypicalCall, day_cost, day_usd
from common.agent.providers.pricing import FREE, Price, price_of, tokens_at
from common.agent.settings import agent_settings, endpoint
from common.agent.spending_report import describe_spending
from common.runtime.roster import read_roster

D = Decimal
CALL = TypicalCall(prompt_tokens=5_000, cached_tokens=2_000, answer_tokens=200, prompt_bytes=12_000)
PRICE = Price(tokens_at("2", "0.5", "10"))
DAY = DayCost(D(10), D(15), D("0.05"))


def test_a_day_is_its_calls_at_the_usual_usage() -> None:
    cost = day_cost(PRICE, CALL, interval_s=60, max_output_tokens=1_000, thinking_tokens=0)
    assert cost.usd == 1_440 * D("0.009")
    assert cost.uncached_usd == 1_440 * D("0.012")
    assert cost.most_per_call_usd == D(2 * (12_000 + 128) + 10_000) / 1_000_000


def test_thinking_counts_with_its_whole_budget() -> None:
    cost = day_cost(PRICE, CALL, interval_s=60, max_output_tokens=9_000, thinking_tokens=8_000)
    assert cost.usd == 1_440 * D("0.089")


def test_a_working_day_has_seven_hours_at_the_peak() -> None:
    usd = day_usd(FLASH, CALL, interval_s=60, is_working_day=False)
    assert day_usd(FLASH, CALL, interval_s=60) == usd * 31 / 24


def test_a_free_model_costs_nothing() -> None:
    cost = day_cost(FREE, CALL, interval_s=60, max_output_tokens=1_000, thinking_tokens=0)
    assert cost.describe(interval_s=60, cap_usd=D(0)) == ("the model costs nothing", True)


@pytest.mark.parametrize(
    ("cap_usd", "ending", "is_enough"),
    [
        ("20", "a day at 60 s costs about 10.00 USD, 15.00 without a cache; DAILY_COST_CAP_USD=20 holds it", True),
        ("15", "DAILY_COST_CAP_USD=15 holds it", True),
        ("5", "DAILY_COST_CAP_USD=5 may be reached after 8 h, and the model is not asked until midnight", False),
        ("0.01", "DAILY_COST_CAP_USD=0.01 is below one call (0.0500): the model is never asked", False),
        ("0", "DAILY_COST_CAP_USD=0 is below one call (0.0500): the model is never asked", False),
    ],
)
def test_the_line_says_whether_the_cap_holds_the_day(cap_usd: str, ending: str, is_enough: bool) -> None:
    line, holds = DAY.describe(interval_s=60, cap_usd=D(cap_usd))
    assert line.endswith(ending)
    assert holds is is_enough


def test_the_report_names_model_and_date_or_the_stand_in() -> None:
    contender = read_roster(None).contender("deepseek")
    for key, begins, ends in (
        ("k", "deepseek-flash: a day at 60 s", "(prices as of 2026-11-30)"),
        (None, "a stand-in", ""),
    ):
        settings = agent_settings(contender, DEEPSEEK)(metrics_port=0, deepseek_api_key=key)
        line, holds = describe_spending(settings, endpoint(settings, contender, DEEPSEEK), DEEPSEEK)
        assert line.startswith(begins)
        assert line.endswith(ends)
        assert holds


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_the_readme_has_the_days_of_the_price_lists(page: str) -> None:
    text = (Path(__file__).parents[4] / page).read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w.-]+)`[^|]*\|([^|]+)\|([^|]+)\|([^|]+)\|([^|]+)\|$", text, re.MULTILINE)
    profiles = {row.model: profile for profile in (DEEPSEEK, QWEN) for row in profile.prices}
    listed = {name: [float(figure) for figure in figures] for name, *figures in rows if name in profiles}
    assert listed.keys() == {"deepseek-flash", "deepseek-v4-pro", "qwen3.8-flash", "qwen3.7-plus", "qwen3.8-max"}
    for name, figures in listed.items():
        profile = profiles[name]
        price, call = price_of(profile.prices, name, str(profile.base_url)), profile.typical_call
        days = [
            day_usd(price, each, interval_s=60, is_working_day=is_working_day)
            for is_working_day in (False, True)
            for each in (call, call.without_cache())
        ]
        assert figures == [float(round(usd, 2)) for usd in days]
