"""The day's spending on a model: what a call may cost is reserved before it is made."""

from decimal import Decimal
from typing import Any, Final

from redis.exceptions import RedisError

MICRO_USD: Final = 1_000_000
DAY_MS: Final = 86_400_000
KEEP_S: Final = 3 * 86_400


class Budget:
    """Counts in Redis, so that a restart forgets nothing, and in memory, so that a wiped Redis doesn't either.

    Days are UTC days of wall time, by which providers bill. A reservation that a crash leaves behind counts as spent.
    """

    def __init__(self, redis: Any, model: str, cap_usd: Decimal) -> None:
        self._redis, self._model, self._cap_usd = redis, model, cap_usd
        self._day = -1
        self._spent_micro = 0

    async def reserve(self, usd: Decimal, now_ms: int) -> bool:
        """Whether `usd` still fits the day; if so it is set aside."""
        if usd == 0:
            return True
        await self._add(usd, now_ms)
        if self._spent_micro <= int(self._cap_usd * MICRO_USD):
            return True
        await self._add(-usd, now_ms)
        return False

    async def settle(self, reserved_usd: Decimal, cost_usd: Decimal, now_ms: int) -> None:
        """Replaces a reservation by what the call really cost."""
        if reserved_usd != cost_usd:
            await self._add(cost_usd - reserved_usd, now_ms)

    async def _add(self, usd: Decimal, now_ms: int) -> None:
        day = now_ms // DAY_MS
        if day != self._day:
            self._day, self._spent_micro = day, 0
        micro = int((usd * MICRO_USD).to_integral_value())
        self._spent_micro += micro
        key = f"model_cost:{self._model}:{day}"
        try:
            stored = await self._redis.incrby(key, micro)
            if stored < self._spent_micro:
                stored = await self._redis.incrby(key, self._spent_micro - stored)
            await self._redis.expire(key, KEEP_S)
        except RedisError:
            return
        self._spent_micro = int(stored)
