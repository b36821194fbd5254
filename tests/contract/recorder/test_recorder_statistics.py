"""Every figure of the leaderboard against a recomputation from the raw fills that shares no code with the recorder."""

import itertools
import math
import statistics
from collections.abc import Sequence
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from recorder_examples import decided, filled, snapshot, state
from trade_histories import COINS, Episode, History, episodes_of

from common.events import AccountLedger, LedgerKind, OrderFilled, originate
from common.runtime.database import Pool
from common.trading.durations import HOUR_MS
from common.trading.instruments import Symbol
from gateway.storage.queries import Queries
from recorder.handlers import Recorder
from recorder.projections.statistics import recompute_all

D = Decimal
ZERO = D(0)
CENT = D("0.005")


async def row_of(pool: Pool, model: str) -> dict[str, Any]:
    return next(row for row in await Queries(pool).leaderboard() if row["model"] == model)


def mean_or_none(values: Sequence[Any]) -> Any:
    return statistics.mean(values) if values else None


def median_or_none(values: Sequence[Any]) -> Any:
    return statistics.median(values) if values else None


def share_percent(flags: Sequence[bool]) -> Decimal | None:
    return D(100 * sum(flags)) / len(flags) if flags else None


def recompute(episodes: list[Episode]) -> dict[str, Any]:
    """The leaderboard's figures of one model, by the names of its row."""
    ended = [episode for episode in episodes if episode.closed_ms is not None]
    pnls = [episode.cash - episode.fees for episode in ended]
    wins, losses = [p for p in pnls if p > 0], [p for p in pnls if p < 0]
    return {
        "trades": len(ended),
        "fees": sum((e.fees for e in episodes), D(0)),
        "win_rate_percent": share_percent([p > 0 for p in pnls]),
        "biggest_win": max(wins, default=None),
        "biggest_loss": min(losses, default=None),
        "profit_factor": sum(wins, D(0)) / -sum(losses) if losses and wins else None,
        "expectancy": sum(pnls, D(0)) / len(pnls) if pnls else None,
        "long_share_percent": share_percent([e.side == "LONG" for e in ended]),
        "brier": brier_score(ended, pnls),
        **averages(ended),
    }


def brier_score(ended: list[Episode], pnls: list[Decimal]) -> Decimal | None:
    """The mean squared distance of the stated confidence from what came of it: 1 for a profit, else 0."""
    stated = [(e.confidence / 100, pnl > 0) for e, pnl in zip(ended, pnls, strict=True) if e.confidence is not None]
    score: Decimal | None = mean_or_none([(confidence - is_won) ** 2 for confidence, is_won in stated])
    return score


def averages(ended: list[Episode]) -> dict[str, Any]:
    """Mean and median of each figure that a trade has."""
    values: dict[str, Sequence[Any]] = {
        "trade_notional": [e.bought for e in ended],
        "holding_ms": [(e.closed_ms or 0) - e.opened_ms for e in ended],
        "leverage": [e.leverage for e in ended if e.leverage is not None],
        "confidence": [e.confidence for e in ended if e.confidence is not None],
    }
    means = {f"average_{name}": mean_or_none(each) for name, each in values.items()}
    return means | {f"median_{name}": median_or_none(each) for name, each in values.items()}


def assert_equal(row: dict[str, Any], expected: dict[str, Any]) -> None:
    for name, value in expected.items():
        found = row[name]
        if value is None or found is None:
            assert found is value, name
        else:
            slack = D(1) if name.endswith("_ms") else CENT if name != "brier" else D("1e-6")
            assert abs(D(str(found)) - D(str(value))) <= slack, (name, found, value)


@pytest.mark.parametrize("seed", range(4))
async def test_leaderboard_figures_follow_from_the_raw_fills(recorder: Recorder, pool: Pool, seed: int) -> None:
    random = Random(seed)
    histories = [History(model, random) for model in ("deepseek", "qwen")]
    for history in histories:
        for number in range(60):
            history.step(number)
    starts = [state(history.model, 999_000, D(10_000)) for history in histories]
    events = [*starts, *sorted((e for history in histories for e in history.events), key=lambda e: e.time_ms)]
    while events:
        size = random.randint(1, 40)
        batch, events = events[:size], events[size:]
        await recorder.store(random.sample(batch, len(batch)), 1)
    for history in histories:
        row = await row_of(pool, history.model)
        episodes: list[Episode] = []
        for coin in COINS:
            fills = [e for e in history.events if isinstance(e.data, OrderFilled) and e.data.symbol is coin]
            episodes += episodes_of(fills, history.confidences, history.leverages)
        assert_equal(row, recompute(episodes))
        realized = sum(
            e.data.closed_pnl_usd - e.data.fee_usd for e in history.events if isinstance(e.data, OrderFilled)
        )
        figures = await Queries(pool).model_statistics(history.model)
        assert figures is not None
        assert abs(D(figures["net_realized"]) - realized) <= CENT
    before = await Queries(pool).leaderboard()
    async with pool.connection() as connection:
        await recompute_all(connection)
    assert await Queries(pool).leaderboard() == before


async def test_no_trades_have_no_figures(recorder: Recorder, pool: Pool) -> None:
    await recorder.store([state("qwen", 1_000, D(10_000))], 1)
    row = await row_of(pool, "qwen")
    assert_equal(row, recompute([]))
    assert (row["rank"], row["return_percent"], row["total_pnl"]) == (1, "0", "0")


async def test_one_winning_trade_has_no_profit_factor(recorder: Recorder, pool: Pool) -> None:
    fills = [
        filled("qwen", Symbol.BTC, 1, 2_000, D(2), D(100), D(0), fee=D("0.09")),
        filled("qwen", Symbol.BTC, 2, 62_000, D(-2), D(110), D(2), fee=D("0.099"), closed_pnl=D(20)),
    ]
    await recorder.store([state("qwen", 1_000, D(10_000)), *fills], 1)
    row = await row_of(pool, "qwen")
    assert (row["trades"], row["profit_factor"], row["biggest_loss"]) == (1, None, None)
    assert (row["expectancy"], row["biggest_win"], row["win_rate_percent"]) == ("19.811", "19.811", "100")
    assert row["average_holding_ms"] == row["median_holding_ms"] == 60_000


async def test_an_open_trade_counts_only_for_fees_and_realized_pnl(recorder: Recorder, pool: Pool) -> None:
    fills = [
        filled("qwen", Symbol.BTC, 1, 2_000, D(2), D(100), D(0), fee=D("0.09")),
        filled("qwen", Symbol.BTC, 2, 3_000, D(-1), D(110), D(2), fee=D("0.05"), closed_pnl=D(10)),
    ]
    await recorder.store([state("qwen", 1_000, D(10_000)), *fills], 1)
    row = await row_of(pool, "qwen")
    assert (row["trades"], row["expectancy"], row["fees"]) == (0, None, "0.14")
    figures = await Queries(pool).model_statistics("qwen")
    assert figures is not None
    assert figures["net_realized"] == "9.86"


async def test_funding_of_an_open_trade_counts_at_once(recorder: Recorder, pool: Pool) -> None:
    opened = filled("qwen", Symbol.BTC, 1, 2_000, D(1), D(100), D(0), fee=D("0.05"))
    paid = AccountLedger(model="qwen", kind=LedgerKind.FUNDING, amount_usd=D("-0.25"), reason="funding", coin="BTC")
    await recorder.store([state("qwen", 1_000, D(10_000)), opened], 1)
    await recorder.store([originate(paid, keys=("f",), time_ms=2_500, now_ms=2_500)], 1)
    assert (await row_of(pool, "qwen"))["funding"] == "0.25"
    figures = await Queries(pool).model_statistics("qwen")
    assert figures is not None
    assert figures["net_realized"] == "-0.3"


async def test_margin_kept_by_the_backstop_is_a_realized_loss(recorder: Recorder, pool: Pool) -> None:
    kept = AccountLedger(model="qwen", kind=LedgerKind.LIQUIDATION, amount_usd=D(-40), reason="backstop", coin="BTC")
    event = originate(kept, keys=("l",), time_ms=2_500, now_ms=2_500)
    fills = [
        filled("qwen", Symbol.BTC, 1, 2_000, D(1), D(100), D(0)),
        filled("qwen", Symbol.BTC, 2, 2_500, D(-1), D(96), D(1), closed_pnl=D(-4)),
    ]
    await recorder.store([state("qwen", 1_000, D(10_000)), state("deepseek", 1_000, D(10_000)), *fills], 1)
    for _ in range(2):
        await recorder.store([event], 1)
    figures = [await Queries(pool).model_statistics(model) for model in ("qwen", "deepseek")]
    assert [row["net_realized"] for row in figures if row is not None] == ["-44", "0"]


async def test_time_shares_of_an_open_position_grow_with_the_account(recorder: Recorder, pool: Pool) -> None:
    fills = [
        filled("qwen", Symbol.BTC, 1, 2_000, D(1), D(100), D(0)),
        filled("qwen", Symbol.BTC, 2, 4_000, D(-1), D(100), D(1)),
        filled("qwen", Symbol.ETH, 3, 6_000, D(-1), D(100), D(0)),
    ]
    await recorder.store([state("qwen", 0, D(10_000)), *fills, state("qwen", 10_000, D(10_000))], 1)
    figures = await Queries(pool).model_statistics("qwen")
    assert figures is not None
    shares = [figures[f"time_{side}_percent"] for side in ("long", "short", "flat")]
    assert shares == ["20", "40", "40"]


async def test_drawdown_counts_states_between_two_recorded_ones(recorder: Recorder, pool: Pool) -> None:
    minute_ms = 60_000
    equities = [(0, 10_000), (1, 10_200), (2, 10_100), (3, 9_900), (4, 9_950), (5, 10_000), (6, 9_890), (7, 9_900)]
    await recorder.store([state("qwen", number * minute_ms, D(equity)) for number, equity in equities], 1)
    expected = 100 * (1 - D(9_890) / D(10_200))
    assert D((await row_of(pool, "qwen"))["max_drawdown_percent"]) == pytest.approx(expected, abs=D("1e-8"))
    async with pool.connection() as connection:
        cursor = await connection.execute("SELECT time_ms / 60000, cause FROM account_snapshots ORDER BY 1")
        kept = await cursor.fetchall()
        await recompute_all(connection)
    assert kept == [(0, "interval"), (2, "drawdown"), (3, "drawdown"), (5, "interval"), (6, "drawdown")]
    assert D((await row_of(pool, "qwen"))["max_drawdown_percent"]) == pytest.approx(expected, abs=D("1e-8"))


async def test_decisions_stored_again_are_counted_once(recorder: Recorder, pool: Pool) -> None:
    day_ms = 86_400_000
    decisions = [
        decided("qwen", f"c{n}", n * day_ms // 4, tokens=100 + n, latency_ms=100 * n, cost_usd=D("0.0125"))
        for n in range(10)
    ]
    await recorder.store([state("qwen", 1_000, D(10_000))], 1)
    for batch in (decisions[5:], decisions[:6], decisions):
        await recorder.store(batch, 1)
    row = await row_of(pool, "qwen")
    assert (row["decisions"], row["prompt_tokens"], row["completion_tokens"]) == (10, 1045, 100)
    assert (row["cost_usd"], row["average_latency_ms"]) == ("0.125", 450)


async def test_equity_figures_follow_from_the_states(recorder: Recorder, pool: Pool) -> None:
    random, equity, points = Random(5), D(10_000), [(0, D(10_000))]
    for number in range(1, 12 * 30):
        equity += D(random.randint(-5_000, 5_050)) / 100
        points.append((number * 300_000, equity))
    for at in range(0, len(points), 50):
        await recorder.store([state("qwen", *point) for point in points[at : at + 50]], 1)
    row = await row_of(pool, "qwen")
    peak, deepest = D(0), D(0)
    for _, value in points:
        peak = max(peak, value)
        deepest = max(deepest, 1 - value / peak)
    assert D(row["max_drawdown_percent"]) == pytest.approx(deepest * 100, abs=D("1e-8"))
    closes = [points[12 * hour + 11][1] for hour in range(29)]
    returns = [float(b / a) - 1 for a, b in zip([D(10_000), *closes], closes, strict=False)]
    mean = statistics.mean(returns)
    assert float(row["sharpe"]) == pytest.approx(mean / statistics.stdev(returns) * math.sqrt(8760))
    downside = math.sqrt(sum(min(r, 0) ** 2 for r in returns) / len(returns))
    assert float(row["sortino"]) == pytest.approx(mean / downside * math.sqrt(8760))
    assert float(row["return_band_low_percent"]) < (closes[-1] / 100 - 100) < float(row["return_band_high_percent"])


Points = list[tuple[int, Decimal]]
"""(time in ms, equity in USD), oldest first."""


def assert_extremes_are_shown(shown: Points, whole: Points) -> None:
    assert min(equity for _, equity in shown) <= min(equity for _, equity in whole)
    assert max(equity for _, equity in shown) >= max(equity for _, equity in whole)


def deepest_drawdown_percent(points: Points, whole: Points) -> Decimal:
    """The lowest of `whole` against the highest of all points up to it; below zero."""
    return min(
        (equity / max(earlier for at_ms, earlier in points if at_ms <= time_ms) - 1) * 100 for time_ms, equity in whole
    )


async def test_charts_keep_extremes(recorder: Recorder, pool: Pool) -> None:
    random = Random(8)
    points = [(n * 300_000, D(random.randint(900_000, 1_100_000)) / 100) for n in range(12 * 40)]
    await recorder.store([state("qwen", *point) for point in points], 1)
    queries = Queries(pool)
    for buckets, since in itertools.product((3, 20, 150, 2_000), (0, points[151][0])):
        there = [point for point in points if point[0] >= since]
        shown = [(time_ms, D(equity)) for time_ms, equity in (await queries.equity("qwen", since, buckets))["points"]]
        assert len(shown) <= 2 * buckets + 2
        assert shown == sorted(shown)
        assert set(shown) <= set(there)
        assert shown[-1] == there[-1]
        # Where whole hours are shown, of the one that `since` cuts only what lies after it.
        whole = [point for point in there if point[0] >= since + HOUR_MS] if since else there
        assert_extremes_are_shown(shown, whole)
        deepest = min(D(percent) for _, percent in await queries.drawdown("qwen", since, buckets))
        assert deepest <= deepest_drawdown_percent(points, whole) + D("1e-8")


async def test_benchmarks_start_with_the_first_account(recorder: Recorder, pool: Pool) -> None:
    def mids(btc: int, doge: int) -> dict[Symbol, Decimal]:
        return {Symbol.BTC: D(btc), Symbol.DOGE: D(doge)}

    queries = Queries(pool)
    await recorder.store([snapshot("early", 290_000, mids(50, 1)), snapshot("base", 601_000, mids(100, 2))], 1)
    assert await queries.benchmarks() == []
    await recorder.store([state("qwen", 600_500, D(10_000)), snapshot("late", 1_260_000, mids(110, 4))], 1)
    await recorder.store([snapshot("late in between", 1_250_000, mids(999, 999))], 1)
    assert {row["name"]: row["return_percent"] for row in await queries.benchmarks()} == {
        "btc_hold": "10",
        "equal_weight": "55",
    }
    btc, equal = await queries.benchmark_series("10000", 0, 100)
    assert btc == {"name": "btc_hold", "points": [[601_000, "10000"], [1_260_000, "11000"]]}
    assert equal["points"][-1] == [1_260_000, "15500"]
