"""The circuit breaker of model calls."""

from common.agent.providers.breaker import Breaker


def failed(times: int) -> Breaker:
    breaker = Breaker(max_failures=3, window_s=60, pause_s=30)
    for second in range(times):
        breaker.note_failure(float(second))
    return breaker


def test_the_breaker_opens_at_its_failures_within_the_window() -> None:
    assert not failed(2).is_open(2)
    assert failed(3).is_open(3)


def test_old_failures_do_not_count() -> None:
    breaker = failed(2)
    breaker.note_failure(100)
    assert not breaker.is_open(100)


def test_a_model_that_fails_once_in_each_short_cycle_opens_the_breaker() -> None:
    breaker = Breaker()
    seconds = [20.0 * cycle for cycle in range(8)]
    opened = []
    for second in seconds:
        breaker.note_failure(second)
        opened.append(breaker.is_open(second))
    assert opened == [False] * 7 + [True]


def test_a_trial_after_the_pause_closes_or_reopens_the_breaker() -> None:
    breaker = failed(3)
    assert not breaker.is_open(32)
    breaker.note_failure(32)
    assert breaker.is_open(61)
    breaker.note_success()
    assert not breaker.is_open(61)
