"""When a cycle is due; the run in Redis, and the numbers of its cycles."""

import pytest
from ingester_frames import T0_MS

from common.trading.durations import MINUTE_MS
from ingester.market.cycles import GRACE_MS, Cycle, Cycles, Run, cycle_id, decode_run


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
    cycles.mark_done(due)
    assert cycles.due(T0_MS + MINUTE_MS + 4_000) is None


def test_the_first_cycle_waits_for_a_boundary_that_passes_meanwhile() -> None:
    cycles = Cycles(60, None)
    assert cycles.due(0) is None
    assert cycles.due(T0_MS + 5_000) is None
    assert cycles.due(T0_MS + MINUTE_MS + GRACE_MS) == Cycle(T0_MS + MINUTE_MS, 0)


def test_missed_cycles_are_counted_not_made_up() -> None:
    cycles = Cycles(60, T0_MS)
    due = cycles.due(T0_MS + 5 * MINUTE_MS + GRACE_MS)
    assert due == Cycle(T0_MS + 5 * MINUTE_MS, 4)
    cycles.mark_done(due)
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


def test_the_time_until_a_cycle_is_due() -> None:
    cycles = Cycles(60, T0_MS)
    due_ms = T0_MS + MINUTE_MS + GRACE_MS
    assert cycles.until_due_ms(T0_MS + GRACE_MS) == MINUTE_MS
    assert cycles.until_due_ms(due_ms - 7) == 7
    assert cycles.until_due_ms(due_ms) == cycles.until_due_ms(due_ms + 9) == 0
    assert cycles.until_due_ms(0) == Cycles(60, None).until_due_ms(T0_MS) == 0
    cycle = cycles.due(due_ms)
    assert cycle is not None
    cycles.mark_done(cycle)
    assert cycles.until_due_ms(due_ms) == MINUTE_MS


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
