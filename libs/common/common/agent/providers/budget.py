"""The day's spending on one contender's model: the most a call may cost is set aside before it is made."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from typing import Any, Final, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from common.trading.durations import DAY_MS

MICRO_USD: Final = 1_000_000
KEEP_S: Final = 3 * 86_400
KEPT_DAYS: Final = 3
RESERVE_LIMIT_S: Final = 5.0
SETTLE_LIMIT_S: Final = 0.5
OUTAGES: Final = (RedisError, OSError, TimeoutError)


class BudgetUnreachable(Exception):
    """The day's sum can't be read, so that nothing may be spent."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """What is set aside for one call, on the UTC day on which it is made."""

    day: int
    micro_usd: int

    @property
    def usd(self) -> Decimal:
        """The amount in USD."""
        return Decimal(self.micro_usd) / MICRO_USD


@dataclass(slots=True)
class _Day:
    """This process's own figure, with the number of its changes, and the other processes' as last read."""

    micro_usd: int = 0
    sequence: int = 0
    others: dict[bytes, bytes] = field(default_factory=dict)

    @property
    def sum_micro_usd(self) -> int:
        return self.micro_usd + sum(int(figure.partition(b":")[2]) for figure in self.others.values())


class Budget:
    """One sum per contender and UTC day of wall time for all processes that ask its model, at most `cap_usd`.

    Redis holds one figure per process, `spending:{contender}:{day}`, and judges each reservation in one step. The
    caller reserves before a call and settles once after it, also after one that failed or was cancelled. A reservation
    that is never settled, since the process died, counts as spent. Each process also knows its own figure and those of
    the others as it last read them, and stores them again where Redis has lost them. `process` differs between any two
    processes, also between two lives of one service.
    """

    def __init__(self, redis: "Redis", contender: str, cap_usd: Decimal, *, process: str) -> None:
        self._redis, self._contender, self._process = redis, contender, process
        self._cap_micro_usd = int(cap_usd * MICRO_USD)
        self._days: dict[int, _Day] = {}
        self._turn = asyncio.Lock()

    def left_usd(self, now_ms: int) -> Decimal:
        """What was left of the cap, in USD, by the figures last read; not below zero."""
        spent = self._days.get(now_ms // DAY_MS, _Day()).sum_micro_usd
        return Decimal(max(0, self._cap_micro_usd - spent)) / MICRO_USD

    async def reserve(self, usd: Decimal, now_ms: int) -> Reservation | None:
        """Sets `usd` aside if it fits what is left of the day, else returns None. Raises BudgetUnreachable.

        A call cancelled here, or whose reply was lost, has reserved nothing: the next figure sent replaces its own.
        """
        reservation = Reservation(now_ms // DAY_MS, _micro_usd(usd))
        if reservation.micro_usd == 0:
            return reservation
        async with self._turn:
            day = self._day(reservation.day)
            wanted = day.micro_usd + reservation.micro_usd
            if not await self._send(reservation.day, day, wanted, self._cap_micro_usd):
                return None
            day.micro_usd += reservation.micro_usd
        return reservation

    async def settle(self, reservation: Reservation, usd: Decimal) -> None:
        """Replaces a reservation by what the call cost at most, in USD; while Redis is away, in this process only.

        The next command brings Redis what this one could not, so that it waits for Redis a short time only.
        """
        change = _micro_usd(usd) - reservation.micro_usd
        if change == 0:
            return
        day = self._day(reservation.day)
        day.micro_usd += change
        with suppress(BudgetUnreachable, TimeoutError):
            async with asyncio.timeout(SETTLE_LIMIT_S), self._turn:
                await self._send(reservation.day, day, day.micro_usd, None)

    def _day(self, number: int) -> _Day:
        for old in [each for each in self._days if each <= number - KEPT_DAYS]:
            del self._days[old]
        return self._days.setdefault(number, _Day())

    async def _send(self, number: int, day: _Day, micro_usd: int, cap_micro_usd: int | None) -> bool:
        """Whether Redis has stored this process's figure; it reads the others' figures on the way."""
        known = {**day.others, self._process.encode(): _figure(day.sequence, day.micro_usd)}
        day.sequence += 1
        arguments: list[Any] = [
            self._process,
            _figure(day.sequence, micro_usd),
            "" if cap_micro_usd is None else cap_micro_usd,
            KEEP_S,
            *(part for pair in known.items() for part in pair),
        ]
        key = f"spending:{self._contender}:{number}"
        try:
            async with asyncio.timeout(RESERVE_LIMIT_S):
                call = cast("Awaitable[list[Any]]", self._redis.fcall("aicoin_spend", 1, key, *arguments))
                is_stored, *figures = await call
        except OUTAGES as error:
            raise BudgetUnreachable(str(error) or type(error).__name__) from error
        day.others = dict(zip(figures[::2], figures[1::2], strict=True))
        day.others.pop(self._process.encode(), None)
        return bool(is_stored)


def _figure(sequence: int, micro_usd: int) -> bytes:
    return b"%d:%d" % (sequence, micro_usd)


def _micro_usd(usd: Decimal) -> int:
    """Rounded up."""
    return int((usd * MICRO_USD).to_integral_value(ROUND_CEILING))
