"""The day's spending on a model: the most a call may cost is reserved before it is made."""

from contextlib import suppress
from decimal import Decimal
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from common.trading.durations import DAY_MS

MICRO_USD: Final = 1_000_000
KEEP_S: Final = 3 * 86_400


class Budget:
    """Counts in Redis, so that a restart keeps the sum, and in memory, so that a wiped or unreachable Redis does too.

    The caller reserves before a call and settles exactly once after it, also when the call was cancelled. Days are UTC
    days of wall time, by which providers bill. A reservation that a crash leaves behind counts as spent.
    """

    def __init__(self, redis: "Redis", model: str, cap_usd: Decimal) -> None:
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

    async def settle(self, reserved_usd: Decimal, cost_usd: Decimal, reserved_ms: int) -> None:
        """Replaces a reservation by what the call really cost, on the day of the reservation."""
        day, usd = reserved_ms // DAY_MS, cost_usd - reserved_usd
        if usd == 0:
            return
        if day == self._day:
            await self._add(usd, reserved_ms)
            return
        with suppress(RedisError):  # A day that has ended: nothing is spent from it any more.
            await self._redis.incrby(self._key(day), _micro(usd))
            await self._redis.expire(self._key(day), KEEP_S)

    def _key(self, day: int) -> str:
        return f"model_cost:{self._model}:{day}"

    async def _add(self, usd: Decimal, now_ms: int) -> None:
        day = now_ms // DAY_MS
        if day != self._day:
            self._day, self._spent_micro = day, 0
        micro, key = _micro(usd), self._key(day)
        self._spent_micro += micro
        try:
            stored = await self._redis.incrby(key, micro)
            if stored < self._spent_micro:
                stored = await self._redis.incrby(key, self._spent_micro - stored)
            await self._redis.expire(key, KEEP_S)
        except RedisError:
            return
        self._spent_micro = int(stored)


def _micro(usd: Decimal) -> int:
    return int((usd * MICRO_USD).to_integral_value())
