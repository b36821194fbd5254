"""What the notifier looks for by itself: the contenders' standings, troubles, and whether all is well."""

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

from redis.asyncio import Redis

from common.events.catalog import AGENT, role_of
from common.runtime.clock import Clock
from common.runtime.outages import is_outage
from common.runtime.presence import MISSING_AFTER_MS, presence_key
from notifier.domain.notices import AlertNotice, Notice
from notifier.domain.standings import Standings, read_standing, state_day
from notifier.domain.troubles import Troubles, find_troubles

STANDINGS_EVERY_S: Final = 20.0
SERVICES_EVERY_S: Final = 5.0


async def watch_standings(redis: Redis, clock: Clock, models: Sequence[str], add: Callable[[Notice], object]) -> None:
    """Hands over a change of the lead and the end of a day, for ever; while Redis is away nothing is known."""
    standings = Standings()
    while True:
        try:
            notices = await _look(redis, models, standings)
        except Exception as error:
            if not is_outage(error):
                raise
            notices = []
        for notice in notices:
            add(notice)
        await clock.sleep(STANDINGS_EVERY_S)


async def _look(redis: Redis, models: Sequence[str], standings: Standings) -> list[Notice]:
    found, days = [], []
    for model in models:
        account, memory, day = await redis.mget(f"account:{model}", f"memory:{model}", f"risk:day:{model}")
        standing, account_day = read_standing(model, account, memory, day), state_day(account)
        if standing is not None:
            found.append(standing)
        if account_day is not None:
            days.append(account_day)
    return standings.note(found, max(days, default=None))


async def watch_services(
    redis: Redis,
    clock: Clock,
    services: Sequence[str],
    troubles: Troubles,
    add: Callable[[AlertNotice], object],
) -> None:
    """Hands over stores and services that are away, and models that don't answer, for ever; and when that is over."""
    while True:
        try:
            states = await _presences(redis, clock, services)
        except Exception as error:
            if not is_outage(error):
                raise
            notices = troubles.without_redis(type(error).__name__, clock.monotonic())
        else:
            notices = troubles.note(find_troubles(states), clock.monotonic())
        for notice in notices:
            add(notice)
        await clock.sleep(SERVICES_EVERY_S)


async def _presences(redis: Redis, clock: Clock, services: Sequence[str]) -> dict[str, dict[str, Any] | None]:
    """The newest presence of each service; None for one that has written none of late."""
    values = await redis.mget([presence_key(service) for service in services])
    states = {service: json.loads(value) if value else None for service, value in zip(services, values, strict=True)}
    now_ms = clock.now_ms()
    return {
        service: None if state is None or now_ms - state["time_ms"] > MISSING_AFTER_MS else state
        for service, state in states.items()
    }


async def why_unwell(redis: Redis, clock: Clock, services: Sequence[str]) -> str | None:
    """What is wrong with the arena, in one line; None while all is well.

    Well: every service has written its presence of late and all but the agents are ready. A model that doesn't answer
    is the model's trouble, and has an alert of its own.
    """
    try:
        states = await _presences(redis, clock, services)
    except Exception as error:
        if not is_outage(error):
            raise
        return f"Redis: {type(error).__name__}"
    for service, state in states.items():
        if state is None:
            return f"{service} does not run"
        if not state["ready"] and role_of(service) != AGENT:
            return f"{service} is not ready: {state['reasons']}"
    return None
