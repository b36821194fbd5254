"""What the leaderboard compares, against recomputations from raw states, prices and fills."""

import math
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from recorder_examples import decided, filled, snapshot, state
from trade_histories import COINS, History, episodes_of

from common.events import OrderFilled
from common.runtime.database import Pool
from common.trading.durations import HOUR_MS
from common.trading.instruments import Symbol
from gateway.storage.queries import Queries
from gateway.storage.standing import StandingQueries
from recorder.handlers import Recorder
from recorder.projections.statistics import recompute_all

D = Decimal
HOURS, STEPS = 40, 12
STEP_MS = HOUR_MS // STEPS
MODELS = ("deepseek", "qwen")

Walk = list[tuple[int, Decimal]]
"""(time in ms, value), oldest first: one value each five minutes."""


def walk(random: Random, start: int, spread: int) -> Walk:
    value, points = D(start), []
    for number in range(HOURS * STEPS):
        points.append((number * STEP_MS, value))
        value += D(random.randint(-spread, spread)) / 10
    return points


async def store_walks(recorder: Recorder, equities: dict[str, Walk], prices: Walk) -> None:
    events: list[Any] = [state(model, *point) for model, points in equities.items() for point in points]
    events += [snapshot(f"c{at_ms}", at_ms, {Symbol.BTC: price, Symbol.ETH: D(50)}) for at_ms, price in prices]
    events.sort(key=lambda event: (event.time_ms, event.type))
    for at in range(0, len(events), 100):
        await recorder.store(events[at : at + 100], 1)


def hour_ends(points: Walk) -> list[Decimal]:
    return [points[hour * STEPS + STEPS - 1][1] for hour in range(HOURS)]


async def test_excess_over_btc_follows_from_states_and_prices(recorder: Recorder, pool: Pool) -> None:
    random = Random(11)
    equities = {model: walk(random, 10_000, 400) for model in MODELS}
    prices = walk(random, 100_000, 4_000)
    await store_walks(recorder, equities, prices)
    async with pool.connection() as connection:
        await recompute_all(connection)
    btc = hour_ends(prices)[:-1]  # of the last hour nothing says that it is over
    for row in await Queries(pool).leaderboard():
        own = hour_ends(equities[row["model"]])[:-1]
        excess = 100 * (own[-1] / own[0] - btc[-1] / btc[0])
        assert D(row["btc_excess_percent"]) == pytest.approx(excess, abs=D("1e-6"))
        assert (row["btc_hours"], row["return_hours"]) == (HOURS - 2, HOURS - 1)
        low, high = resampled_excess(own, btc, Random(3))
        assert float(row["btc_excess_low_percent"]) == pytest.approx(low, rel=0.25)
        assert float(row["btc_excess_high_percent"]) == pytest.approx(high, rel=0.25)


def resampled_excess(own: list[Decimal], btc: list[Decimal], random: Random) -> tuple[float, float]:
    """The 95 % band in percentage points, hour by hour with other random numbers."""
    pairs = [(float(own[at] / own[at - 1]), float(btc[at] / btc[at - 1])) for at in range(1, len(own))]
    count, block = len(pairs), round(len(pairs) ** (1 / 3))
    found = []
    for _ in range(4_000):
        drawn: list[tuple[float, float]] = []
        while len(drawn) < count:
            start = random.randrange(count)
            drawn += [pairs[(start + at) % count] for at in range(min(block, count - len(drawn)))]
        found.append(100 * (math.prod(a for a, _ in drawn) - math.prod(b for _, b in drawn)))
    found.sort()
    return found[100], found[-101]


async def test_leads_follow_from_the_states(recorder: Recorder, pool: Pool) -> None:
    random = Random(12)
    equities = {model: walk(random, 10_000, 400) for model in MODELS}
    await store_walks(recorder, equities, walk(random, 100_000, 4_000))
    ends = {model: hour_ends(points) for model, points in equities.items()}
    ahead = [max(MODELS, key=lambda model: ends[model][hour]) for hour in range(HOURS)]
    newest_ms = equities["qwen"][-1][0]
    changes = [
        (model, min((hour + 1) * HOUR_MS, newest_ms))
        for hour, model in enumerate(ahead)
        if hour == 0 or model != ahead[hour - 1]
    ]
    assert len(changes) > 3
    found = await StandingQueries(Queries(pool), MODELS).leads(50)
    assert [(row["model"], row["since_ms"]) for row in found["leads"]] == changes[::-1]
    assert [row["until_ms"] for row in found["leads"]] == [None, *(since for _, since in changes[:0:-1])]
    assert {row["model"]: row["hours"] for row in found["hours"]} == {model: ahead.count(model) for model in MODELS}


async def test_a_tie_leaves_the_lead_and_a_gap_the_standing(recorder: Recorder, pool: Pool) -> None:
    def at(model: str, hour: int, equity: int) -> Any:
        return state(model, hour * HOUR_MS + 1, D(equity))

    states = [at(model, 0, 100) for model in MODELS]
    states += [at("qwen", 1, 110), at("deepseek", 1, 105)]
    states += [at("deepseek", 2, 108)]  # qwen stands at 110, unrecorded
    states += [at("deepseek", 3, 110), at("qwen", 3, 110)]
    states += [at("deepseek", 4, 120), at("qwen", 4, 110)]
    await recorder.store(states, 1)
    found = await StandingQueries(Queries(pool), MODELS).leads(50)
    assert [(row["model"], row["since_ms"]) for row in found["leads"]] == [
        ("deepseek", 4 * HOUR_MS + 1),
        ("qwen", 2 * HOUR_MS),
    ]
    assert {row["model"]: row["hours"] for row in found["hours"]} == {"qwen": 2, "deepseek": 1, None: 2}


async def test_one_that_left_neither_leads_nor_has_results(recorder: Recorder, pool: Pool) -> None:
    ended = [
        filled("left", Symbol.BTC, 1, 2_000, D(2), D(100), D(0)),
        filled("left", Symbol.BTC, 2, 62_000, D(-2), D(110), D(2), closed_pnl=D(20)),
    ]
    hours = range(3)
    states = [state("left", hour * HOUR_MS + 1, D(100 + 10 * hour)) for hour in hours]
    states += [state("qwen", hour * HOUR_MS + 1, D(100 + hour)) for hour in hours]
    states += [state("deepseek", hour * HOUR_MS + 1, D(100)) for hour in hours]
    await recorder.store([*sorted(states, key=lambda event: event.time_ms), *ended], 1)
    everyone = StandingQueries(Queries(pool), (*MODELS, "left"))
    assert [row["model"] for row in (await everyone.leads(50))["leads"]] == ["left"]
    assert [row["model"] for row in await everyone.coin_results()] == ["left"]
    present = StandingQueries(Queries(pool), MODELS)
    found = await present.leads(50)
    assert [(row["model"], row["since_ms"]) for row in found["leads"]] == [("qwen", 2 * HOUR_MS)]
    assert found["hours"] == [{"model": "qwen", "hours": 2}, {"model": None, "hours": 1}]
    assert await present.coin_results() == []


async def test_results_by_coin_follow_from_the_raw_fills(recorder: Recorder, pool: Pool) -> None:
    random = Random(5)
    histories = [History(model, random) for model in MODELS]
    for history in histories:
        for number in range(60):
            history.step(number)
    starts = [state(model, 999_000, D(10_000)) for model in MODELS]
    events = sorted((e for history in histories for e in history.events), key=lambda e: e.time_ms)
    await recorder.store([*starts, *events], 1)
    found = {(row["model"], row["symbol"]): row for row in await StandingQueries(Queries(pool), MODELS).coin_results()}
    expected = {(history.model, coin.value): by_coin(history, coin) for history in histories for coin in COINS}
    expected = {key: sums for key, sums in expected.items() if sums[0]}
    assert found.keys() == expected.keys()
    for key, (trades, won, pnl, fees) in expected.items():
        assert (found[key]["trades"], found[key]["trades_won"]) == (trades, won)
        assert abs(D(found[key]["pnl"]) - pnl) <= D("0.005")
        assert abs(D(found[key]["fees"]) - fees) <= D("0.005")


def by_coin(history: History, coin: Symbol) -> tuple[int, int, Decimal, Decimal]:
    """(ended trades, those with a profit, their P&L, their fees), from the fills alone."""
    fills = [e for e in history.events if isinstance(e.data, OrderFilled) and e.data.symbol is coin]
    episodes = episodes_of(fills, history.confidences, history.leverages)
    ended = [each for each in episodes if each.closed_ms is not None]
    pnls = [each.cash - each.fees for each in ended]
    return len(ended), sum(pnl > 0 for pnl in pnls), sum(pnls, D(0)), sum((each.fees for each in ended), D(0))


async def test_counts_beside_ratios_count_what_is_known(recorder: Recorder, pool: Pool) -> None:
    fills = [
        filled("qwen", Symbol.BTC, 1, 2_000, D(2), D(100), D(0), fee=D("0.09")),
        filled("qwen", Symbol.BTC, 2, 62_000, D(-2), D(110), D(2), fee=D("0.099"), closed_pnl=D(20)),
    ]
    asked = [decided("qwen", f"c{n}", n * 1_000, tokens=1, latency_ms=100, cost_usd=D(0)) for n in range(3)]
    await recorder.store([state("qwen", 1_000, D(10_000)), *asked, *fills], 1)
    [row] = await Queries(pool).leaderboard()
    counts = ("trades", "leverage_trades", "confidence_trades", "timed_decisions", "return_hours", "btc_hours")
    assert [row[name] for name in counts] == [1, 0, 0, 3, 0, 0]
    assert row["btc_excess_percent"] is None
