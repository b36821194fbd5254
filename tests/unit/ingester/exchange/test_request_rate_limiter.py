"""Request weight per minute."""

from manual_clock import ManualClock

from ingester.exchange.request_rate_limiter import WINDOW_S, RequestRateLimiter


async def test_a_request_larger_than_the_limit_waits_for_an_empty_minute() -> None:
    clock = ManualClock()
    limiter = RequestRateLimiter(50, clock)
    began = clock.monotonic()
    await limiter.acquire(30)
    await limiter.acquire(80)
    assert clock.monotonic() - began == WINDOW_S
    await limiter.acquire(1)
    assert clock.monotonic() - began == 2 * WINDOW_S
