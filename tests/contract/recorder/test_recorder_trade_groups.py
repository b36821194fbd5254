"""Trades as the gateway returns them, and their groups, equal a recomputation from the events alone."""

import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from decimal import Decimal
from random import Random
from typing import Any

from recorder_examples import filled, state
from trade_histories import Episode, History, episodes_of

from common.events import AccountPosition, AccountUpdated, Event, OrderFilled
from common.runtime.database import Pool
from common.trading.durations import DAY_MS, HOUR_MS
from common.trading.instruments import Symbol
from common.trading.orders import Side
from gateway.storage.queries import Queries, Row
from gateway.storage.trade_groups import TradeGroups
from recorder.handlers import Recorder

D = Decimal


def held(event: Event[OrderFilled], mark: Decimal) -> AccountPosition:
    """The position that an opening fill makes, at a mark price."""
    return AccountPosition(
        symbol=event.data.symbol,
        side=Side.LONG if event.data.side == "BUY" else Side.SHORT,
        size_coin=event.data.size_coin,
        entry_price=event.data.price,
        mark_price=mark,
        leverage=5,
        is_isolated=True,
        notional_usd=mark,
        unrealized_pnl_usd=D(0),
        margin_used_usd=D(1),
        liquidation_price=None,
        funding_since_open_usd=D(0),
        stop_loss_price=None,
        take_profit_price=None,
        protected=True,
        intent_id=event.data.intent_id,
        cycle_id=event.cycle_id,
        opened_ms=event.time_ms,
    )


def summed(
    pairs: Iterable[tuple[str, Episode]], key: Callable[[str, Episode], Hashable]
) -> dict[Hashable, tuple[Any, ...]]:
    """Number, winners, P&L and fees by key, from the cash flows of each coin's episodes."""
    groups: dict[Hashable, list[Episode]] = defaultdict(list)
    for coin, episode in pairs:
        groups[key(coin, episode)].append(episode)
    return {
        name: (
            len(rows),
            sum(1 for row in rows if row.cash > row.fees),
            sum((row.cash - row.fees for row in rows), D(0)),
            sum((row.fees for row in rows), D(0)),
        )
        for name, rows in groups.items()
    }


def sums_of(rows: list[Row], *key: str) -> dict[Hashable, tuple[Any, ...]]:
    assert all(D(row["funding"]) == 0 for row in rows)
    values = [(row["trades"], row["trades_won"], D(row["pnl"]), D(row["fees"])) for row in rows]
    return {tuple(row[name] for name in key): value for row, value in zip(rows, values, strict=True)}


def ended_in(history: History) -> list[tuple[str, Episode]]:
    """Each closed trade of a history with its coin, from the fills alone."""
    fills = [event for event in history.events if isinstance(event.data, OrderFilled)]
    return [
        (coin.value, episode)
        for coin in history.markets
        for episode in episodes_of(
            [event for event in fills if event.data.symbol is coin], history.confidences, history.leverages
        )
        if episode.closed_ms is not None
    ]


async def test_groups_equal_a_recomputation_from_raw_fills(recorder: Recorder, pool: Pool) -> None:
    histories = [History(model, Random(seed)) for model, seed in (("qwen", 3), ("deepseek", 4))]
    for history in histories:
        for number in range(150):
            history.step(number)
        await recorder.store(history.events, 1)
    found = {model: await TradeGroups(Queries(pool)).read(model) for model in ("qwen", "deepseek", None)}
    ended: dict[str, list[tuple[str, Episode]]] = {}
    for history in histories:
        ended[history.model] = ended_in(history)
        assert len(ended[history.model]) > 30
    for model, groups in found.items():
        rows = [pair for name, pairs in ended.items() if model in (None, name) for pair in pairs]
        known = [(coin, each) for coin, each in rows if each.leverage]
        assert sums_of(groups["coins"], "symbol") == summed(rows, lambda coin, each: (coin,))
        assert sums_of(groups["days"], "day_ms") == summed(rows, ending_day)
        assert sums_of(groups["hours"], "weekday", "hour") == summed(rows, opening_hour)
        assert sums_of(groups["histogram"], "from_percent") == summed(known, lambda coin, each: (step_of(each),))


def ending_day(coin: str, episode: Episode) -> tuple[int]:
    return ((episode.closed_ms or 0) // DAY_MS * DAY_MS,)


def opening_hour(coin: str, episode: Episode) -> tuple[int, int]:
    return ((episode.opened_ms // DAY_MS + 3) % 7, episode.opened_ms // HOUR_MS % 24)


def step_of(episode: Episode) -> int:
    percent = (episode.cash - episode.fees) / (episode.bought / D(episode.leverage or 1)) * 100
    return max(-50, min(45, math.floor(percent / 5) * 5))


async def test_excursions_follow_from_the_marks_that_states_showed(recorder: Recorder, pool: Pool) -> None:
    history = History("qwen", Random(1))
    history.step(0)
    entry = next(event for event in history.events if isinstance(event.data, OrderFilled))
    entries = [event for event in history.events if isinstance(event.data, OrderFilled)]
    size = sum((event.data.size_coin for event in entries), D(0))
    sign = 1 if entry.data.side == "BUY" else -1
    price = sum((event.data.size_coin * event.data.price for event in entries), D(0)) / size
    marks = [price * D(factor) for factor in ("0.999", "1.02", "0.97", "1.001")]
    states: list[Event[AccountUpdated]] = [
        state("qwen", entry.time_ms + number, D(10_000), positions=(held(entry, mark),))
        for number, mark in enumerate(marks, start=1)
    ]
    await recorder.store([*history.events, *states], 1)
    await expect_excursions(pool, price, sign, [*marks, price])
    exit_price = price * D("0.95")
    out = filled("qwen", entry.data.symbol, 99, entry.time_ms + 50, -sign * size, exit_price, sign * size)
    await recorder.store([state("qwen", entry.time_ms + 60, D(10_000)), out], 1)
    await expect_excursions(pool, price, sign, [*marks, price, exit_price])


async def expect_excursions(pool: Pool, entry: Decimal, sign: int, prices: list[Decimal]) -> None:
    [row] = await Queries(pool).rows("SELECT * FROM api_trades")
    moves = [sign * (price / entry - 1) * 100 for price in prices]
    assert abs(D(row["mae_percent"]) - min(moves)) < D("1e-6")
    assert abs(D(row["mfe_percent"]) - max(moves)) < D("1e-6")


async def test_what_is_left_of_an_open_trade_is_named(recorder: Recorder, pool: Pool) -> None:
    coin = Symbol.BTC
    fills = [
        filled("qwen", coin, 1, 1_000, D(3), D(100), D(0), fee=D("0.1")),
        filled("qwen", coin, 2, 2_000, D(-1), D(104), D(3), fee=D("0.05"), closed_pnl=D(4)),
    ]
    await recorder.store(fills, 1)
    [row] = await Queries(pool).rows("SELECT * FROM api_trades")
    assert (row["status"], row["open_size"], row["fees"]) == ("OPEN", "2", "0.15")
    assert (row["pnl"], row["mae_percent"], row["mfe_percent"]) == (None, None, None)
