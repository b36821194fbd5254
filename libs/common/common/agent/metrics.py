"""The agents' metrics."""

from typing import Final

from common.agent.parse import REFUSAL_CODES, Leniency
from common.events import Outcome
from common.runtime.metrics.series import UNKNOWN, Scope, counter, gauge, histogram

OTHER_REASON: Final = "CALL_FAILED"
REASONS: Final = (
    "INVALID",
    "BUSY",
    "STALE_SNAPSHOT",
    "BREAKER_OPEN",
    "COST_CAP",
    "NO_BUDGET",
    "DEADLINE",
    "NO_ACCOUNT",
    "INTERNAL_ERROR",
    OTHER_REASON,
)
"""Why there is no decision; providers' own codes are all OTHER_REASON."""
SECONDS: Final = (0.1, 0.5, 1, 2, 5, 10, 20, 45, 90)

DECISIONS = counter("aicoin_agent_decisions", "Decisions.", model=Scope.CONTENDER, outcome=Outcome)
NO_DECISION = counter(
    "aicoin_agent_no_decision", "Cycles without an answered decision.", model=Scope.CONTENDER, reason=REASONS
)
REFUSED = counter(
    "aicoin_agent_refused_answers", "Answers that were no decision.", model=Scope.CONTENDER, code=REFUSAL_CODES
)
LENIENCIES = counter(
    "aicoin_agent_leniencies", "What was read over in decisions.", model=Scope.CONTENDER, kind=Leniency
)
CALLS = counter(
    "aicoin_agent_calls",
    "Calls of the model's API; interrupted: by the decision's deadline.",
    model=Scope.CONTENDER,
    result=("answered", "failed", "interrupted"),
)
CALL_S = histogram("aicoin_agent_call_seconds", "Of one call of the model's API.", SECONDS, model=Scope.CONTENDER)
LATENCY_S = histogram(
    "aicoin_agent_latency_seconds", "From asking to the decision, retries included.", SECONDS, model=Scope.CONTENDER
)
DECISION_S = histogram(
    "aicoin_agent_decision_seconds", "From the snapshot to the decision.", SECONDS, model=Scope.CONTENDER
)
COST_USD = counter("aicoin_agent_cost_usd", "Spent on the model, in USD.", model=Scope.CONTENDER)
DAY_CAP_USD = gauge("aicoin_agent_day_cap_usd", "What a UTC day may cost.", UNKNOWN, model=Scope.CONTENDER)
DAY_LEFT_USD = gauge(
    "aicoin_agent_day_left_usd", "What was left of the day's cap at the last call.", UNKNOWN, model=Scope.CONTENDER
)
TOKENS = counter(
    "aicoin_agent_tokens",
    "Tokens that calls used; cached ones are prompt tokens as well.",
    model=Scope.CONTENDER,
    kind=("prompt", "completion", "cached"),
)


def reason_of(code: str | None) -> str:
    """Under which reason a decision that failed with this code counts."""
    return code if code in REASONS else OTHER_REASON
