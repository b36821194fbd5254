"""A known difference is found, none is claimed where there is none, and controls count."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from replay.domain.answer import Arm
from replay.domain.comparison import ALPHA, Band, Comparison, Floats, compare, conclusion, cycle_means, difference_band

HORIZONS = (15, 60, 240)
ARMS = (Arm.BASELINE, Arm.CHANGED, Arm.SAME_AGAIN, Arm.PLACEBO)
DAY = 1_440


def market(
    rng: np.random.Generator, cycles: int, edges: Mapping[Arm, float] | None = None, arms: Sequence[Arm] = ARMS
) -> Comparison:
    """Arms that hold random positions for seven cycles each, on one random walk; `edges` is what an arm earns more."""
    path = np.cumsum(rng.normal(scale=5, size=cycles + max(HORIZONS)))
    returns: dict[Arm, dict[int, Floats]] = {}
    for arm in arms:
        sides = np.repeat(rng.integers(-1, 2, size=cycles // 7 + 1), 7)[:cycles]
        edge = (edges or {}).get(arm, 0.0)
        returns[arm] = {h: sides * (path[h : h + cycles] - path[:cycles]) + edge for h in HORIZONS}
    return compare(returns, Arm.BASELINE, 1.0, rng)


def test_a_known_difference_is_found_and_its_size_lies_in_the_band() -> None:
    found = market(np.random.default_rng(1), 10 * DAY, {Arm.CHANGED: 6.0})
    band = found.bands[Arm.CHANGED][15]
    assert band.low_bps is not None and band.high_bps is not None  # noqa: PT018
    assert 0 < band.low_bps < 6 < band.high_bps
    assert found.sentence.startswith("The changed strategy is better")
    worse = market(np.random.default_rng(1), 10 * DAY, {Arm.CHANGED: -6.0})
    assert worse.sentence.startswith("The changed strategy is worse")


def test_without_a_difference_one_is_claimed_in_the_stated_share_at_most() -> None:
    rng, trials = np.random.default_rng(2), 120
    claims = sum(
        any(band.differs for band in market(rng, 2 * DAY, arms=ARMS[:2]).bands[Arm.CHANGED].values())
        for _ in range(trials)
    )
    # The share of a fair band is ALPHA; four standard deviations of the count above it.
    assert claims <= ALPHA * trials + 4 * (ALPHA * (1 - ALPHA) * trials) ** 0.5


def test_the_band_of_independent_values_misses_in_the_stated_share() -> None:
    rng, trials = np.random.default_rng(3), 300
    missed = sum(difference_band(rng.normal(size=80), 4, rng, 0.1).differs for _ in range(trials))
    assert 0.05 * trials < missed < 0.15 * trials


def test_too_short_a_period_gives_no_band() -> None:
    found = market(np.random.default_rng(4), 300, {Arm.CHANGED: 50.0})
    assert "10 are needed" in found.sentence
    assert found.bands[Arm.CHANGED][15].low_bps is None


def band(mean: float, low: float | None, high: float | None) -> dict[int, Band]:
    return {60: Band(mean, low, high, cycles=1_000, blocks=5 if low is None else 50)}


@pytest.mark.parametrize("control", [Arm.SAME_AGAIN, Arm.PLACEBO])
def test_a_control_that_differs_too_leaves_nothing_to_say(control: Arm) -> None:
    quiet = {arm: band(0.0, -1.0, 1.0) for arm in (Arm.SAME_AGAIN, Arm.PLACEBO)}
    assert "is better" in conclusion(quiet | {Arm.CHANGED: band(2.0, 1.0, 3.0)})
    sentence = conclusion(quiet | {Arm.CHANGED: band(2.0, 1.0, 3.0), control: band(2.0, 1.0, 3.0)})
    assert sentence.startswith("Nothing can be concluded")
    assert control.value in sentence


def test_signs_that_change_between_horizons_are_not_clear() -> None:
    changed = {15: Band(2.0, 1.0, 3.0, 1_000, 50), 60: Band(-2.0, -3.0, -1.0, 1_000, 50)}
    assert "sign of the difference changes" in conclusion({Arm.CHANGED: changed})


def test_equal_arms_have_a_band_without_width_that_does_not_differ() -> None:
    found = difference_band(np.zeros(200), 4, np.random.default_rng(5), 0.05)
    assert (found.mean_bps, found.low_bps, found.high_bps, found.differs) == (0.0, 0.0, 0.0, False)


def test_unknown_returns_count_nowhere() -> None:
    values = np.ones(400)
    values[:100] = np.nan
    found = difference_band(values, 4, np.random.default_rng(6), 0.05)
    assert (found.mean_bps, found.cycles) == (1.0, 300)
    means = cycle_means([[{15: 1.0, 60: None, 240: 2.0}, {15: 3.0, 60: 1.0, 240: 2.0}]])
    assert means[15].tolist() == [2.0]
    assert np.isnan(means[60][0])
