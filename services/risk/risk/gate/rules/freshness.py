"""Whether the figures that the decision and its judgement rest on are recent.

Ages are wall time. An age below zero comes from a clock that was set wrong; it is accepted up to the clock skew.
"""

from decimal import Decimal

from risk.gate.gate_input import GateInput
from risk.gate.rules.rule import Judgement, not_judged, rule
from risk.gate.sizing import PERCENT, Draft


@rule("STALE_MARK", "the mark price is recent", settings=("max_mark_age_ms",))
def stale_mark(inputs: GateInput, draft: Draft | None) -> Judgement:
    if inputs.market is None or inputs.market.mark_price <= 0:
        return not_judged("no mark price yet")
    return _recent(inputs, inputs.market.mark_received_ms, inputs.limits.max_mark_age_ms)


@rule("STALE_BOOK", "the order book is recent", settings=("max_book_age_ms",))
def stale_book(inputs: GateInput, draft: Draft | None) -> Judgement:
    if inputs.market is None:
        return not_judged("no order book yet")
    return _recent(inputs, inputs.market.book_received_ms, inputs.limits.max_book_age_ms)


@rule("STALE_ACCOUNT", "the account state is recent", settings=("max_account_age_ms",))
def stale_account(inputs: GateInput, draft: Draft | None) -> Judgement:
    if inputs.account is None:
        return not_judged("no account state yet")
    return _recent(inputs, inputs.account.received_ms, inputs.limits.max_account_age_ms)


@rule(
    "STALE_DECISION",
    "the answer and its snapshot are recent, and the mark is still near the snapshot's",
    settings=("max_decision_age_ms", "max_snapshot_age_ms", "max_snapshot_drift_percent"),
)
def stale_decision(inputs: GateInput, draft: Draft | None) -> Judgement:
    """The answer's age, then the snapshot's, then the drift of the mark: the first that fails is the judgement."""
    limits, snapshot = inputs.limits, inputs.snapshot
    if inputs.answered_ms is None or snapshot.made_ms is None or snapshot.price is None or snapshot.price <= 0:
        return not_judged("no time of the answer or no snapshot")
    answer = _recent(inputs, inputs.answered_ms, limits.max_decision_age_ms)
    if not answer.passed:
        return answer
    seen = _recent(inputs, snapshot.made_ms, limits.max_snapshot_age_ms, setting="max_snapshot_age_ms")
    if not seen.passed:
        return seen
    if inputs.market is None:
        return not_judged("no mark price yet", setting="max_snapshot_drift_percent")
    drift_percent = abs(inputs.market.mark_price - snapshot.price) / snapshot.price * PERCENT
    if drift_percent > limits.max_snapshot_drift_percent:
        return Judgement(
            passed=False,
            value=drift_percent,
            limit=limits.max_snapshot_drift_percent,
            detail="the mark has moved away from the snapshot's",
            setting="max_snapshot_drift_percent",
        )
    return answer


@rule(
    "CLOCK_SKEW",
    "ticks come in time by the exchange's clock, however wrong this machine's is; not judged where a replayed or "
    "simulated market runs faster or slower than real time",
    settings=("max_clock_skew_ms", "market_speed"),
)
def clock_skew(inputs: GateInput, draft: Draft | None) -> Judgement:
    """How late the tick came by the exchange's clock, as the executor knows it from the account's states.

    At another speed the market has a time of its own, so that the two can't be compared.
    """
    limit_ms = inputs.limits.max_clock_skew_ms
    if inputs.limits.market_speed != Decimal(1):
        return Judgement(passed=True, detail="judged at speed 1 only", setting="market_speed")
    if inputs.market is None:
        return not_judged("no tick yet")
    ahead_ms = 0 if inputs.account is None else inputs.account.clock_ahead_ms or 0
    skew_ms = inputs.market.recorded_ms + ahead_ms - inputs.market.time_ms
    return Judgement(abs(skew_ms) <= limit_ms, value=skew_ms, limit=limit_ms)


def _recent(inputs: GateInput, at_ms: int, limit_ms: int, setting: str | None = None) -> Judgement:
    age_ms = inputs.now_ms - at_ms
    return Judgement(
        -inputs.limits.max_clock_skew_ms <= age_ms <= limit_ms, value=age_ms, limit=limit_ms, setting=setting
    )
