"""The `kline:` lists in Redis: the newest 700 candles of each series, oldest first."""

from collections.abc import Mapping, Sequence

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from common.bus.redis_errors import is_wrong_type
from ingester.market.candles import KEPT_CANDLES, Candle, Series
from ingester.storage.cache_values import candle_key, decode_candle, encode_candle

TAIL_CANDLES = 2


class CandleCache:
    """Writes only a list's tail when no earlier candle has changed, the whole list when its content is not certain.

    For each series it remembers the open times of the last TAIL_CANDLES that it wrote. A change within them replaces
    that many entries and appends the new ones. A change further back, a series that was not written yet, and one that
    was passed to `invalidate` are written whole. Redis may be wiped at any moment: a list that is shorter after the
    write than it should be is returned by `write` and written whole the next time.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._tails: dict[Series, list[int]] = {}

    async def load(self, series: Series) -> list[Candle]:
        """The cached candles; none when the list, or whatever the key holds, can't be read as candles in order."""
        try:
            values = await self._redis.lrange(candle_key(series), 0, -1)
            candles = [decode_candle(value) for value in values]
        except (ValueError, ArithmeticError, KeyError, TypeError):
            return []
        except ResponseError as error:
            if not is_wrong_type(error):
                raise
            return []
        times = [candle.open_ms for candle in candles]
        if times != sorted(set(times)):
            return []
        self._tails[series] = times[-TAIL_CANDLES:]
        return candles

    async def drop(self, series: Sequence[Series]) -> None:
        """Empties lists that belong to another market."""
        await self._redis.delete(*(candle_key(each) for each in series))

    async def write(self, changed: Mapping[Series, tuple[int, list[Candle]]], market_ms: int) -> set[Series]:
        """Writes series, given the earliest changed open time and all candles of each, in one transaction.

        Returns those whose lists were not what was written last; they must be written whole.
        """
        pipe = self._redis.pipeline(transaction=True)
        lengths: list[tuple[Series, int, int]] = []
        commands = 0
        for series, (from_ms, candles) in changed.items():
            key, tail = candle_key(series), self._tails.get(series, [])
            is_tail = len(tail) == TAIL_CANDLES and from_ms >= tail[0]
            replaced = [open_ms for open_ms in tail if open_ms >= from_ms]
            rows = [candle for candle in candles if candle.open_ms >= from_ms] if is_tail else candles
            if not is_tail:
                pipe.delete(key)
                commands += 1
            elif replaced:
                pipe.rpop(key, len(replaced))
                commands += 1
            values = (encode_candle(row, series[1], market_ms, is_newest=row is candles[-1]) for row in rows)
            pipe.rpush(key, *values)
            pipe.ltrim(key, -KEPT_CANDLES, -1)
            lengths.append((series, commands, len(candles)))
            commands += 2
        replies = await pipe.execute()
        for series, (_, candles) in changed.items():
            self._tails[series] = [candle.open_ms for candle in candles[-TAIL_CANDLES:]]
        short = {series for series, place, length in lengths if replies[place] < length}
        self.invalidate(short)
        return short

    def invalidate(self, series: set[Series]) -> None:
        """Has these series written whole the next time."""
        for each in series:
            self._tails.pop(each, None)
