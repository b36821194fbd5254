"""The market's time from pushes that come late, stop, and come from another market."""

import pytest

from gateway.push.market_clock import PATIENCE_S, MarketClock

T0 = 1_748_600_000_000


class ManualClock:
    """Its monotonic time is set by the test."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def now_ms(self) -> int:
        return 1_795_455_000_000 + round(self.now_s * 1000)

    def monotonic(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds


@pytest.fixture
def wall() -> ManualClock:
    return ManualClock()


@pytest.fixture
def market(wall: ManualClock) -> MarketClock:
    clock = MarketClock(wall)
    clock.set_speed(300)
    clock.observe(T0)
    return clock


def test_before_the_first_push_there_is_no_market_time(wall: ManualClock) -> None:
    assert MarketClock(wall).reading() == {"time_ms": 1_795_455_000_000, "market_ms": None, "market_speed": 1.0}


def test_market_time_runs_at_the_markets_speed_through_a_silence(wall: ManualClock, market: MarketClock) -> None:
    wall.now_s = 20
    assert market.now_ms() == T0 + 20 * 300_000


def test_a_late_push_does_not_set_the_clock_back(wall: ManualClock, market: MarketClock) -> None:
    wall.now_s = 20
    market.observe(T0)
    assert market.now_ms() == T0 + 20 * 300_000
    market.observe(T0 + 21 * 300_000)
    assert market.now_ms() == T0 + 21 * 300_000


def test_another_market_is_followed_when_all_its_pushes_lie_behind(wall: ManualClock, market: MarketClock) -> None:
    for second in range(1, int(PATIENCE_S) + 2):
        assert market.now_ms() == T0 + round(wall.now_s) * 300_000
        wall.now_s = second
        market.observe(second * 300_000)
    assert market.now_ms() == round(wall.now_s) * 300_000


def test_a_new_speed_counts_from_now_on(wall: ManualClock, market: MarketClock) -> None:
    wall.now_s = 10
    market.set_speed(1)
    wall.now_s = 12
    assert market.now_ms() == T0 + 10 * 300_000 + 2_000


def test_an_earlier_push_counts_until_one_arrives(wall: ManualClock) -> None:
    clock = MarketClock(wall)
    clock.assume(T0, 60)
    assert clock.now_ms() == T0 + 60_000
    wall.now_s = 1
    clock.observe(T0 + 5)  # The market has stood still meanwhile.
    assert clock.now_ms() == T0 + 5
    clock.assume(T0 + 10**6, 0)
    assert clock.now_ms() == T0 + 5
