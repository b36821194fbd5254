"""The token bucket of request weight."""

import pytest

from common.runtime.metrics import exchange as metrics
from executor.exchange.errors import ExchangeUnavailable, RateLimited, Unreachable
from executor.exchange.rate_limit import (
    BURST_MINUTES,
    DUE_RESERVE,
    MAX_DEBT_MINUTES,
    ROUTINE_RESERVE,
    START_MINUTES,
    URGENT_RESERVE,
    RequestRateLimiter,
    weight_of,
)

ALL, INGESTER = 1_200, 280
"""What the exchange gives an address in a minute, and what the ingester may take of it."""


def test_what_protects_has_room_when_what_can_wait_has_none() -> None:
    limiter = RequestRateLimiter(480, start_minutes=1)
    assert limiter.allows(20, ROUTINE_RESERVE, 0.0)
    limiter.spend(420, 0.0)
    assert not limiter.allows(20, ROUTINE_RESERVE, 0.0)
    assert limiter.allows(20, DUE_RESERVE, 0.0)
    limiter.spend(80, 0.0)
    assert not limiter.allows(20, DUE_RESERVE, 0.0)
    assert limiter.allows(20, URGENT_RESERVE, 0.0)
    limiter.spend(500, 0.0)
    assert not limiter.allows(20, URGENT_RESERVE, 0.0)
    assert limiter.left(10_000.0) == 480 * BURST_MINUTES


def test_a_question_without_room_is_not_asked_and_a_light_one_always_is() -> None:
    limiter = RequestRateLimiter(480, start_minutes=0)
    limiter.start("frontendOpenOrders", 0.0)
    limiter.start("userFillsByTime", 0.0)
    with pytest.raises(RateLimited):
        limiter.start("userRole", 0.0)
    for _ in range(100):
        limiter.start("clearinghouseState", 0.0)
    with pytest.raises(RateLimited):
        limiter.start("frontendOpenOrders", 0.0)


def test_after_a_refusal_of_the_exchange_what_is_urgent_comes_first() -> None:
    limiter = RequestRateLimiter(480)
    limiter.note_refusal(0.0)
    assert not limiter.allows(20, URGENT_RESERVE, 0.0)
    assert limiter.allows(20, URGENT_RESERVE, 3.0)
    assert not limiter.allows(20, DUE_RESERVE, 6.0)
    assert limiter.allows(20, DUE_RESERVE, 7.0)


def test_whoever_asks_without_end_stays_within_what_the_ingester_leaves() -> None:
    limiter, asked = RequestRateLimiter(480), list[float]()
    for tick in range(6_000):
        try:
            limiter.start("frontendOpenOrders", tick / 20)
        except RateLimited:
            continue
        asked.append(tick / 20)
    minutes = [sum(20 for at_s in asked if start <= at_s < start + 60) for start in range(240)]
    assert 480 <= max(minutes[60:]) <= (1 + BURST_MINUTES + MAX_DEBT_MINUTES) * 480 <= ALL - INGESTER
    assert max(minutes) <= (1 + START_MINUTES + MAX_DEBT_MINUTES) * 480


def test_what_never_left_this_machine_is_given_back() -> None:
    limiter = RequestRateLimiter(480)
    before = limiter.left(0.0)
    with pytest.raises(Unreachable), limiter.counted("userRole", lambda: 0.0):
        raise Unreachable("no connection")
    assert limiter.left(0.0) == before
    with pytest.raises(ExchangeUnavailable), limiter.counted("userRole", lambda: 0.0):
        raise ExchangeUnavailable("no answer")
    assert limiter.left(0.0) == before - 60


def test_only_what_was_sent_is_counted_as_spent() -> None:
    limiter, spent = RequestRateLimiter(480), metrics.WEIGHT_SPENT
    before = spent._value.get()
    with pytest.raises(Unreachable), limiter.counted("userRole", lambda: 0.0):
        raise Unreachable("no connection")
    assert spent._value.get() == before
    with limiter.counted("userFills", lambda: 0.0):
        pass
    assert spent._value.get() == before + 20


def test_an_unlisted_question_weighs_as_most_do() -> None:
    assert (weight_of("orderStatus"), weight_of("userRole"), weight_of("userFills")) == (2, 60, 20)
