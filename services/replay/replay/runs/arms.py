"""The arms of a run: which prompt each asks about."""

import difflib
from collections.abc import Mapping

from common.agent.prompt.strategy import Strategy
from common.events import DecisionInputs
from replay.domain.answer import Arm
from replay.domain.cycle import StoredCycle
from replay.runs.prompts import AS_RECORDED, PromptChange, prompt_of

PLACEBO_SENTENCE = {
    "en": "Note: this text was proofread on a Tuesday.",
    "zh": "备注：本文已于星期二校对。",
}
"""Says nothing about trading."""


def arms_of(
    change: PromptChange, samples: int, recorded: DecisionInputs, strategy_name: str
) -> Mapping[Arm, PromptChange]:
    """The changed prompt alone, or all four arms where strategies are compared.

    The placebo is the strategy of the record with a sentence added; `recorded` is one of its cycles.
    """
    if not samples:
        return {Arm.CHANGED: change}
    sentence = PLACEBO_SENTENCE.get(recorded.language, PLACEBO_SENTENCE["en"])
    placebo = PromptChange(strategy=Strategy(strategy_name, f"{recorded.strategy.rstrip()}\n{sentence}\n"))
    return {Arm.BASELINE: AS_RECORDED, Arm.CHANGED: change, Arm.SAME_AGAIN: AS_RECORDED, Arm.PLACEBO: placebo}


def prompt_diff(cycle: StoredCycle, change: PromptChange) -> str:
    """How the changed prompt of a cycle differs from the recorded one, as a unified diff; empty where it doesn't."""
    recorded = cycle.decision.data
    if recorded.prompt is None or recorded.inputs is None:
        return ""
    changed = prompt_of(cycle.snapshot.data, recorded.inputs, recorded.prompt.strategy, change)
    lines: list[str] = []
    for name in ("system", "user"):
        before, after = getattr(recorded.prompt, name).splitlines(), getattr(changed, name).splitlines()
        lines += difflib.unified_diff(before, after, f"recorded {name}", f"changed {name}", lineterm="", n=1)
    return "\n".join(lines)
