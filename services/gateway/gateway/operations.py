"""GET operations: how the services are, what lags, how long things take, what went wrong."""

import json
from typing import Any

from redis.exceptions import ResponseError

from common.events.catalog import CATALOG, DEAD_SUFFIX, services_of
from common.runtime.presence import MISSING_AFTER_MS, presence_key
from common.runtime.service import Service
from common.trading.symbols import MODELS
from gateway.queries import Queries, Row
from gateway.tail import PushAges

ALERTS = 50
SAMPLE = 500
HOUR_MS = 3_600_000
STAGES = ("decision", "decision_to_verdict", "verdict_to_sent", "sent_to_filled")


class Operations:
    """Reads what services and stores say; a service that has said nothing lately counts as not ready."""

    def __init__(self, service: Service, queries: Queries, push_ages: PushAges) -> None:
        self._service, self._queries, self._push_ages = service, queries, push_ages

    async def read(self) -> dict[str, Any]:
        now_ms = self._service.clock.now_ms()
        told = await self._told()
        streams, dead = await self._streams()
        return {
            "services": [_state(name, told.get(name), now_ms) for name in services_of(MODELS)],
            "streams": streams,
            "latencies": [*await self._stages(), self._push_ages.summary()],
            "errors": [_errors(name, body, now_ms) for name, body in told.items()],
            "alerts": await self._queries.alerts(ALERTS),
            "dead_letters": dead,
            "time_ms": now_ms,
        }

    async def _told(self) -> dict[str, dict[str, Any]]:
        """What each service last said of itself."""
        names = services_of(MODELS)
        values = await self._service.redis.mget([presence_key(name) for name in names])
        return {name: json.loads(value) for name, value in zip(names, values, strict=True) if value}

    async def _streams(self) -> tuple[list[Row], list[Row]]:
        async with self._service.redis.pipeline(transaction=False) as pipe:
            for stream in CATALOG:
                pipe.xlen(stream)
                pipe.xinfo_groups(stream)
                pipe.xlen(stream + DEAD_SUFFIX)
            replies = await pipe.execute(raise_on_error=False)
        streams, dead = [], []
        for index, stream in enumerate(CATALOG):
            length, groups, letters = replies[3 * index : 3 * index + 3]
            for reply in (length, groups, letters):
                if isinstance(reply, Exception) and not isinstance(reply, ResponseError):
                    raise reply
            streams.append({"stream": stream, "length": _count(length), "groups": _groups(groups)})
            if _count(letters):
                dead.append({"stream": stream, "count": _count(letters)})
        return streams, dead

    async def _stages(self) -> list[Row]:
        found = await self._queries.latencies(SAMPLE)
        return [{"name": name} | found.get(name, {"p50_ms": None, "p99_ms": None, "count": 0}) for name in STAGES]


def _state(name: str, said: dict[str, Any] | None, now_ms: int) -> dict[str, Any]:
    if said is None:
        return {"name": name, "ready": False, "reason": "nothing heard yet", "started_ms": None, "time_ms": None}
    times = {"started_ms": said["started_ms"], "time_ms": said["time_ms"]}
    if now_ms - said["time_ms"] > MISSING_AFTER_MS:
        age_s = (now_ms - said["time_ms"]) // 1000
        return {"name": name, "ready": False, "reason": f"nothing heard for {age_s} s"} | times
    reasons = "; ".join(f"{condition}: {reason}" for condition, reason in said["reasons"].items())
    return {"name": name, "ready": said["ready"], "reason": reasons or None} | times


def _errors(name: str, said: dict[str, Any], now_ms: int) -> dict[str, Any]:
    """How many since the service's start, and per hour since then; from less than an hour nothing is projected."""
    count = said.get("errors", 0)
    hours = max(HOUR_MS, now_ms - said["started_ms"]) / HOUR_MS
    return {"service": name, "count": count, "per_hour": f"{count / hours:.2f}"}


def _count(reply: Any) -> int:
    return reply if isinstance(reply, int) else 0


def _groups(reply: Any) -> list[dict[str, Any]]:
    """Per consumer group what it has not read and what it has not acknowledged; a stream that isn't there has none."""
    if isinstance(reply, ResponseError):
        return []
    return [{"name": each["name"].decode(), "lag": each["lag"], "pending": each["pending"]} for each in reply]
