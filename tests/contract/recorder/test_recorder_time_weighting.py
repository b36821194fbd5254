"""Money paid in or out changes no return and no drawdown, and an unexplained equity is no point of either."""

from decimal import Decimal
from random import Random
from typing import Any

import pytest
from recorder_examples import state

from common.events import AccountSums
from common.runtime.database import Pool
from gateway.storage.queries import Queries
from recorder.handlers import Recorder
from recorder.projections.statistics import recompute_all

D = Decimal
ZERO = D(0)


async def row_of(pool: Pool, model: str) -> dict[str, Any]:
    return next(row for row in await Queries(pool).leaderboard() if row["model"] == model)


def sums_of(transfers: int) -> AccountSums:
    names = ("start_cash_usd", "closed_pnl_usd", "fees_usd", "funding_usd")
    return AccountSums(since_ms=0, transfers_usd=D(transfers), **dict.fromkeys(names, ZERO))


async def test_transfers_are_no_profit_and_no_drawdown(recorder: Recorder, pool: Pool) -> None:
    await recorder.store(
        [
            state("qwen", 1_000, D(10_000), sums=sums_of(700)),
            state("qwen", 301_000, D(15_100), sums=sums_of(5_700)),
            state("qwen", 601_000, D(9_900), sums=sums_of(700)),
            state("qwen", 602_000, D(9_950), sums=sums_of(700)),
        ],
        1,
    )
    # 1 % gained, of 15,100 then 2 % lost, as 300 of the 15,100 were not there before the withdrawal; 0.5 % gained.
    growth = D("1.01") * 14_900 / 15_100 * 9_950 / 9_900
    row = await row_of(pool, "qwen")
    assert (row["total_pnl"], row["return_percent"]) == ("-50", str(round(100 * growth - 100, 8).normalize()))
    assert D(row["max_drawdown_percent"]) == pytest.approx(100 * (1 - D(14_900) / D(15_100)), abs=D("1e-8"))
    [account] = await Queries(pool).accounts()
    assert (account["total_pnl"], account["return_percent"]) == (row["total_pnl"], row["return_percent"])


MOVED = {
    "send out 40 %, gain 10 %": ([(10_000, 0), (6_000, -4_000), (6_600, -4_000)], "10", "0"),
    "send in 100 %": ([(9_600, 0), (19_200, 9_600)], "-4", "4"),
    "lose 5 %, withdraw 95 %": ([(9_500, 0), (475, -9_025)], "-5", "5"),
    "lose 5 %, withdraw 95 %, lose 20 %": ([(9_500, 0), (475, -9_025), (380, -9_025)], "-24", "24"),
    "lose 39 %, deposit 100 %, lose 25 %": ([(6_100, 0), (12_200, 6_100), (9_150, 6_100)], "-54.25", "54.25"),
    "withdraw all, deposit": ([(9_200, 0), (0, -9_200), (500, -8_700)], "-8", "8"),
}


@pytest.mark.parametrize(("moves", "return_percent", "drawdown_percent"), MOVED.values(), ids=MOVED)
async def test_returns_and_drawdowns_are_time_weighted(
    recorder: Recorder, pool: Pool, moves: list[tuple[int, int]], return_percent: str, drawdown_percent: str
) -> None:
    states = [
        state("qwen", number * 300_000, D(equity), sums=sums_of(transfers))
        for number, (equity, transfers) in enumerate([(10_000, 0), *moves])
    ]
    for each in states:
        await recorder.store([each], 1)
    row = await row_of(pool, "qwen")
    assert (row["return_percent"], row["max_drawdown_percent"]) == (return_percent, drawdown_percent)
    async with pool.connection() as connection:
        await recompute_all(connection)
    assert await row_of(pool, "qwen") == row
    points = await Queries(pool).drawdown("qwen", 0, 100)
    assert min(D(value) for _, value in points) == -D(drawdown_percent)


async def test_an_equity_that_nothing_explains_is_no_point(recorder: Recorder, pool: Pool) -> None:
    states = [
        state("qwen", 0, D(10_000), sums=sums_of(0)),
        state("qwen", 300_000, D(900), sums=sums_of(0), is_explained=False),
        state("qwen", 600_000, D(10_100), sums=sums_of(0)),
    ]
    await recorder.store(states, 1)
    row = await row_of(pool, "qwen")
    assert (row["return_percent"], row["max_drawdown_percent"]) == ("1", "0")
    assert (await Queries(pool).equity("qwen", 0, 100))["points"] == [[0, "10000"], [600_000, "10100"]]


@pytest.mark.parametrize("buckets", [3, 20, 5_000])
async def test_a_chart_in_percent_shows_no_transfer_as_profit(recorder: Recorder, pool: Pool, buckets: int) -> None:
    random, equity, transfers, expected, growth = Random(9), D(10_000), 0, {}, D(1)
    states = []
    for number in range(40 * 12):  # forty hours
        gain = D(random.randint(-200, 201)) / 10
        growth *= (equity + gain) / equity if number else 1
        moved = random.choice((-1_000, 3_000)) if number and random.random() < 0.01 else 0
        equity, transfers = equity + (gain if number else 0) + moved, transfers + moved
        states.append(state("qwen", number * 300_000, equity, sums=sums_of(transfers)))
        expected[number * 300_000] = (equity, 100 * growth - 100)
    assert transfers > 5_000
    for at in range(0, len(states), 100):
        await recorder.store(states[at : at + 100], 1)
    for since_ms in (0, 15 * 3_600_000 + 1):
        found = await Queries(pool).equity("qwen", since_ms, buckets)
        assert found["points"][-1][0] == found["returns"][-1][0] == max(expected)
        assert len(found["returns"]) > min(buckets, 30)
        assert all(D(text) == expected[at_ms][0] for at_ms, text in found["points"])
        assert all(D(text) == pytest.approx(expected[at_ms][1], abs=D("1e-6")) for at_ms, text in found["returns"])
        most = max(D(text) for _, text in found["returns"])
        assert most < 10, "a deposit of 30 % counts as profit"


async def test_one_moment_of_an_emptied_account_has_its_return(recorder: Recorder, pool: Pool) -> None:
    hours = [(10_000, 0), (9_200, 0), (0, -9_200), (0, -9_200), (500, -8_700), (550, -8_700)]
    states = [state("qwen", n * 3_600_000, D(held), sums=sums_of(moved)) for n, (held, moved) in enumerate(hours)]
    await recorder.store(states, 1)
    found = await Queries(pool).equity("qwen", 0, 6)
    assert [text for _, text in found["returns"]] == ["0", "-8", "-8", "-8", "-8", "1.2"]
