"""Is what the decision and its judgement rest on fresh? Ages are wall time; an age below zero is a clock gone wrong."""

from decimal import Decimal

from common.events import RuleResult
from risk.codes import Code
from risk.gate_input import GateInput
from risk.rules.results import judged, not_judged
from risk.sizing import PERCENT, Draft


def stale_mark(given: GateInput, draft: Draft | None) -> RuleResult:
    if given.market is None or given.market.mark_price <= 0:
        return not_judged(Code.STALE_MARK, "no mark price yet", "MAX_MARK_AGE_MS")
    return _fresh(given, Code.STALE_MARK, given.market.mark_received_ms, given.limits.max_mark_age_ms)


def stale_book(given: GateInput, draft: Draft | None) -> RuleResult:
    if given.market is None:
        return not_judged(Code.STALE_BOOK, "no order book yet", "MAX_BOOK_AGE_MS")
    return _fresh(given, Code.STALE_BOOK, given.market.book_received_ms, given.limits.max_book_age_ms)


def stale_account(given: GateInput, draft: Draft | None) -> RuleResult:
    if given.account is None:
        return not_judged(Code.STALE_ACCOUNT, "no account state yet", "MAX_ACCOUNT_AGE_MS")
    return _fresh(given, Code.STALE_ACCOUNT, given.account.received_ms, given.limits.max_account_age_ms)


def stale_decision(given: GateInput, draft: Draft | None) -> RuleResult:
    """The answer is recent, so is the snapshot it was made on, and the market hasn't moved away from it since."""
    limits, snapshot = given.limits, given.snapshot
    if given.answered_ms is None or snapshot.made_ms is None or snapshot.price is None or snapshot.price <= 0:
        return not_judged(Code.STALE_DECISION, "no time of the answer or no snapshot", "MAX_DECISION_AGE_MS")
    answer = _fresh(given, Code.STALE_DECISION, given.answered_ms, limits.max_decision_age_ms, "MAX_DECISION_AGE_MS")
    if not answer.passed:
        return answer
    seen = _fresh(given, Code.STALE_DECISION, snapshot.made_ms, limits.max_snapshot_age_ms, "MAX_SNAPSHOT_AGE_MS")
    if not seen.passed:
        return seen
    if given.market is None:
        return not_judged(Code.STALE_DECISION, "no mark price yet", "MAX_SNAPSHOT_DRIFT_PERCENT")
    drift_percent = abs(given.market.mark_price - snapshot.price) / snapshot.price * PERCENT
    if drift_percent > limits.max_snapshot_drift_percent:
        return judged(
            Code.STALE_DECISION,
            False,
            value=drift_percent,
            limit=limits.max_snapshot_drift_percent,
            setting="MAX_SNAPSHOT_DRIFT_PERCENT",
            detail="the mark has moved away from the snapshot's",
        )
    return answer


def clock_skew(given: GateInput, draft: Draft | None) -> RuleResult:
    """The exchange's clock and ours agree. A faster or slower market has a time of its own, so speed 1 only."""
    limit_ms = given.limits.max_clock_skew_ms
    if given.limits.market_speed != Decimal(1):
        return judged(Code.CLOCK_SKEW, True, setting="MARKET_SPEED", detail="judged at speed 1 only")
    if given.market is None:
        return not_judged(Code.CLOCK_SKEW, "no tick yet", "MAX_CLOCK_SKEW_MS")
    skew_ms = given.market.recorded_ms - given.market.time_ms
    return judged(Code.CLOCK_SKEW, abs(skew_ms) <= limit_ms, value=skew_ms, limit=limit_ms, setting="MAX_CLOCK_SKEW_MS")


_SETTINGS = {
    Code.STALE_MARK: "MAX_MARK_AGE_MS",
    Code.STALE_BOOK: "MAX_BOOK_AGE_MS",
    Code.STALE_ACCOUNT: "MAX_ACCOUNT_AGE_MS",
}


def _fresh(given: GateInput, code: Code, at_ms: int, limit_ms: int, setting: str | None = None) -> RuleResult:
    age_ms = given.now_ms - at_ms
    passed = -given.limits.max_clock_skew_ms <= age_ms <= limit_ms
    return judged(code, passed, value=age_ms, limit=limit_ms, setting=setting or _SETTINGS[code])
