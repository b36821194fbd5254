"""Performance figures against hand-made cases and slower, plainer computations."""

import math
import statistics
from decimal import Decimal
from random import Random

import pytest

from recorder.domain.performance import (
    HOUR_MS,
    Holding,
    TimeShares,
    hourly_returns,
    return_band,
    sharpe_ratio,
    sortino_ratio,
    time_shares,
)

D = Decimal


def closes(*pairs: tuple[int, str]) -> list[tuple[int, Decimal]]:
    return [(hour * HOUR_MS, D(equity)) for hour, equity in pairs]


def test_returns_go_from_the_start_to_each_hours_last_equity() -> None:
    returns = hourly_returns(closes((5, "1.1"), (6, "0.99")))
    assert returns == [pytest.approx(0.1), pytest.approx(-0.1)]


def test_an_hour_without_a_record_returned_nothing() -> None:
    assert hourly_returns(closes((0, "1"), (3, "1.5"))) == [0.0, 0.0, 0.0, 0.5]


def test_returns_end_with_the_equity() -> None:
    assert hourly_returns(closes((0, "0"), (1, "0.5"))) == [-1.0]


def test_ratios_against_the_textbook() -> None:
    random = Random(4)
    returns = [random.gauss(0.0001, 0.01) for _ in range(500)]
    mean = statistics.mean(returns)
    assert sharpe_ratio(returns) == pytest.approx(mean / statistics.stdev(returns) * math.sqrt(8760))
    downside = math.sqrt(sum(r * r for r in returns if r < 0) / 500)
    assert sortino_ratio(returns) == pytest.approx(mean / downside * math.sqrt(8760))


def test_few_or_constant_returns_have_no_ratio() -> None:
    assert sharpe_ratio([0.01, -0.01] * 11) is None
    assert sortino_ratio([0.01] * 23) is None
    assert sharpe_ratio([0.01] * 30) is None
    assert sortino_ratio([0.01] * 30) is None
    assert return_band([0.01] * 23, Random(1).random) is None


def test_the_band_repeats_for_the_same_random_numbers() -> None:
    assert return_band([0.01] * 48, Random(1).random) == (pytest.approx(1.01**48 - 1), pytest.approx(1.01**48 - 1))
    random = Random(2)
    returns = [random.gauss(0, 0.01) for _ in range(400)]
    band = return_band(returns, Random(7).random)
    assert band == return_band(returns, Random(7).random)
    assert band != return_band(returns, Random(8).random)


def test_the_band_agrees_with_a_plain_block_bootstrap() -> None:
    random = Random(3)
    returns = [random.gauss(0.0005, 0.01) for _ in range(200)]
    block, totals = round(200 ** (1 / 3)), []
    for _ in range(4_000):
        drawn: list[float] = []
        while len(drawn) < 200:
            start = random.randrange(200)
            drawn += [returns[(start + step) % 200] for step in range(block)]
        totals.append(math.prod(1 + each for each in drawn[:200]) - 1)
    totals.sort()
    band = return_band(returns, Random(1).random)
    assert band is not None
    assert band[0] == pytest.approx(totals[100], abs=0.03)
    assert band[1] == pytest.approx(totals[3_900], abs=0.03)


def test_a_total_loss_has_no_band() -> None:
    assert return_band([0.01] * 30 + [-1.0], Random(1).random) is None


def test_time_is_shared_among_the_open_positions() -> None:
    shares = time_shares([Holding(True, 100, 200), Holding(False, 150, 250), Holding(True, 300, None)])
    assert (shares.long_ms, shares.short_ms) == (75, 75)
    assert (shares.until_ms, shares.open_longs, shares.open_shorts) == (300, 1, 0)


def test_trades_of_one_moment_take_no_time() -> None:
    assert time_shares([]) == TimeShares(D(0), D(0), None, 0, 0)
    shares = time_shares([Holding(True, 100, 100), Holding(False, 100, 160)])
    assert (shares.long_ms, shares.short_ms, shares.open_longs) == (0, 60, 0)


@pytest.mark.parametrize("seed", range(5))
def test_time_shares_equal_a_count_of_every_moment(seed: int) -> None:
    random = Random(seed)
    holdings = []
    for _ in range(12):
        opened = random.randrange(100)
        closed = None if random.random() < 0.2 else opened + random.randrange(60)
        holdings.append(Holding(random.random() < 0.5, opened, closed))
    shares = time_shares(holdings)
    long_ms = short_ms = 0.0
    for moment in range(shares.until_ms or 0):
        there = [p.is_long for p in holdings if p.opened_ms <= moment and (p.closed_ms is None or moment < p.closed_ms)]
        if there:
            long_ms += sum(there) / len(there)
            short_ms += 1 - sum(there) / len(there)
    assert float(shares.long_ms) == pytest.approx(long_ms)
    assert float(shares.short_ms) == pytest.approx(short_ms)
