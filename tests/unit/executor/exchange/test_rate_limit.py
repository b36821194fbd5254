"""The token bucket of request weight."""

from executor.exchange.rate_limit import ROUTINE_RESERVE, RequestRateLimiter, weight_of


def test_routine_polls_wait_for_the_bucket_and_orders_never_do() -> None:
    limiter = RequestRateLimiter(120)
    assert limiter.allows_routine(20, 0.0)
    limiter.spend(100, 0.0)
    assert not limiter.allows_routine(20, 0.0)
    limiter.spend(40, 0.0)
    assert limiter.left(0.0) == -20
    limiter.spend(500, 0.0)
    assert limiter.left(0.0) == -30
    assert not limiter.allows_routine(20, 50.0)
    assert limiter.allows_routine(20, (30 + 20 + ROUTINE_RESERVE) / 2)
    assert limiter.left(10_000.0) == 120


def test_an_unlisted_question_weighs_as_most_do() -> None:
    assert (weight_of("orderStatus"), weight_of("userRole"), weight_of("userFills")) == (2, 60, 20)
