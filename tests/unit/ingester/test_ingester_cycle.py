"""Cycles, runs and market time."""

import pytest

from ingester.cycle import GRACE_MS, Cycle, Cycles, cycle_id
from ingester.market_time import CARRY_LIMIT_MS, MarketTime
from ingester.run import Run, run_of
from ingester.testing import T0_MS

MINUTE_MS = 60_000


def test_a_cycle_is_due_a_second_after_its_boundary() -> None:
    cycles = Cycles(60, T0_MS)
    boundary = T0_MS + MINUTE_MS
    assert cycles.due(boundary + GRACE_MS - 1) is None
    assert cycles.due(boundary + GRACE_MS) == Cycle(boundary, 0)


def test_it_stays_due_until_done_and_is_due_once() -> None:
    cycles = Cycles(60, T0_MS)
    due = cycles.due(T0_MS + MINUTE_MS + 2_000)
    assert due is not None
    assert cycles.due(T0_MS + MINUTE_MS + 3_000) == due
    cycles.done(due)
    assert cycles.due(T0_MS + MINUTE_MS + 4_000) is None


def test_the_first_cycle_waits_for_a_boundary_in_our_presence() -> None:
    cycles = Cycles(60, None)
    assert cycles.due(0) is None
    assert cycles.due(T0_MS + 5_000) is None
    assert cycles.due(T0_MS + MINUTE_MS + GRACE_MS) == Cycle(T0_MS + MINUTE_MS, 0)


def test_missed_cycles_are_counted_not_made_up() -> None:
    cycles = Cycles(60, T0_MS)
    due = cycles.due(T0_MS + 5 * MINUTE_MS + GRACE_MS)
    assert due == Cycle(T0_MS + 5 * MINUTE_MS, 4)
    cycles.done(due)
    assert cycles.due(T0_MS + 5 * MINUTE_MS + 2_000) is None


def test_past_half_the_interval_a_boundary_is_missed() -> None:
    cycles = Cycles(60, T0_MS)
    assert cycles.due(T0_MS + MINUTE_MS + GRACE_MS + MINUTE_MS // 2) is not None
    assert cycles.due(T0_MS + MINUTE_MS + GRACE_MS + MINUTE_MS // 2 + 1) is None
    assert cycles.due(T0_MS + 2 * MINUTE_MS + GRACE_MS) == Cycle(T0_MS + 2 * MINUTE_MS, 1)


def test_a_changed_interval_never_counts_less_than_nothing() -> None:
    assert Cycles(60, T0_MS + 50_000).due(T0_MS + MINUTE_MS + GRACE_MS) == Cycle(T0_MS + MINUTE_MS, 0)


def test_a_cycle_id_is_a_function_of_run_and_boundary() -> None:
    assert cycle_id("ab12", T0_MS) == cycle_id("ab12", T0_MS) == f"ab12-{T0_MS // 1000}"


def test_a_run_survives_in_its_value() -> None:
    run = Run("ab12", T0_MS, "paper")
    assert run_of(run.value, "paper") == run


@pytest.mark.parametrize(
    "value", [None, b"", b"{}", b"7", b"ab:1", b'{"run_id":1,"started_ms":2,"environment":"paper"}']
)
def test_what_is_no_run_begins_a_new_one(value: bytes | None) -> None:
    assert run_of(value, "paper") is None


def test_a_run_belongs_to_one_environment() -> None:
    assert run_of(Run("ab12", T0_MS, "paper").value, "testnet") is None


def test_cycle_numbers_count_from_one_and_include_missed_ones() -> None:
    run = Run("ab12", T0_MS, "paper")
    assert [run.cycle_number(T0_MS + n * MINUTE_MS, 60) for n in (0, 1, 7)] == [1, 2, 8]
    assert run.cycle_number(T0_MS - MINUTE_MS, 60) == 1


def test_market_time_is_the_exchange_time_carried_on() -> None:
    time = MarketTime()
    assert time.now_ms(5.0) == 0
    time.hear(T0_MS, 10.0)
    assert time.now_ms(12.5) == T0_MS + 2_500


def test_market_time_never_runs_backwards() -> None:
    time = MarketTime()
    time.hear(T0_MS, 10.0)
    time.hear(T0_MS + 400, 11.0)
    assert time.now_ms(11.0) == T0_MS + 1_000
    time.hear(T0_MS + 3_000, 11.5)
    assert time.now_ms(11.5) == T0_MS + 3_000


def test_market_time_stands_still_without_a_feed_and_goes_on_with_it() -> None:
    time = MarketTime()
    time.hear(T0_MS, 10.0)
    assert time.now_ms(600.0) == T0_MS + CARRY_LIMIT_MS
    # A market that was frozen goes on where it stopped; ours waits until it has caught up.
    time.hear(T0_MS + 1_000, 600.0)
    assert time.now_ms(603.0) == T0_MS + CARRY_LIMIT_MS
    time.hear(T0_MS + 9_000, 608.0)
    assert time.now_ms(608.0) == T0_MS + 9_000
    assert time.now_ms(609.0) == T0_MS + 10_000


def test_the_same_time_told_again_does_not_move_the_market_on() -> None:
    time = MarketTime()
    for second in range(100):
        time.hear(T0_MS, float(second))
    assert time.now_ms(100.0) == T0_MS + CARRY_LIMIT_MS


def test_a_fast_market_is_followed() -> None:
    time = MarketTime()
    for second in range(10):
        time.hear(T0_MS + second * MINUTE_MS, float(second))
        assert time.now_ms(float(second)) == T0_MS + second * MINUTE_MS
