"""The run in Redis, and the numbers of its cycles."""

import pytest
from ingester_frames import T0_MS

from common.trading.durations import MINUTE_MS
from ingester.market.run import Run, decode_run


def test_a_run_survives_encoding() -> None:
    run = Run("ab12", T0_MS, "paper")
    assert decode_run(run.encode(), "paper") == run


@pytest.mark.parametrize(
    "value", [None, b"", b"{}", b"7", b"ab:1", b'{"run_id":1,"started_ms":2,"environment":"paper"}']
)
def test_a_value_that_is_not_a_run_is_refused(value: bytes | None) -> None:
    assert decode_run(value, "paper") is None


def test_a_run_belongs_to_one_environment() -> None:
    assert decode_run(Run("ab12", T0_MS, "paper").encode(), "testnet") is None


def test_cycle_numbers_count_from_one_and_include_missed_ones() -> None:
    run = Run("ab12", T0_MS, "paper")
    assert [run.cycle_number(T0_MS + n * MINUTE_MS, 60) for n in (0, 1, 7)] == [1, 2, 8]
    assert run.cycle_number(T0_MS - MINUTE_MS, 60) == 1
