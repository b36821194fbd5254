"""One answer to one recorded snapshot, the recorded or a new one: what a run's journal holds and its report shows."""

from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from common.events import Action, Decision, Outcome
from common.trading.instruments import Symbol
from replay.domain.returns import Exposure


class Arm(StrEnum):
    """What answers each snapshot: the record, the recorded strategy again, the changed one, and the two controls."""

    RECORDED = "recorded"
    BASELINE = "baseline"
    CHANGED = "changed"
    SAME_AGAIN = "a/a"
    PLACEBO = "placebo"


class Answered(BaseModel):
    """An answer with its verdict. `sample` counts from 0 within an arm; `cost_usd` is what this run paid for it.

    `denial_code` is None where the gate would approve it, or need not judge it. `prompt_lines` is how many lines of its
    prompt differ from the recorded prompt's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cycle_id: str
    model: str
    boundary_ms: int
    arm: Arm
    sample: int
    outcome: Outcome
    decision: Decision | None
    failure_code: str | None
    denial_code: str | None
    exposure: Exposure | None
    prompt_hash: str
    prompt_lines: int
    cost_usd: Decimal = Decimal(0)

    @property
    def key(self) -> tuple[str, str, Arm, int]:
        """What makes this answer one of its kind in a run."""
        return self.cycle_id, self.model, self.arm, self.sample

    @property
    def action(self) -> Action | None:
        return None if self.decision is None else self.decision.action

    @property
    def symbol(self) -> Symbol | None:
        return None if self.decision is None else self.decision.symbol

    @property
    def traded(self) -> Exposure | None:
        """What the answer changes in the market: nothing where the gate denies it."""
        return None if self.denial_code is not None else self.exposure
