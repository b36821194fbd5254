"""Market time between messages, without a feed and after one returns."""

from ingester_frames import T0_MS

from common.trading.durations import MINUTE_MS
from ingester.market.market_time import CARRY_LIMIT_MS, MarketTime


def test_market_time_is_the_exchange_time_carried_on() -> None:
    time = MarketTime()
    assert time.now_ms(5.0) == 0
    time.observe(T0_MS, 10.0)
    assert time.now_ms(12.5) == T0_MS + 2_500


def test_market_time_never_runs_backwards() -> None:
    time = MarketTime()
    time.observe(T0_MS, 10.0)
    time.observe(T0_MS + 400, 11.0)
    assert time.now_ms(11.0) == T0_MS + 1_000
    time.observe(T0_MS + 3_000, 11.5)
    assert time.now_ms(11.5) == T0_MS + 3_000


def test_market_time_stands_still_without_a_feed_and_resumes_with_it() -> None:
    time = MarketTime()
    time.observe(T0_MS, 10.0)
    assert time.now_ms(600.0) == T0_MS + CARRY_LIMIT_MS
    # A market that was frozen goes on where it stopped; market time waits until it has caught up.
    time.observe(T0_MS + 1_000, 600.0)
    assert time.now_ms(603.0) == T0_MS + CARRY_LIMIT_MS
    time.observe(T0_MS + 9_000, 608.0)
    assert time.now_ms(608.0) == T0_MS + 9_000
    assert time.now_ms(609.0) == T0_MS + 10_000


def test_the_same_time_repeated_does_not_move_the_market_on() -> None:
    time = MarketTime()
    for second in range(100):
        time.observe(T0_MS, float(second))
    assert time.now_ms(100.0) == T0_MS + CARRY_LIMIT_MS


def test_a_fast_market_is_followed() -> None:
    time = MarketTime()
    for second in range(10):
        time.observe(T0_MS + second * MINUTE_MS, float(second))
        assert time.now_ms(float(second)) == T0_MS + second * MINUTE_MS
