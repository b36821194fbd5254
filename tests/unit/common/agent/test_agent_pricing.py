"""Prices by model, region and hour, and the most that a call can cost."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from agent_deepseek.config import PEAK_HOURS
from agent_deepseek.config import PROFILE as DEEPSEEK
from agent_qwen.config import PROFILE as QWEN
from common.agent.providers.pricing import (
    ListedPrice,
    Price,
    UnknownPrice,
    is_credible,
    price_of,
    tokens_at,
)
from common.events import TokenUsage

D = Decimal
BEIJING = "https://dashscope.aliyuncs.com/api/v1"
SINGAPORE = "https://dashscope-intl.aliyuncs.com/api/v1"
FLASH = price_of(DEEPSEEK.prices, "deepseek-flash", "https://api.deepseek.com")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def usage(prompt: int, completion: int, cached: int = 0) -> TokenUsage:
    return TokenUsage(prompt_tokens=prompt, completion_tokens=completion, cached_tokens=cached)


@pytest.mark.parametrize(
    ("time", "is_peak"),
    [
        ("2026-11-30T00:59:59", False),
        ("2026-11-30T01:00:00", True),
        ("2026-11-30T03:59:59", True),
        ("2026-11-30T04:00:00", False),
        ("2026-11-30T06:00:00", True),
        ("2026-11-30T09:59:59", True),
        ("2026-11-30T10:00:00", False),
        ("2026-11-28T02:00:00", False),  # a Saturday
        ("2026-10-01T02:00:00", False),  # the National Day
        ("2026-10-07T02:00:00", True),  # free by the year's notice only
        ("2027-02-08T07:00:00", False),
        ("2028-01-03T07:00:00", True),  # no calendar of that year is known
    ],
)
def test_peak_hours(time: str, is_peak: bool) -> None:
    assert PEAK_HOURS.holds(at(time)) is is_peak


def test_a_call_that_touches_the_peak_has_its_price() -> None:
    for first, last, is_peak in (
        ("2026-11-30T00:30:00", "2026-11-30T01:00:00", True),
        ("2026-11-30T03:50:00", "2026-11-30T04:30:00", True),
        ("2026-11-30T04:10:00", "2026-11-30T04:50:00", False),
    ):
        assert FLASH.between(at(first), at(last)) == (FLASH.peak if is_peak else FLASH.off_peak)


def test_a_price_without_hours_always_holds() -> None:
    price = Price(tokens_at("1", "1", "1"))
    assert price.between(0, 1) == price.peak


def test_cached_input_has_its_own_price() -> None:
    assert tokens_at("2", "0.5", "6").cost_usd(usage(3_000_000, 1_000_000, 1_000_000)) == D("10.5")


def test_the_most_counts_a_token_per_byte_and_nothing_as_cached() -> None:
    price = tokens_at("1", "0.1", "10")
    content = "做多 BTC 🚀"
    most_usd = price.most_usd([content, ""], 100)
    assert most_usd == D(len(content.encode()) + 3 * 64 + 1_000) / 1_000_000
    assert tokens_at("0.1", "1", "10").most_usd([content, ""], 100) == most_usd


@pytest.mark.parametrize(
    "name", ["deepseek-flash-pro", "deepseek-flash2", "deepseek", "deepseek-v4-pro-max", "qwen3.8-flash", ""]
)
def test_a_name_that_only_begins_like_a_cheap_one_has_no_price(name: str) -> None:
    with pytest.raises(UnknownPrice):
        price_of(DEEPSEEK.prices, name, "https://api.deepseek.com")


@pytest.mark.parametrize("version", ["", "-0902", "-2026-09-02", "-latest"])
def test_a_dated_version_has_its_models_price(version: str) -> None:
    assert price_of(QWEN.prices, f"qwen3.8-max{version}", SINGAPORE) == Price(tokens_at("2", "0.25", "6"))


def test_a_region_that_is_not_listed_has_the_highest_price() -> None:
    for row in QWEN.prices:
        here = price_of(QWEN.prices, row.model, BEIJING).peak
        elsewhere = price_of(QWEN.prices, row.model, "https://dashscope-us.aliyuncs.com/api/v1").peak
        assert elsewhere == price_of(QWEN.prices, row.model, SINGAPORE).peak
        assert here.input_usd < elsewhere.input_usd
        assert here.output_usd < elsewhere.output_usd
        assert here.cached_input_usd < elsewhere.cached_input_usd


def test_the_row_of_the_host_goes_before_the_general_one() -> None:
    general, own = Price(tokens_at("2", "2", "2")), Price(tokens_at("1", "1", "1"))
    rows = (ListedPrice("m", general), ListedPrice("m", own, "api.example"))
    assert price_of(rows, "m", "https://api.example/v1") == own
    assert price_of(rows, "m", "https://other.example/v1") == general


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (usage(10, 5, 4), True),
        (usage(10, 5, 10), True),
        (usage(10, 5, 11), False),
        (usage(10, 5, -1), False),
        (usage(-10, 5, -20), False),
        (usage(10, -5), False),
        (usage(0, 5), False),
        (usage(10, 0), False),
        (usage(10**30, 5), False),
        (usage(10, 10**30), False),
    ],
)
def test_a_count_that_no_call_can_have_is_not_credible(found: TokenUsage, expected: bool) -> None:
    assert is_credible(found) is expected


def test_the_page_has_the_prices_of_the_code() -> None:
    page = (Path(__file__).parents[4] / "docs/concepts/spending.md").read_text(encoding="utf-8")
    for profile, base_url in ((DEEPSEEK, "https://api.deepseek.com"), (QWEN, SINGAPORE)):
        assert f"As of {profile.prices_as_of}" in page
        for row in re.finditer(r"^\| `([\w.-]+)`[^|]*\|([^|]+)\|([^|]+)\|([^|]+)\|$", page, re.MULTILINE):
            if row[1] not in {each.model for each in profile.prices}:
                continue
            price = price_of(profile.prices, row[1], base_url)
            figures = [tuple(map(D, cell.split("/"))) for cell in row.groups()[1:]]
            prices = [price.off_peak, price.peak] if price.off_peak else [price.peak]
            assert figures == [
                tuple(getattr(each, name) for each in prices if each)
                for name in ("input_usd", "cached_input_usd", "output_usd")
            ]
