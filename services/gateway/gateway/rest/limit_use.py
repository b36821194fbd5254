"""GET limits: how much of each limit a contender has used, from what risk publishes and the recorded accounts."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from redis.asyncio import Redis

from common.trading.durations import DAY_MS
from common.trading.roster import Roster
from gateway.rest.schema_parts import GAUGES
from gateway.storage.cached import decode_cached
from gateway.storage.queries import Queries
from gateway.storage.standing import StandingQueries

LIMITS_KEY: Final = "risk:limits"
DAY_KEY: Final = "risk:day:"
PLACES: Final = Decimal("0.00000001")

Figures = Mapping[str, Decimal | None]


class LimitUse:
    """Reads the published limits and day figures, and each account. What isn't known is null.

    The cost is that of the decisions recorded in the market's UTC day; the cap is `DAILY_COST_CAP_USD`.
    """

    def __init__(self, redis: Redis, roster: Roster, queries: Queries, cost_cap_usd: Decimal) -> None:
        self._redis, self._models, self._queries, self._cost_cap_usd = redis, roster.ids, queries, cost_cap_usd
        self._standing = StandingQueries(queries, roster.ids)

    async def read(self, market_ms: int) -> list[dict[str, Any]]:
        """A row per contender with its gauges. Raises what `is_outage` knows."""
        values = await self._redis.mget([LIMITS_KEY, *(DAY_KEY + model for model in self._models)])
        limits, *days = [decode_cached(value) for value in values]
        day_ms = market_ms // DAY_MS * DAY_MS
        accounts = {row["model"]: row for row in await self._queries.accounts(self._models)}
        costs = {row["model"]: row["cost_usd"] for row in await self._standing.day_costs(day_ms)}
        held = [row["model"] for row in await self._queries.positions(self._models)]
        rows = []
        for model, day in zip(self._models, days, strict=True):
            used = figures(day or {}, accounts.get(model), held.count(model), day_ms // DAY_MS)
            used |= {"day_cost_usd": _decimal(costs.get(model, "0"))}
            rows.append({"model": model, "gauges": gauges(used, limits or {}, self._cost_cap_usd)})
        return rows


def figures(
    day: Mapping[str, Any], account: Mapping[str, Any] | None, positions: int, today: int
) -> dict[str, Decimal | None]:
    """What is used of each limit, by the gauge's name; `today` counts days since 1970. None where it isn't known."""
    gate = day.get("gate") if isinstance(day.get("gate"), dict) else {}
    is_today = day.get("day") == today
    equity = _decimal(account["equity"]) if account else None
    exposed = _decimal(account["total_notional"]) if account else None
    lost = _loss_percent(_decimal(day.get("equity_usd")), equity)
    entered = _decimal((gate or {}).get("entries_today"))
    return {
        "daily_loss_percent": lost if is_today or lost is None else Decimal(0),
        "drawdown_percent": _loss_percent(_decimal((gate or {}).get("high_water_usd")), equity),
        "entries_today": entered if is_today or entered is None else Decimal(0),
        "open_positions": Decimal(positions) if account else None,
        "gross_exposure_ratio": exposed / equity if exposed is not None and equity else None,
    }


def gauges(used: Figures, limits: Mapping[str, Any], cost_cap_usd: Decimal) -> Sequence[dict[str, Any]]:
    """A row per limit: its name, what is used, and the limit."""
    rows = []
    for name, limit_name in GAUGES.items():
        limit = _decimal(limits.get(limit_name)) if limit_name else cost_cap_usd
        rows.append({"name": name, "used": _optional_wire(used.get(name)), "limit": _optional_wire(limit)})
    return rows


def _loss_percent(before: Decimal | None, now: Decimal | None) -> Decimal | None:
    if before is None or now is None or before <= 0:
        return None
    return max(Decimal(0), 100 * (before - now) / before)


def _decimal(value: Any) -> Decimal | None:
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def wire(value: Decimal) -> str:
    """As `wire` in SQL."""
    return format(value.quantize(PLACES).normalize(), "f")


def _optional_wire(value: Decimal | None) -> str | None:
    return None if value is None else wire(value)
