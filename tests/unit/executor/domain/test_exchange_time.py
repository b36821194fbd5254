"""The exchange's clock by its answers, whatever this machine's clock shows."""

import pytest
from manual_clock import ManualClock

from executor.domain.exchange_time import MAX_LAG_MS, MAX_LEAD_MS, ExchangeTime

DAY_MS = 86_400_000


class TwoClocks(ManualClock):
    """Wall and monotonic time apart, so that one of them can be set."""

    def __init__(self) -> None:
        super().__init__(1_790_000_000_000)
        self.monotonic_s = 5.0

    def monotonic(self) -> float:
        return self.monotonic_s

    def pass_time(self, seconds: float) -> None:
        self.ms += round(seconds * 1000)
        self.monotonic_s += seconds


@pytest.fixture
def clock() -> TwoClocks:
    return TwoClocks()


@pytest.fixture
def time(clock: TwoClocks) -> ExchangeTime:
    return ExchangeTime(clock)


def test_without_a_reading_the_time_is_this_machines(clock: TwoClocks, time: ExchangeTime) -> None:
    assert (time.now_ms(), time.is_known, time.ahead_ms(), time.is_due) == (clock.ms, False, None, True)


@pytest.mark.parametrize("ahead_ms", [-3 * DAY_MS, -12_000, 0, 20_000, 3 * DAY_MS])
def test_the_clock_is_believed_however_far_away(clock: TwoClocks, time: ExchangeTime, ahead_ms: int) -> None:
    time.observe_clock(clock.ms + ahead_ms)
    clock.pass_time(2.5)
    assert time.now_ms() == clock.ms + ahead_ms
    assert (time.ahead_ms(), time.is_due) == (ahead_ms, False)


def test_a_jump_of_this_machines_clock_moves_nothing(clock: TwoClocks, time: ExchangeTime) -> None:
    time.observe_clock(clock.ms)
    clock.pass_time(1)
    expected = clock.ms
    clock.ms += 3 * DAY_MS
    assert time.now_ms() == expected
    assert time.ahead_ms() == -3 * DAY_MS


def test_a_lagging_state_pulls_nothing_back(clock: TwoClocks, time: ExchangeTime) -> None:
    time.observe_clock(clock.ms)
    for _ in range(5):
        clock.pass_time(4)
        time.observe_state(clock.ms - 10_000)
    assert time.now_ms() == clock.ms
    assert time.seen_ms == clock.ms - 10_000


def test_old_readings_fade_so_that_a_slower_clock_is_followed(clock: TwoClocks, time: ExchangeTime) -> None:
    time.observe_clock(clock.ms)
    for _ in range(80):
        clock.pass_time(4)
        time.observe_state(clock.ms - 5_000)
    assert time.now_ms() == clock.ms - 5_000


def test_the_states_of_a_recorded_market_count_for_nothing(clock: TwoClocks, time: ExchangeTime) -> None:
    time.observe_state(clock.ms - 30 * DAY_MS)
    assert not time.is_known
    time.observe_clock(clock.ms)
    time.observe_state(clock.ms - 30 * DAY_MS)
    assert time.now_ms() == clock.ms


@pytest.mark.parametrize("speed", [1.4, 2, 10, 60])
def test_a_market_that_runs_faster_carries_the_clock_nowhere(
    clock: TwoClocks, time: ExchangeTime, speed: float
) -> None:
    time.observe_clock(clock.ms)
    began_ms = clock.ms
    for _ in range(100):
        clock.pass_time(0.5)
        time.observe_state(began_ms + round((clock.ms - began_ms) * speed))
        if time.is_due:
            time.observe_clock(clock.ms)
    assert abs(time.now_ms() - clock.ms) <= MAX_LEAD_MS


def test_before_the_clock_is_read_a_near_state_stands_in(clock: TwoClocks, time: ExchangeTime) -> None:
    time.observe_state(clock.ms - 5 * MAX_LAG_MS)
    assert time.now_ms() == clock.ms - 5 * MAX_LAG_MS
    assert time.is_due


def test_it_is_due_again_when_contradicted_or_old(clock: TwoClocks, time: ExchangeTime) -> None:
    time.mark_asked()
    assert not time.is_due
    time.observe_clock(clock.ms)
    clock.pass_time(61)
    assert time.is_due
    time.observe_clock(clock.ms)
    assert not time.is_due
    time.contradict()
    assert time.is_due


def test_a_clock_that_was_set_back_is_followed_at_once(clock: TwoClocks, time: ExchangeTime) -> None:
    time.observe_clock(clock.ms + 3 * DAY_MS)
    time.observe_clock(clock.ms)
    assert time.now_ms() == clock.ms
