"""An entry's leverage is set and read back before the entry goes out."""

import pytest
from account_harness import AccountHarness

from executor.account.leverage import VALID_S, Leverages


@pytest.fixture
def leverages(harness: AccountHarness) -> Leverages:
    return Leverages(harness.context)


async def test_what_the_exchange_confirmed_holds_for_a_minute(harness: AccountHarness, leverages: Leverages) -> None:
    intent = await harness.store(harness.approve("1"))
    assert await leverages.confirm(intent) is None
    assert leverages.is_confirmed(intent)
    harness.pass_time(VALID_S + 1)
    assert not leverages.is_confirmed(intent)


async def test_a_refusal_is_the_error_and_confirms_nothing(harness: AccountHarness, leverages: Leverages) -> None:
    intent = await harness.store(harness.approve("1"))
    harness.wire.answer_once("updateLeverage", {"status": "err", "response": "Invalid leverage value"})
    assert await leverages.confirm(intent) == "Invalid leverage value"
    assert not leverages.is_confirmed(intent)


async def test_another_leverage_than_was_set_is_an_error(harness: AccountHarness, leverages: Leverages) -> None:
    intent = await harness.store(harness.approve("1"))
    harness.wire.answer_once("updateLeverage", {"status": "ok", "response": {"type": "default"}})
    error = await leverages.confirm(intent)
    assert error is not None
    assert error.startswith("leverage is ")
    assert not leverages.is_confirmed(intent)
