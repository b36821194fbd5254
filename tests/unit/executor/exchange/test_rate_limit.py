"""The token bucket of request weight."""

from itertools import pairwise

import pytest

from common.runtime.metrics import exchange as metrics
from common.trading.request_weight import (
    EXECUTOR_LEAST_PER_MINUTE,
    EXECUTOR_PEAK_MINUTES,
    EXECUTOR_PER_MINUTE,
    GIVEN_PER_MINUTE,
    INGESTER_PER_MINUTE,
    MOST_PER_MINUTE,
)
from executor.exchange.errors import ExchangeUnavailable, RateLimited, Unreachable
from executor.exchange.rate_limit import (
    BURST_MINUTES,
    DUE_RESERVE,
    ROUTINE_RESERVE,
    URGENT_RESERVE,
    RequestRateLimiter,
    weight_of,
)


def test_what_protects_has_room_when_what_can_wait_has_none() -> None:
    limiter = RequestRateLimiter(480, start_minutes=1)
    assert limiter.allows(20, ROUTINE_RESERVE, 0.0)
    limiter.spend(402, 0.0)
    assert not limiter.allows(20, ROUTINE_RESERVE, 0.0)
    assert limiter.allows(20, DUE_RESERVE, 0.0)
    limiter.spend(98, 0.0)
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


@pytest.mark.parametrize("quiet_s", [0, 120])
@pytest.mark.parametrize("kind", ["frontendOpenOrders", "userRole"])
def test_whoever_asks_without_end_leaves_the_ingesters_weight(kind: str, quiet_s: int) -> None:
    """Every twentieth of a second, beside two states a second, from the start or after a quiet time."""
    limiter, asked = RequestRateLimiter(EXECUTOR_PER_MINUTE), list[tuple[float, int]]()
    for tick in range(quiet_s * 20, 6_000):
        now_s = tick / 20
        for each in (kind, "clearinghouseState") if tick % 10 == 0 else (kind,):
            try:
                limiter.start(each, now_s)
            except RateLimited:
                continue
            asked.append((now_s, weight_of(each)))
    minutes = [sum(weight for at_s, weight in asked if start <= at_s < start + 60) for start in range(240)]
    assert EXECUTOR_PER_MINUTE <= max(minutes) <= EXECUTOR_PEAK_MINUTES * EXECUTOR_PER_MINUTE
    assert sum(weight for _, weight in asked) >= 0.95 * EXECUTOR_PER_MINUTE * (300 - quiet_s) / 60


@pytest.mark.parametrize("quiet_s", [0, 120])
@pytest.mark.parametrize(("per_minute", "light_pause_ticks"), [(600, 10), (600, 6_001), (240, 6_001)])
def test_urgent_lists_come_while_another_account_asks_for_all(
    per_minute: int, light_pause_ticks: int, quiet_s: int
) -> None:
    """One asks for all that is due every twentieth of a second, the other for an urgent list twice a second."""
    limiter, asked, urgent_s = RequestRateLimiter(per_minute), list[tuple[float, int]](), [float(quiet_s)]
    for tick in range(1, 6_001):
        now_s = quiet_s + tick / 20
        for reserve in (DUE_RESERVE, ROUTINE_RESERVE):
            if limiter.allows(20, reserve, now_s):
                limiter.start("userFillsByTime", now_s)
                asked.append((now_s, 20))
        if tick % light_pause_ticks == 0:
            limiter.start("clearinghouseState", now_s)
            asked.append((now_s, 2))
        if tick % 10 == 5 and limiter.allows(20, URGENT_RESERVE, now_s):
            limiter.start("frontendOpenOrders", now_s)
            urgent_s.append(now_s)
            asked.append((now_s, 20))
    gaps = [after - before for before, after in pairwise([*urgent_s, quiet_s + 300.0])]
    minutes = [sum(weight for at_s, weight in asked if start <= at_s - quiet_s < start + 60) for start in range(240)]
    assert max(gaps) <= 7
    assert max(minutes) <= EXECUTOR_PEAK_MINUTES * per_minute


def test_with_the_least_limit_a_whole_record_finds_room_beside_the_states() -> None:
    limiter = RequestRateLimiter(EXECUTOR_LEAST_PER_MINUTE)
    for tick in range(60):
        limiter.start("clearinghouseState", float(tick))
    assert limiter.allows(20, DUE_RESERVE, 60.0)
    assert limiter.allows(100, DUE_RESERVE, 60.0)


def test_executor_and_ingester_share_what_the_exchange_gives() -> None:
    most = EXECUTOR_PEAK_MINUTES * EXECUTOR_PER_MINUTE + INGESTER_PER_MINUTE
    assert most <= MOST_PER_MINUTE < GIVEN_PER_MINUTE


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
