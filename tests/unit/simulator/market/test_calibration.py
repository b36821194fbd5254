"""The synthetic market moves like the recorded one, within the stated bands."""

import random

import numpy as np
from hyperliquid_golden import GOLDEN

from simulator.market.calibration import BANDS, Band, read_figures, simulated_figures, table_of, verdicts
from simulator.market.coins import COINS
from simulator.market.listing import DEFAULT_LISTING
from simulator.market.price_process import PriceProcess


def test_every_recorded_figure_is_within_its_band() -> None:
    recorded = read_figures(GOLDEN / "calibration.json")
    assert {figure for figure, _ in recorded} == set(BANDS)
    rows = verdicts(simulated_figures(120, 1), recorded)
    assert len(rows) == len(recorded)
    outside = [row for row in rows if not row[-1]]
    assert not outside, table_of(outside)


def test_a_band_is_a_ratio_or_a_difference() -> None:
    share, distance = Band(0.5, 2, True), Band(-0.1, 0.1, False)
    assert [share.holds(each, 10.0) for each in (4.9, 5.0, 20.0, 20.1)] == [False, True, True, False]
    assert [distance.holds(each, 0.5) for each in (0.39, 0.41, 0.59, 0.61)] == [False, True, True, False]


def test_jumps_come_in_gaps_and_regimes_of_volatility_last() -> None:
    process, rng = PriceProcess(DEFAULT_LISTING.coins), random.Random(3)
    steps = [process.next(rng, 60.0)["BTC"].log_return for _ in range(20_000)]
    usual = COINS["BTC"].volatility / (365 * 1440) ** 0.5
    assert max(map(abs, steps)) > 8 * usual
    days = [sum(step**2 for step in steps[at : at + 1440]) ** 0.5 for at in range(0, len(steps) - 1440, 1440)]
    assert max(days) > 2 * min(days)


def test_volume_comes_with_a_coins_own_moves() -> None:
    process, rng = PriceProcess(DEFAULT_LISTING.coins), random.Random(6)
    steps = [process.next(rng, 60.0) for _ in range(20 * 1440)]
    for name in DEFAULT_LISTING.coins:
        moves = np.array([step[name].log_return for step in steps]).reshape(-1, 5).sum(axis=1)
        volumes = np.array([step[name].activity for step in steps]).reshape(-1, 5).sum(axis=1)
        assert 0.42 < np.corrcoef(np.abs(moves), volumes)[0, 1] < 0.7, name


def test_a_loaded_price_process_continues_the_saved_one() -> None:
    process, rng = PriceProcess(DEFAULT_LISTING.coins), random.Random(4)
    for _ in range(50):
        process.next(rng, 60.0)
    again, state = PriceProcess(DEFAULT_LISTING.coins), rng.getstate()
    again.load(process.save())
    expected = [process.next(rng, 1.0) for _ in range(5)]
    rng.setstate(state)
    assert [again.next(rng, 1.0) for _ in range(5)] == expected
