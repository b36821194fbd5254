"""GET operations: readiness of the services, lag of the streams, latencies, errors, alerts, dead letters."""

from collections.abc import Callable
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from common.events.catalog import CATALOG, DEAD_SUFFIX, services_of
from common.runtime.presence import MISSING_AFTER_MS, presence_key
from common.runtime.service import Service
from common.trading.durations import HOUR_MS
from common.trading.roster import Roster
from gateway.rest.schemas import ServiceState
from gateway.storage.cached import decode_cached
from gateway.storage.queries import Queries, Row

ALERTS = 50
SAMPLE = 500
START_LIMIT_MS = 60_000
"""For so long after the gateway's own start a service that has not been heard may be starting too."""
START = "start"
"""The condition that a service doesn't meet while it starts."""
PRESENCE = ("ready", "reasons", "started_ms", "time_ms")
STAGES = ("decision", "decision_to_verdict", "verdict_to_sent", "sent_to_filled")


class Operations:
    """Reads presence keys, streams and the recorder's tables; a service without a recent presence is not ready."""

    def __init__(
        self, service: Service, roster: Roster, queries: Queries, push_latency: Callable[[], dict[str, Any]]
    ) -> None:
        self._service, self._queries, self._push_latency = service, queries, push_latency
        self._names = services_of(roster.ids)
        self._started_ms = service.clock.now_ms()

    async def read(self) -> dict[str, Any]:
        now_ms = self._service.clock.now_ms()
        presences = await self._presences()
        streams, dead = await read_streams(self._service.redis)
        return {
            "services": [service_row(name, presences.get(name), self._started_ms, now_ms) for name in self._names],
            "streams": streams,
            "latencies": [*await self._latencies(), self._push_latency()],
            "errors": [_error_row(name, presence, now_ms) for name, presence in presences.items()],
            "alerts": await self._queries.alerts(ALERTS),
            "dead_letters": dead,
            "time_ms": now_ms,
        }

    async def _presences(self) -> dict[str, dict[str, Any]]:
        """The latest presence of each service, by name."""
        values = await self._service.redis.mget([presence_key(name) for name in self._names])
        found = {name: decode_cached(value, *PRESENCE) for name, value in zip(self._names, values, strict=True)}
        return {name: presence for name, presence in found.items() if presence is not None}

    async def _latencies(self) -> list[Row]:
        found = await self._queries.latencies(SAMPLE)
        return [{"name": name} | found.get(name, {"p50_ms": None, "p99_ms": None, "count": 0}) for name in STAGES]


async def read_streams(redis: Redis) -> tuple[list[Row], list[Row]]:
    """(streams with their groups, streams that have dead letters). Raises what `is_outage` knows."""
    async with redis.pipeline(transaction=False) as pipe:
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


def service_row(name: str, presence: dict[str, Any] | None, gateway_started_ms: int, now_ms: int) -> dict[str, Any]:
    """What a service reports itself; of one whose last report is old or missing, what is known about that."""
    seen_ms = None if presence is None else presence["time_ms"]
    times = {"started_ms": None if presence is None else presence["started_ms"], "time_ms": seen_ms}
    if presence is None or seen_ms is None or now_ms - seen_ms > MISSING_AFTER_MS:
        is_heard = seen_ms is not None and seen_ms >= gateway_started_ms
        is_starting = not is_heard and now_ms - gateway_started_ms <= START_LIMIT_MS
        state = ServiceState.STARTING if is_starting else ServiceState.SILENT
        reason = "no presence yet" if seen_ms is None else f"no presence for {(now_ms - seen_ms) // 1000} s"
        return {"name": name, "ready": False, "state": state, "reason": reason} | times
    reasons = presence["reasons"]
    state = ServiceState.READY
    if not presence["ready"]:
        state = ServiceState.STARTING if START in reasons else ServiceState.NOT_READY
    text = "; ".join(f"{condition}: {why}" for condition, why in reasons.items())
    return {"name": name, "ready": presence["ready"], "state": state, "reason": text or None} | times


def _error_row(name: str, presence: dict[str, Any], now_ms: int) -> dict[str, Any]:
    """Errors since the service's start, and per hour since then; less than an hour counts as a whole one."""
    count = presence.get("errors", 0)
    hours = max(HOUR_MS, now_ms - presence["started_ms"]) / HOUR_MS
    return {"service": name, "count": count, "per_hour": f"{count / hours:.2f}"}


def _count(reply: Any) -> int:
    return reply if isinstance(reply, int) else 0


def _groups(reply: Any) -> list[dict[str, Any]]:
    """Per consumer group the entries not read and those not acknowledged; a stream that does not exist has no group."""
    if isinstance(reply, ResponseError):
        return []
    return [{"name": each["name"].decode(), "lag": each["lag"], "pending": each["pending"]} for each in reply]
