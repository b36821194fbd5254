"""Invalidation conditions: when the reason for a position no longer holds, judged on closed candles only. Pure."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from common.events import CandleSeries, CoinSnapshot, Invalidation
from common.trading.instruments import Symbol
from common.trading.intervals import INTERVALS_MS
from common.trading.orders import Side

_OPERATORS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class TrackedCondition:
    """A condition with the entry that carried it. Only candles that close after `after_ms` (market time) count."""

    intent_id: str
    symbol: Symbol
    side: Side
    condition: Invalidation
    after_ms: int


@dataclass(frozen=True, slots=True)
class TriggeredCondition:
    """A condition that came true, once per position.

    `closed_ms` is when its candle closed, `boundary_ms` the boundary of the snapshot that showed it (market times).
    `is_reported` marks that an alert was published about the model's holding on.
    """

    model: str
    tracked: TrackedCondition
    closed_ms: int
    boundary_ms: int
    is_reported: bool = False


def readings(series: CandleSeries, indicator: str) -> list[tuple[int, float]]:
    """(closing time, value) of every closed candle for which the series holds the indicator, oldest first."""
    values: tuple[float, ...] = series.closes if indicator == "close" else getattr(series, indicator)
    count = min(len(values), len(series.open_times_ms))
    if count == 0:
        return []
    length_ms = INTERVALS_MS[series.interval]
    pairs = zip(series.open_times_ms[-count:], values[-count:], strict=True)
    found = [(open_ms + length_ms, value) for open_ms, value in pairs]
    return found if series.is_last_closed else found[:-1]


def triggered_ms(tracked: TrackedCondition, coin: CoinSnapshot) -> int | None:
    """When the first candle closed at which the condition was true, of those that count; None if none was."""
    series = coin.series.get(tracked.condition.timeframe)
    closed = readings(series, tracked.condition.indicator) if series is not None else []
    return next((at for at, value in closed if at > tracked.after_ms and is_true(tracked.condition, value)), None)


def still_holds(tracked: TrackedCondition, coin: CoinSnapshot) -> bool:
    """Whether the condition is true at the newest closed candle."""
    series = coin.series.get(tracked.condition.timeframe)
    closed = readings(series, tracked.condition.indicator) if series is not None else []
    return bool(closed) and is_true(tracked.condition, closed[-1][1])


def is_true(condition: Invalidation, value: float) -> bool:
    return _OPERATORS[condition.op](value, condition.value)


def wording(tracked: TrackedCondition) -> str:
    """The condition as people write it: `BTC 15m close < 114500`."""
    condition = tracked.condition
    return f"{tracked.symbol} {condition.timeframe} {condition.indicator} {condition.op} {condition.value:g}"
