"""What the model stand-ins bill: by hour, by key, with a limit on how many keys are remembered."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from simulator.server.models.billing import MAX_KEYS, Bill, Bills, cost_usd
from simulator.server.models.generation import Generation, cached_tokens, count_tokens
from simulator.server.models.requested import Requested, read_name

GENERATION = Generation(100, "", "ten", is_cut=False)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("time", "input_usd"),
    [
        ("2026-11-30T00:59", "0.15"),
        ("2026-11-30T01:00", "0.30"),
        ("2026-11-30T04:00", "0.15"),
        ("2026-11-29T07:00", "0.15"),
    ],
)
def test_deepseek_is_dearer_at_the_peak(time: str, input_usd: str) -> None:
    assert cost_usd("deepseek-flash", 1_000_000, 0, 0, at(time)) == Decimal(input_usd)


def test_an_unknown_name_has_the_price_of_the_dearest() -> None:
    assert cost_usd("llama", 1_000_000, 0, 1_000_000, 0) == 8


def test_keys_are_billed_apart_and_the_oldest_are_forgotten() -> None:
    bills = Bills(lambda: 0)
    for number in range(MAX_KEYS + 1):
        bills.charge(f"key {number}", "m", "prompt", GENERATION)
    assert bills.of("key 0") == Bill()
    assert bills.of("key 1").calls == 1
    assert bills.of(f"key {MAX_KEYS}").input_tokens == 100


def test_a_token_is_four_letters_a_digit_a_sign_or_blanks() -> None:
    assert count_tokens("momentum 12.5  做多") == 2 + 1 + 4 + 1 + 2


def test_cached_tokens_are_whole_units_of_the_equal_prefix() -> None:
    before = "1" * 130 + "x"
    assert cached_tokens(before, "1" * 130 + "yz") == 128
    assert cached_tokens(before, before) == 128
    assert cached_tokens("", before) == 0


@pytest.mark.parametrize(
    ("name", "model", "fault"),
    [
        ("late-503/deepseek-flash", "deepseek-flash", "late-503"),
        ("slow-20", "slow-20", "slow-20"),
        ("error-Throttling.AllocationQuota", "error-Throttling.AllocationQuota", "error-Throttling.AllocationQuota"),
        ("cut/a-third/contender:latest", "a-third/contender:latest", "cut"),
        ("cutlass/7b", "cutlass/7b", ""),
        ("late-200", "late-200", ""),
    ],
)
def test_a_name_requests_a_fault(name: str, model: str, fault: str) -> None:
    assert read_name(name) == Requested(model, fault)
