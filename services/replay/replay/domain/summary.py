"""What a run found about one contender: each arm's figures, the decisions that differ, and what can be concluded."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np

from replay.domain.answer import Answered, Arm
from replay.domain.comparison import Comparison, compare, cycle_means
from replay.domain.cycle import HORIZONS_MIN, QuotePath
from replay.domain.returns import return_bps

NO_CONTROLS: Final = (
    "Nothing can be concluded from one answer each: --samples asks both strategies several times, with controls."
)
NOTHING_COMPARED: Final = "Nothing was compared: no cycle was answered by every arm."
Returns = Mapping[int, float | None]
"""By horizon in minutes, basis points of equity; None where the market was not recorded that far."""


@dataclass(frozen=True, slots=True)
class ArmFigures:
    """One arm's answers. `agreement` is the share of them whose action and coin are those of the first arm.

    `mean_bps` is the mean return by horizon, of the answers whose return is known.
    """

    arm: Arm
    answers: int
    outcomes: Mapping[str, int]
    actions: Mapping[str, int]
    denials: Mapping[str, int]
    agreement: float
    mean_bps: Returns
    cost_usd: Decimal


@dataclass(frozen=True, slots=True)
class Pair:
    """One cycle's first answer of the first arm and of the changed one, with the returns of both."""

    first: Answered
    changed: Answered
    first_bps: Returns
    changed_bps: Returns

    @property
    def differs(self) -> bool:
        """Whether decision or verdict differ in what is traded; reasons and confidence don't count."""
        return _traded(self.first) != _traded(self.changed)


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything that a report shows about one contender."""

    model: str
    cycles: int
    arms: tuple[ArmFigures, ...]
    pairs: tuple[Pair, ...]
    comparison: Comparison

    @property
    def base(self) -> Arm:
        """The arm that the others are compared with."""
        return self.arms[0].arm


def _traded(answer: Answered) -> tuple[object, ...]:
    decision = answer.decision
    if decision is None:
        return (None, answer.outcome)
    return (
        decision.action,
        decision.symbol,
        decision.leverage,
        decision.position_size_percent,
        decision.stop_loss,
        decision.take_profit,
        answer.denial_code,
    )


def returns_of(answer: Answered, path: QuotePath) -> Returns:
    """The answer's return at each horizon; what is denied earns nothing."""
    return {minutes: return_bps(answer.traded, answer.boundary_ms, minutes, path) for minutes in HORIZONS_MIN}


def summarize(answers: Iterable[Answered], path: QuotePath, interval_min: float, seed: int) -> list[Summary]:
    """One summary per contender, of the cycles that every arm has answered."""
    by_model: dict[str, list[Answered]] = defaultdict(list)
    for answer in answers:
        by_model[answer.model].append(answer)
    rng = np.random.default_rng(seed)
    return [_summary(model, by_model[model], path, interval_min, rng) for model in sorted(by_model)]


def _summary(
    model: str, answers: Sequence[Answered], path: QuotePath, interval_min: float, rng: np.random.Generator
) -> Summary:
    by_arm = _by_arm(answers)
    if Arm.BASELINE in by_arm:
        by_arm.pop(Arm.RECORDED, None)
    answered_by_all = set.intersection(*(set(cycles) for cycles in by_arm.values()))
    asked = {
        arm: [each for cycle, each in cycles.items() if cycle in answered_by_all] for arm, cycles in by_arm.items()
    }
    returns = {arm: [[returns_of(each, path) for each in cycle] for cycle in cycles] for arm, cycles in asked.items()}
    base = next(iter(asked))
    return Summary(
        model,
        len(answered_by_all),
        tuple(_figures(arm, cycles, asked[base], returns[arm]) for arm, cycles in asked.items()),
        _pairs(base, asked, returns),
        _comparison(base, returns, interval_min, rng),
    )


def _comparison(
    base: Arm, returns: Mapping[Arm, Sequence[Sequence[Returns]]], interval_min: float, rng: np.random.Generator
) -> Comparison:
    if Arm.CHANGED not in returns or not returns[base]:
        return Comparison({}, NOTHING_COMPARED)
    found = compare({arm: cycle_means(each) for arm, each in returns.items()}, base, interval_min, rng)
    return found if Arm.SAME_AGAIN in returns else Comparison(found.bands, NO_CONTROLS)


def _by_arm(answers: Sequence[Answered]) -> dict[Arm, dict[str, list[Answered]]]:
    """The answers by arm and cycle, arms as Arm lists them, cycles and samples in their order."""
    found: dict[Arm, dict[str, list[Answered]]] = {}
    in_order = sorted(answers, key=lambda each: (each.boundary_ms, each.sample))
    for arm in Arm:
        for answer in in_order:
            if answer.arm is arm:
                found.setdefault(arm, defaultdict(list))[answer.cycle_id].append(answer)
    return found


def _pairs(
    base: Arm, asked: Mapping[Arm, Sequence[Sequence[Answered]]], returns: Mapping[Arm, Sequence[Sequence[Returns]]]
) -> tuple[Pair, ...]:
    if Arm.CHANGED not in asked:
        return ()
    rows = zip(asked[base], asked[Arm.CHANGED], returns[base], returns[Arm.CHANGED], strict=True)
    return tuple(Pair(one[0], other[0], one_bps[0], other_bps[0]) for one, other, one_bps, other_bps in rows)


def _figures(
    arm: Arm,
    answers: Sequence[Sequence[Answered]],
    first: Sequence[Sequence[Answered]],
    returns: Sequence[Sequence[Returns]],
) -> ArmFigures:
    flat = [each for cycle in answers for each in cycle]
    agreeing = [
        (each.action, each.symbol) == (other.action, other.symbol)
        for cycle, others in zip(answers, first, strict=True)
        for each, other in zip(cycle, others, strict=False)
    ]
    return ArmFigures(
        arm=arm,
        answers=len(flat),
        outcomes=Counter(each.outcome.value for each in flat),
        actions=Counter(each.action.value if each.action else "none" for each in flat),
        denials=Counter(each.denial_code for each in flat if each.denial_code is not None),
        agreement=sum(agreeing) / len(agreeing) if agreeing else 1.0,
        mean_bps={minutes: _mean(returns, minutes) for minutes in HORIZONS_MIN},
        cost_usd=sum((each.cost_usd for each in flat), Decimal(0)),
    )


def _mean(returns: Sequence[Sequence[Returns]], minutes: int) -> float | None:
    known = [value for cycle in returns for each in cycle if (value := each[minutes]) is not None]
    return sum(known) / len(known) if known else None
