"""Waiting in tests: the first true result, or a failure that names what was missing."""

import pytest
from harness import eventually, wait_until


def test_first_true_result_is_returned() -> None:
    results = iter([None, 0, "found"])
    assert wait_until("a result", lambda: next(results), limit_s=5, every_s=0) == "found"


def test_a_wait_in_vain_fails_with_its_name() -> None:
    with pytest.raises(AssertionError, match=r"waited 0 s for a miracle"):
        wait_until("a miracle", lambda: None, limit_s=0)


async def test_eventually_takes_plain_and_awaited_probes() -> None:
    async def awaited() -> int:
        return 7

    assert await eventually("a plain one", lambda: 3) == 3
    assert await eventually("an awaited one", awaited) == 7


async def test_eventually_fails_with_name_and_details() -> None:
    with pytest.raises(AssertionError, match=r"waited 0 s for a miracle, in vain\nthe log"):
        await eventually("a miracle", lambda: None, limit_s=0, details=lambda: "the log")
