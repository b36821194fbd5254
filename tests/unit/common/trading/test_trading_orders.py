"""An order's life: which status may follow which, and which reasons mean that nothing was sent."""

import pytest

from common.trading.orders import NEVER_SENT, TRANSITIONS, UNFINISHED, CancelReason, IntentStatus


def test_every_status_has_a_row_of_the_transition_table() -> None:
    assert set(TRANSITIONS) == set(IntentStatus)


def test_only_late_fills_change_a_final_status() -> None:
    final = {status for status in IntentStatus if status.is_final}
    assert final == {IntentStatus.PARTIAL, IntentStatus.FILLED, IntentStatus.REJECTED, IntentStatus.CANCELLED}
    changes = {(status, following) for status in final for following in IntentStatus if status.may_become(following)}
    assert changes == {
        (IntentStatus.REJECTED, IntentStatus.PARTIAL),
        (IntentStatus.CANCELLED, IntentStatus.PARTIAL),
    }
    assert set(UNFINISHED) == set(IntentStatus) - final


@pytest.mark.parametrize("status", UNFINISHED)
def test_every_unfinished_status_leads_to_each_final_one(status: IntentStatus) -> None:
    assert all(status.may_become(following) for following in IntentStatus if following.is_final)


def test_bytes_that_may_have_left_are_never_unsent() -> None:
    assert not IntentStatus.IN_FLIGHT.may_become(IntentStatus.SENT)
    assert CancelReason.NEVER_ARRIVED not in NEVER_SENT
    assert CancelReason.IOC_REMAINDER not in NEVER_SENT
