"""An intent moves only as the transition table allows."""

from dataclasses import replace
from decimal import Decimal

import pytest

from common.trading.instruments import Symbol
from common.trading.orders import UNFINISHED, UNKNOWN_OUTCOME, IntentStatus, Side
from executor.domain.intent import IllegalTransition, check_transition, corrected_to, intent_from, predecessors
from executor.domain.order import SignedAction
from support.executor_process import approval

EVENT = approval(1, Symbol.ETH, Side.LONG, mark_price=Decimal(2500), size_coin=Decimal(1), now_ms=1_000)
ACTION = SignedAction(b"bytes", 7, 9_000)


def test_predecessors_are_the_transition_table_read_backwards() -> None:
    assert predecessors(IntentStatus.SENT) == [IntentStatus.STORED]
    assert predecessors(IntentStatus.IN_FLIGHT) == [IntentStatus.SENT]
    assert predecessors(IntentStatus.STORED) == list(UNKNOWN_OUTCOME)
    for final in (status for status in IntentStatus if status.is_final):
        assert predecessors(final) == list(UNFINISHED)


def test_an_intent_is_sent_with_its_bytes_and_only_once() -> None:
    intent = intent_from(EVENT, 2_000)
    sent = intent.sent(ACTION)
    assert (intent.status, sent.status) == (IntentStatus.STORED, IntentStatus.SENT)
    assert (sent.nonce, sent.signed_action, sent.expires_after_ms) == (7, b"bytes", 9_000)
    with pytest.raises(IllegalTransition, match="an intent that is SENT can't become SENT"):
        sent.sent(ACTION)


@pytest.mark.parametrize("final", [status for status in IntentStatus if status.is_final])
def test_an_ended_intent_becomes_nothing_else(final: IntentStatus) -> None:
    for following in IntentStatus:
        with pytest.raises(IllegalTransition):
            check_transition(final, following)
    with pytest.raises(IllegalTransition):
        replace(intent_from(EVENT, 2_000), status=final).sent(ACTION)


def test_late_fills_correct_an_unfilled_end_alone_and_to_partial_alone() -> None:
    assert corrected_to(IntentStatus.PARTIAL) == [IntentStatus.REJECTED, IntentStatus.CANCELLED]
    assert not any(corrected_to(status) for status in IntentStatus if status is not IntentStatus.PARTIAL)


def test_orders_are_void_five_seconds_after_their_bytes_expire() -> None:
    sent = intent_from(EVENT, 2_000).sent(ACTION)
    assert sent.void_after_ms == 14_000
    assert replace(sent, expires_after_ms=None).void_after_ms == 5_007, "without an expiry, by the nonce"
