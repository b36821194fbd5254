"""What a rejected order leaves reserved at the gate."""

import pytest

from common.events import OrderRole
from common.trading.instruments import Symbol
from support.risk_examples import a_position
from support.risk_harness import CLOSE, RiskHarness


@pytest.fixture
def harness() -> RiskHarness:
    ready = RiskHarness()
    ready.send_account()
    return ready


def test_a_rejected_entry_stays_reserved_until_a_state_covers_it(harness: RiskHarness) -> None:
    """Found by simulation: a wrong rejection freed the slot of a position that was already open."""
    first = harness.judge()
    harness.reject(first.id, OrderRole.STOP)
    harness.cancel(first.id, filled=1)
    harness.reject(first.id)
    assert harness.reserved == {first.id}
    harness.send_account(covers=(first.id,))
    assert harness.reserved == set()


def test_a_refused_close_of_the_protector_frees_no_entry(harness: RiskHarness) -> None:
    """It bears the intent of the entry that it protects."""
    entry = harness.judge()
    harness.reject(entry.id, OrderRole.FLATTEN)
    assert harness.reserved == {entry.id}


def test_a_rejected_exit_is_released_at_once(harness: RiskHarness) -> None:
    harness.send_account(a_position(Symbol.BTC))
    exit_ = harness.judge(CLOSE)
    harness.reject(exit_.id, OrderRole.EXIT)
    assert harness.reserved == set()
