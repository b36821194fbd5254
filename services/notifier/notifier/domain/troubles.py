"""What the notifier sees by itself: stores and services that are away, models that don't answer. Pure.

Without Prometheus no other part reports these: a store that is away takes the services' own alerts with it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from common.events import AlertSeverity
from common.events.catalog import AGENT, role_of
from notifier.domain.alerts import RANKS
from notifier.domain.notices import AlertNotice


class TroubleCode(StrEnum):
    """The codes of these notices. The runbook says of each what it means."""

    REDIS_DOWN = "REDIS_DOWN"
    DATABASE_DOWN = "DATABASE_DOWN"
    SERVICE_DOWN = "SERVICE_DOWN"
    NOT_READY = "NOT_READY"
    MODEL_FAILING = "MODEL_FAILING"


HELD_S: Final = {
    TroubleCode.REDIS_DOWN: 30.0,
    TroubleCode.DATABASE_DOWN: 30.0,
    TroubleCode.SERVICE_DOWN: 60.0,
    TroubleCode.NOT_READY: 120.0,
    TroubleCode.MODEL_FAILING: 150.0,
}
"""How long a trouble must last before it is sent: a restart is none."""
CRITICAL: Final = (TroubleCode.REDIS_DOWN, TroubleCode.DATABASE_DOWN, TroubleCode.SERVICE_DOWN)
DATABASE: Final = "database"
"""The readiness condition of a service that PostgreSQL doesn't answer."""
MODEL: Final = "model"
"""The readiness condition of an agent whose model doesn't answer."""
AGAIN_S: Final = 1_800.0
"""How soon a trouble that lasts is sent once more."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong now. `subject` is the service, or the contender of a model."""

    code: TroubleCode
    subject: str
    message: str


def find_troubles(states: Mapping[str, Mapping[str, Any] | None]) -> list[Trouble]:
    """What is wrong by the newest presence of each service; None for one that has written none of late."""
    found, without_database = [], []
    for service, state in states.items():
        if state is None:
            found.append(Trouble(TroubleCode.SERVICE_DOWN, service, f"{service} does not run"))
            continue
        reasons: Mapping[str, str] = state.get("reasons") or {}
        if DATABASE in reasons:
            without_database.append(service)
        elif role_of(service) == AGENT:
            if MODEL in reasons:
                contender = service.removeprefix(f"{AGENT}-")
                found.append(Trouble(TroubleCode.MODEL_FAILING, contender, f"no answer: {reasons[MODEL]}"))
        elif reasons:
            text = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
            found.append(Trouble(TroubleCode.NOT_READY, service, f"not ready: {text}"))
    if without_database:
        names = ", ".join(without_database)
        found.append(Trouble(TroubleCode.DATABASE_DOWN, "postgresql", f"PostgreSQL does not answer {names}"))
    return found


@dataclass(slots=True)
class _Noted:
    trouble: Trouble
    since_s: float
    sent_s: float | None = None


class Troubles:
    """Which troubles last. Each is sent once it has lasted, again every half hour, and when it is over.

    Those below the severity `least` are not sent. Times are of a monotonic clock. While the services can't be seen
    (`without_redis`) theirs neither begin nor end.
    """

    def __init__(self, least: AlertSeverity = AlertSeverity.WARNING) -> None:
        self._least = least
        self._noted: dict[tuple[TroubleCode, str], _Noted] = {}

    def note(self, found: Iterable[Trouble], now_s: float) -> list[AlertNotice]:
        """Takes what is wrong now, and returns what is to be sent."""
        current = {(each.code, each.subject): each for each in found}
        notices = [self._end(key) for key in [key for key in self._noted if key not in current]]
        return [each for each in notices if each is not None] + self._begun(current.values(), now_s)

    def without_redis(self, reason: str, now_s: float) -> list[AlertNotice]:
        """Redis doesn't answer."""
        return self._begun([Trouble(TroubleCode.REDIS_DOWN, "redis", f"Redis does not answer: {reason}")], now_s)

    def _begun(self, current: Iterable[Trouble], now_s: float) -> list[AlertNotice]:
        due = []
        for trouble in current:
            if RANKS[severity_of(trouble.code)] < RANKS[self._least]:
                continue
            noted = self._noted.setdefault((trouble.code, trouble.subject), _Noted(trouble, now_s))
            noted.trouble = trouble
            has_lasted = now_s - noted.since_s >= HELD_S[trouble.code]
            if has_lasted and (noted.sent_s is None or now_s - noted.sent_s >= AGAIN_S):
                noted.sent_s = now_s
                due.append(_notice(trouble, is_resolved=False))
        return due

    def _end(self, key: tuple[TroubleCode, str]) -> AlertNotice | None:
        noted = self._noted.pop(key)
        return None if noted.sent_s is None else _notice(noted.trouble, is_resolved=True)


def severity_of(code: TroubleCode) -> AlertSeverity:
    return AlertSeverity.CRITICAL if code in CRITICAL else AlertSeverity.WARNING


def _notice(trouble: Trouble, *, is_resolved: bool) -> AlertNotice:
    return AlertNotice(
        code=trouble.code,
        severity=severity_of(trouble.code),
        is_resolved=is_resolved,
        model=trouble.subject if trouble.code is TroubleCode.MODEL_FAILING else None,
        service=trouble.subject,
        message=trouble.message,
    )
