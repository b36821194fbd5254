"""Conditions judged on candles: closed ones only, each after the decision, of the condition's own timeframe."""

from typing import Any

import pytest

from common.events import Invalidation
from common.trading.durations import MINUTE_MS
from common.trading.instruments import Symbol
from common.trading.orders import Side
from risk.state.invalidation import TrackedCondition, readings, still_holds, triggered_ms, wording
from support.risk_examples import a_condition, a_series, a_snapshot_event

BOUNDARY_MS = 1_790_000_040_000


def tracked(condition: Invalidation, after_ms: int = BOUNDARY_MS) -> TrackedCondition:
    return TrackedCondition("i", Symbol.BTC, Side.LONG, condition, after_ms)


def coin(*series: Any) -> Any:
    return a_snapshot_event(*series, boundary_ms=BOUNDARY_MS).data.coins[Symbol.BTC]


def test_an_open_candle_is_not_read() -> None:
    shown = a_series("1m", (1.0, 2.0, 3.0), last_close_ms=BOUNDARY_MS, is_last_closed=False)
    assert readings(shown, "close") == [(BOUNDARY_MS - MINUTE_MS, 1.0), (BOUNDARY_MS, 2.0)]
    closed = a_series("1m", (1.0, 2.0, 3.0), last_close_ms=BOUNDARY_MS)
    assert readings(closed, "close")[-1] == (BOUNDARY_MS, 3.0)


def test_an_indicator_shorter_than_the_candles_belongs_to_the_newest() -> None:
    shown = a_series("5m", (1.0,) * 4, last_close_ms=BOUNDARY_MS, rsi14=(40.0, 60.0))
    assert readings(shown, "rsi14") == [(BOUNDARY_MS - 300_000, 40.0), (BOUNDARY_MS, 60.0)]
    assert readings(shown, "ema50") == []


@pytest.mark.parametrize(
    ("op", "value", "is_triggered"),
    [("<", 5.0, False), ("<", 5.1, True), ("<=", 5.0, True), ("<=", 4.9, False),
     (">", 5.0, False), (">", 4.9, True), (">=", 5.0, True), (">=", 5.1, False)],
)  # fmt: skip
def test_each_operator_compares_as_written(op: str, value: float, is_triggered: bool) -> None:
    condition = a_condition(op=op, value=value)
    series = a_series("1m", (5.0,), last_close_ms=BOUNDARY_MS + MINUTE_MS)
    assert (triggered_ms(tracked(condition), coin(series)) is not None) == is_triggered


def test_every_candle_that_closes_after_the_decision_counts() -> None:
    """Also one between two snapshots."""
    condition = a_condition(value=10.0)
    series = a_series("1m", (1.0, 20.0, 1.0, 20.0), last_close_ms=BOUNDARY_MS + 3 * MINUTE_MS)
    assert triggered_ms(tracked(condition), coin(series)) == BOUNDARY_MS + 2 * MINUTE_MS
    assert triggered_ms(tracked(condition, BOUNDARY_MS + 2 * MINUTE_MS), coin(series)) is None
    assert not still_holds(tracked(condition), coin(series))


def test_a_condition_reads_its_own_timeframe() -> None:
    minutes = a_series("1m", (1.0,), last_close_ms=BOUNDARY_MS + MINUTE_MS)
    assert triggered_ms(tracked(a_condition(timeframe="15m", value=10.0)), coin(minutes)) is None
    assert not still_holds(tracked(a_condition(timeframe="15m", value=10.0)), coin(minutes))


def test_a_condition_is_worded_as_people_write_it() -> None:
    assert wording(tracked(a_condition(timeframe="15m", value=114_500.0))) == "BTC 15m close < 114500"
