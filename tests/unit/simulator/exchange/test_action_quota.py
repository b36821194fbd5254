"""The action quota: batches, the slow trickle past it, the larger limit of cancels."""

from decimal import Decimal
from typing import Any

import pytest

from simulator.exchange.errors import ActionError
from simulator.exchange.state.account import Account
from simulator.exchange.state.action_quota import (
    EXHAUSTED_EVERY_MS,
    EXPIRED_COST,
    FREE_ACTIONS,
    count_expired,
    quota_of,
    spend,
)

ORDER: dict[str, Any] = {"type": "order", "orders": [{}]}
CANCEL: dict[str, Any] = {"type": "cancel", "cancels": [{}, {}]}


def exhausted() -> Account:
    return Account("0xa", requests_used=FREE_ACTIONS)


def test_the_quota_grows_with_volume_and_bought_requests() -> None:
    assert quota_of(Account("0xa", volume_usd=Decimal("12.7"), requests_reserved=5)) == FREE_ACTIONS + 12 + 5


def test_a_batch_counts_each_of_its_rows() -> None:
    account = Account("0xa")
    spend(account, CANCEL, 0, is_enforced=True)
    count_expired(account)
    assert account.requests_used == 2 + EXPIRED_COST


def test_past_the_quota_one_action_is_accepted_every_ten_seconds() -> None:
    account = exhausted()
    spend(account, ORDER, 1_000, is_enforced=True)
    with pytest.raises(ActionError, match="Too many cumulative requests sent"):
        spend(account, ORDER, 1_000 + EXHAUSTED_EVERY_MS - 1, is_enforced=True)
    spend(account, ORDER, 1_000 + EXHAUSTED_EVERY_MS, is_enforced=True)


def test_cancels_have_a_larger_limit() -> None:
    account = exhausted()
    for _ in range(3):
        spend(account, CANCEL, 0, is_enforced=True)
    assert account.next_request_ms == 0


def test_a_quota_that_is_not_enforced_still_counts() -> None:
    account = exhausted()
    for _ in range(3):
        spend(account, ORDER, 0, is_enforced=False)
    assert account.requests_used == FREE_ACTIONS + 3
