"""What holds for any order and any repetition of market data."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ingester_frames import COINS, T0_MS, build_candle, trade_from, wire_trade

from common.trading.durations import MINUTE_MS
from common.trading.instruments import Symbol
from ingester.market.candles import KEPT_CANDLES, Candles, Series
from ingester.market.cycles import GRACE_MS, Cycles
from ingester.market.market_time import CARRY_LIMIT_MS, MarketTime
from ingester.market.series import SeriesBuilder
from ingester.market.tape import Tape

SERIES: Series = (Symbol.BTC, "1m")
FIGURES = ("open", "high", "low", "close", "volume")
states = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 50)), min_size=1, max_size=60)


@given(states, st.randoms())
def test_candles_end_up_the_same_in_any_order(rows: list[tuple[int, int]], rng) -> None:  # type: ignore[no-untyped-def]
    """A candle's state is named by its trade count, as on the exchange."""
    shuffled = rng.sample(rows, len(rows))
    results = []
    for order in (rows, shuffled, [*shuffled, *rows]):
        candles = Candles(COINS)
        for minute, count in order:
            candles.add(SERIES, build_candle(T0_MS + minute * MINUTE_MS, 100 + count, count))
        results.append(candles.read(SERIES))
    assert results[0] == results[1] == results[2]
    times = [candle.open_ms for candle in results[0]]
    assert times == sorted(set(times))


@given(st.integers(1, 700), st.integers(0, 700))
def test_the_newest_500_are_kept_whatever_comes_first(live: int, past: int) -> None:
    candles = Candles(COINS)
    for minute in range(past, past + live):
        candles.add(SERIES, build_candle(T0_MS + minute * MINUTE_MS))
    candles.add_history(SERIES, [build_candle(T0_MS + minute * MINUTE_MS) for minute in range(past)], requested_in=0)
    times = [candle.open_ms for candle in candles.read(SERIES)]
    expected = range(past + live)[-KEPT_CANDLES:]
    assert times == [T0_MS + minute * MINUTE_MS for minute in expected]


batches = st.lists(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 50)), max_size=20), max_size=8)


@given(st.integers(0, 1_200), batches)
def test_columns_are_the_candles_as_floats(live: int, merged: list[list[tuple[int, int]]]) -> None:
    candles = Candles(COINS)
    for minute in range(live):
        candles.add(SERIES, build_candle(T0_MS + minute * MINUTE_MS, 100 + minute % 7))
    for batch in merged:
        late = [build_candle(T0_MS + (live - 20 + minute) * MINUTE_MS, 90 + count, count) for minute, count in batch]
        candles.add_history(SERIES, late, requested_in=0)
    for before_ms in (T0_MS, T0_MS + live * MINUTE_MS, T0_MS + 10_000 * MINUTE_MS):
        expected = [candle for candle in candles.read(SERIES) if candle.open_ms < before_ms]
        columns = candles.window(SERIES).columns(before_ms)
        assert columns.open_times_ms.tolist() == [candle.open_ms for candle in expected]
        for name, row in zip(FIGURES, columns.figures.tolist(), strict=True):
            assert row == [float(getattr(candle, name)) for candle in expected]


EXACT = ("interval", "open_times_ms", "is_last_closed", "atr3", "atr14", "volume_average")
prices = st.sampled_from([100.0, 100.0, 100.5, 99.0, 250.0])


@given(
    st.integers(0, 80),
    st.lists(st.tuples(st.sampled_from(["open", "next", "late", "gap"]), prices), min_size=1, max_size=12),
)
def test_a_kept_builder_builds_what_a_new_one_does(count: int, changes: list[tuple[str, float]]) -> None:
    """Also of prices that hardly move, and without ever showing what is no number."""
    candles, minute = Candles(COINS), count
    kept = SeriesBuilder(candles.window(SERIES), "1m")
    for number in range(count):
        candles.add(SERIES, build_candle(T0_MS + number * MINUTE_MS, 100.0, 1))
    for states, (change, close) in enumerate(changes):
        minute += {"open": 0, "next": 1, "late": 0, "gap": 7}[change]
        at = minute - 1 if change == "late" else minute
        candles.add(SERIES, build_candle(T0_MS + at * MINUTE_MS, close, 2 + states))
        for boundary_ms in (T0_MS + minute * MINUTE_MS, T0_MS + minute * MINUTE_MS + 1):
            own, new = (
                builder.build(boundary_ms).model_dump()
                for builder in (kept, SeriesBuilder(candles.window(SERIES), "1m"))
            )
            assert own.keys() == new.keys()
            for name, value in own.items():
                assert value == (new[name] if name in EXACT else pytest.approx(new[name], rel=1e-9, abs=1e-9)), name
            assert all(math.isfinite(number) for number in numbers_in(own))


def numbers_in(value: Any) -> list[float]:
    if isinstance(value, dict):
        return numbers_in(list(value.values()))
    if isinstance(value, list | tuple):
        return [number for each in value for number in numbers_in(each)]
    return [value] if isinstance(value, float) else []


@given(st.lists(st.tuples(st.integers(0, 120_000), st.floats(0, 30)), min_size=1, max_size=50))
def test_market_time_never_runs_backwards_nor_far_ahead(steps: list[tuple[int, float]]) -> None:
    time, now_s, last_ms, newest_ms = MarketTime(), 0.0, 0, 0
    for exchange_ms, pause_s in steps:
        now_s += pause_s
        before_ms = time.now_ms(now_s)
        time.observe(T0_MS + exchange_ms, now_s)
        newest_ms = max(newest_ms, T0_MS + exchange_ms)
        market_ms = time.now_ms(now_s)
        assert last_ms <= before_ms <= market_ms
        assert newest_ms <= market_ms <= newest_ms + CARRY_LIMIT_MS
        last_ms = market_ms


@given(st.integers(5, 3_600), st.lists(st.integers(100, 200_000), min_size=1, max_size=100))
def test_every_boundary_is_either_frozen_once_or_counted_missed(interval_s: int, steps: list[int]) -> None:
    cycles, market_ms, frozen, missed = Cycles(interval_s, None), T0_MS, [], 0
    for step in steps:
        market_ms += step
        due = cycles.due(market_ms)
        if due is not None:
            assert due.boundary_ms % (interval_s * 1000) == 0
            assert due.boundary_ms + GRACE_MS <= market_ms
            cycles.mark_done(due)
            frozen.append(due.boundary_ms)
            missed += due.missed
    assert frozen == sorted(set(frozen))
    if frozen:
        first = (T0_MS + steps[0] - GRACE_MS) // (interval_s * 1000) * (interval_s * 1000)
        assert len(frozen) + missed == (frozen[-1] - first) // (interval_s * 1000)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 5_000), st.sampled_from("AB")), max_size=60))
def test_trade_flow_counts_each_trade_once(rows: list[tuple[int, int, str]]) -> None:
    known = {(number, at): side for number, at, side in rows}
    tape = Tape()
    for (number, at), side in [*known.items(), *known.items()]:
        row = wire_trade(trade_id=number, time_ms=T0_MS + at, side=side)
        tape.add(trade_from(row))
    flow = tape.flow(T0_MS + 5_000)
    assert flow.trade_count == len(known)
    assert flow.buy_usd == 200.0 * sum(side == "B" for side in known.values())
    assert flow.sell_usd == 200.0 * sum(side == "A" for side in known.values())
