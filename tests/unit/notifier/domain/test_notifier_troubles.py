"""What the notifier sees by itself: sent once it has lasted, and when it is over."""

from typing import Any

import pytest

from common.events import AlertSeverity
from notifier.domain.troubles import AGAIN_S, HELD_S, Trouble, TroubleCode, Troubles, find_troubles

WELL: dict[str, Any] = {"ready": True, "reasons": {}}
DOWN = Trouble(TroubleCode.SERVICE_DOWN, "risk", "risk does not run")


def unready(**reasons: str) -> dict[str, Any]:
    return {"ready": False, "reasons": reasons}


def codes(states: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each.code.value, each.subject) for each in find_troubles(states)]


def test_a_service_without_a_presence_is_down() -> None:
    assert codes({"risk": None, "executor": WELL}) == [("SERVICE_DOWN", "risk")]


def test_postgresql_is_named_once_for_all_that_miss_it() -> None:
    states = {name: unready(database="no answer", events="no answer") for name in ("risk", "recorder")}
    [trouble] = find_troubles(states)
    assert (trouble.code, trouble.message) == (
        TroubleCode.DATABASE_DOWN,
        "PostgreSQL does not answer risk, recorder",
    )


def test_a_model_that_does_not_answer_is_the_contenders_trouble() -> None:
    assert codes({"agent-qwen": unready(model="HTTP_500")}) == [("MODEL_FAILING", "qwen")]
    assert codes({"agent-qwen": unready(start="starting")}) == []


def test_a_service_that_is_not_ready_has_its_reasons() -> None:
    [trouble] = find_troubles({"gateway": unready(pushes="Redis does not answer")})
    assert (trouble.code, trouble.message) == (TroubleCode.NOT_READY, "not ready: pushes: Redis does not answer")


def test_a_trouble_is_sent_once_it_has_lasted_then_rarely_and_at_its_end() -> None:
    troubles, held_s = Troubles(), HELD_S[TroubleCode.SERVICE_DOWN]
    assert troubles.note([DOWN], 0) == []
    assert troubles.note([DOWN], held_s - 1) == []
    [begun] = troubles.note([DOWN], held_s)
    assert (begun.code, begun.severity, begun.is_resolved) == ("SERVICE_DOWN", AlertSeverity.CRITICAL, False)
    assert troubles.note([DOWN], held_s + AGAIN_S - 1) == []
    assert len(troubles.note([DOWN], held_s + AGAIN_S)) == 1
    [ended] = troubles.note([], held_s + AGAIN_S + 1)
    assert (ended.code, ended.is_resolved) == ("SERVICE_DOWN", True)


def test_what_passes_in_time_is_never_sent() -> None:
    troubles = Troubles()
    assert troubles.note([DOWN], 0) == []
    assert troubles.note([], 5) == []
    assert troubles.note([DOWN], HELD_S[TroubleCode.SERVICE_DOWN]) == []


def test_redis_is_sent_by_who_misses_it_and_its_return_too() -> None:
    troubles, held_s = Troubles(), HELD_S[TroubleCode.REDIS_DOWN]
    assert troubles.without_redis("TimeoutError", 0) == []
    [begun] = troubles.without_redis("TimeoutError", held_s)
    assert (begun.code, begun.message) == ("REDIS_DOWN", "Redis does not answer: TimeoutError")
    [ended] = troubles.note([], held_s + 1)
    assert (ended.code, ended.is_resolved) == ("REDIS_DOWN", True)


@pytest.mark.parametrize(("least", "sent"), [(AlertSeverity.WARNING, 1), (AlertSeverity.CRITICAL, 0)])
def test_what_is_not_severe_enough_is_not_sent(least: AlertSeverity, sent: int) -> None:
    troubles, trouble = Troubles(least), Trouble(TroubleCode.MODEL_FAILING, "qwen", "no answer")
    held_s = HELD_S[TroubleCode.MODEL_FAILING]
    assert len(troubles.note([trouble], 0) + troubles.note([trouble], held_s)) == sent
