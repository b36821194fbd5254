"""Whether two strategies differ: paired returns on the same snapshots, with a block-bootstrap band and controls.

Returns of neighboring cycles overlap and markets move together, so single cycles are no independent observations. What
is resampled are blocks of consecutive cycles, four times as long as the horizon, and each resample is studentized by
its own blocks, which keeps the band honest with few of them. The bands of all horizons hold together: where nothing
differs, ALPHA of all comparisons, at most, show a difference at any horizon. Sources: Künsch 1989, The jackknife and
the bootstrap for general stationary observations (blocks); Hall 1992, The Bootstrap and Edgeworth Expansion, chapter 3
(studentizing).

Two controls go with the comparison. *A/A* asks the first strategy a second time: what differs there is the model's own
randomness. *Placebo* asks the first strategy with a sentence added that says nothing about trading: what differs there
is the effect of any change of wording. Where a control differs too, nothing can be concluded about the strategy.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from replay.domain.answer import Arm
from replay.domain.cycle import HORIZONS_MIN

Floats = NDArray[np.float64]

ALPHA: Final = 0.05
RESAMPLES: Final = 2_000
BLOCK_HORIZONS: Final = 4
LEAST_BLOCKS: Final = 10


CONTROLS: Final = (Arm.SAME_AGAIN, Arm.PLACEBO)


@dataclass(frozen=True, slots=True)
class Band:
    """A mean difference in basis points of equity per decision, and the band that holds the true one.

    `low` and `high` are None where there are too few blocks for a band.
    """

    mean_bps: float
    low_bps: float | None
    high_bps: float | None
    cycles: int
    blocks: int

    @property
    def differs(self) -> bool:
        """Whether the band lies on one side of zero."""
        return self.low_bps is not None and self.high_bps is not None and (self.low_bps > 0 or self.high_bps < 0)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences to the base by arm and horizon (minutes), and what they mean in one sentence."""

    bands: Mapping[Arm, Mapping[int, Band]]
    sentence: str


def difference_band(differences: Floats, block_length: int, rng: np.random.Generator, alpha: float) -> Band:
    """The band of the mean of `differences` ((n,) in the order of their cycles), wrong in a share `alpha` of cases.

    A difference that is not known is NaN and counts nowhere.
    """
    known = np.isfinite(differences)
    blocks = len(differences) // block_length
    mean = float(differences[known].mean()) if known.any() else 0.0
    if blocks < LEAST_BLOCKS:
        return Band(mean, None, None, int(known.sum()), blocks)
    parts = zip(np.array_split(differences, blocks), np.array_split(known, blocks), strict=True)
    means = np.array([values[there].mean() for values, there in parts if there.any()])
    blocks = len(means)
    if blocks < LEAST_BLOCKS:
        return Band(mean, None, None, int(known.sum()), blocks)
    center, error = float(means.mean()), float(means.std(ddof=1)) / np.sqrt(blocks)
    drawn = means[rng.integers(0, blocks, size=(RESAMPLES, blocks))]
    errors = drawn.std(axis=1, ddof=1) / np.sqrt(blocks)
    usable = errors > 0
    if error == 0 or not usable.any():
        return Band(mean, mean, mean, int(known.sum()), blocks)
    ratios = np.abs(drawn.mean(axis=1)[usable] - center) / errors[usable]
    half = float(np.quantile(ratios, 1 - alpha)) * error
    return Band(mean, mean - half, mean + half, int(known.sum()), blocks)


def compare(
    returns: Mapping[Arm, Mapping[int, Floats]], base: Arm, interval_min: float, rng: np.random.Generator
) -> Comparison:
    """Compares each arm with the arm `base`.

    `returns` holds, by arm and horizon in minutes, the mean return of a cycle's samples: (n,), bps of equity, in the
    order of the cycles, the same cycles in each; NaN where it isn't known. `interval_min` is the time between cycles.
    """
    horizons = tuple(returns[base])
    bands: dict[Arm, dict[int, Band]] = {}
    for arm in returns:
        if arm is not base:
            bands[arm] = {
                minutes: difference_band(
                    returns[arm][minutes] - returns[base][minutes],
                    max(1, round(BLOCK_HORIZONS * minutes / interval_min)),
                    rng,
                    ALPHA / len(horizons),
                )
                for minutes in horizons
            }
    return Comparison(bands, conclusion(bands))


def conclusion(bands: Mapping[Arm, Mapping[int, Band]]) -> str:
    """What the bands mean, in one sentence."""
    changed = bands[Arm.CHANGED]
    if all(band.low_bps is None for band in changed.values()):
        most = max(band.blocks for band in changed.values())
        return (
            f"Nothing can be concluded: the period has {most} independent blocks at most, and {LEAST_BLOCKS} are "
            "needed; choose a longer one."
        )
    found = {minutes: band for minutes, band in changed.items() if band.differs}
    if not found:
        return "Nothing can be concluded: at every horizon the band of the difference includes zero."
    if unsound := _differing_controls(bands, found):
        return (
            f"Nothing can be concluded: the changed strategy differs, but so does the control {' and '.join(unsound)}, "
            "where the strategy is the same."
        )
    signs = {band.mean_bps > 0 for band in found.values()}
    if len(signs) > 1:
        return f"Nothing clear can be concluded: the sign of the difference changes between {_minutes(found)} minutes."
    figures = "; ".join(f"{minutes} minutes: {_in_figures(band)}" for minutes, band in found.items())
    word = "better" if signs == {True} else "worse"
    return f"The changed strategy is {word}, in basis points of equity per decision after {figures}."


def _differing_controls(bands: Mapping[Arm, Mapping[int, Band]], horizons: Collection[int]) -> list[str]:
    return [arm.value for arm in CONTROLS if arm in bands and any(bands[arm][each].differs for each in horizons)]


def _in_figures(band: Band) -> str:
    return f"{band.mean_bps:+.2f} ({band.low_bps:+.2f} to {band.high_bps:+.2f})"


def _minutes(found: Mapping[int, Band]) -> str:
    return " and ".join(str(minutes) for minutes in found)


def cycle_means(samples: Sequence[Sequence[Mapping[int, float | None]]]) -> dict[int, Floats]:
    """By horizon, the mean return of each cycle's samples; NaN where one of a cycle's samples has none."""

    def mean(cycle: Sequence[Mapping[int, float | None]], minutes: int) -> float:
        values = [sample[minutes] for sample in cycle]
        known = [value for value in values if value is not None]
        return sum(known) / len(known) if known and len(known) == len(values) else float("nan")

    return {minutes: np.array([mean(cycle, minutes) for cycle in samples]) for minutes in HORIZONS_MIN}
