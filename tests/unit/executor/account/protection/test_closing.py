"""A position that can't be protected is closed, with alerts that are true and no more than needed."""

from decimal import Decimal
from typing import Any

import pytest
from account_harness import MODEL, AccountHarness

from common.events.alerts import AlertCode
from executor.account.protection.actions import ProtectiveActions
from executor.domain.bracket import build_triggers

Account = Any
"""The fixture's; see conftest."""
POST_ONLY = "Only post-only orders allowed immediately after a network upgrade"


def move_mark(harness: AccountHarness, factor: float) -> None:
    market = harness.exchange.world.market.coins["ETH"]
    market.mid, market.oracle, market.mark = market.mid * factor, market.oracle * factor, market.mark * factor


def closes(harness: AccountHarness) -> list[Decimal]:
    """The limit prices of the closes sent so far, relative to the mark."""
    mark = harness.exchange.world.market.coins["ETH"].mark_price
    prices = [text.split('"p": "')[1].split('"')[0] for text in harness.wire.requests if is_close(text)]
    return [round(Decimal(price) / mark - 1, 2) for price in prices]


def is_close(text: str) -> bool:
    return '"r": true' in text and '"Ioc"' in text and "normalTpsl" not in text


@pytest.mark.parametrize("how", ["overdue", "refused"])
async def test_a_position_whose_stop_cannot_be_placed_is_closed(account: Account, how: str) -> None:
    account.harness.cancel_all_orders()
    await account.poll(after_s=1)
    if how == "overdue":
        account.harness.wire.lose_request("positionTpsl")
        await account.poll(after_s=account.harness.settings.unprotected_limit_s + 1)
    else:
        move_mark(account.harness, 0.9)  # Beyond the stop: the exchange refuses it.
        await account.poll(after_s=1)
        await account.poll(after_s=1)
    assert account.harness.held() == 0
    await account.poll(after_s=1)
    assert account.alerts() == [AlertCode.UNPROTECTED_CLOSING, AlertCode.UNPROTECTED_CLOSED]


async def test_a_refusal_that_passes_is_no_reason_to_close(account: Account) -> None:
    account.harness.cancel_all_orders()
    account.harness.wire.refuse("positionTpsl", f"{POST_ONLY} asset=1")
    for _ in range(5):
        await account.poll(after_s=1)
    account.harness.wire.reset()
    await account.poll(after_s=3)
    assert (account.stops(), account.harness.held()) == (1, 1)
    assert account.alerts() == []


async def test_a_refused_close_widens_its_price_and_alerts_once_a_minute(account: Account) -> None:
    harness = account.harness
    harness.cancel_all_orders()
    harness.wire.lose_request("positionTpsl")
    harness.wire.refuse('"Ioc"', "Order could not immediately match against any resting orders. asset=1")
    await account.protect()
    for _ in range(41):
        await account.protect(after_s=3.1)
    assert closes(harness)[:7] == [
        Decimal(text) for text in ["-0.03", "-0.05", "-0.08", "-0.12", "-0.20", "-0.30", "-0.30"]
    ]
    assert len(closes(harness)) == 39  # The first one in time to be done after ten seconds.
    assert account.alerts() == [AlertCode.UNPROTECTED_CLOSING] * 2
    harness.wire.reset()
    await account.protect(after_s=4)
    await account.protect(after_s=1)
    assert account.alerts()[-1] == AlertCode.UNPROTECTED_CLOSED


async def test_an_unmatched_close_is_tried_again_within_a_second(account: Account) -> None:
    harness = account.harness
    harness.cancel_all_orders()
    await account.poll(after_s=1)
    move_mark(harness, 0.9)  # Beyond the stop: the exchange refuses it.
    harness.wire.refuse('"Ioc"', "Order could not immediately match against any resting orders. asset=1")
    for _ in range(2):
        await account.protect(after_s=1)
    assert len(closes(harness)) == 1
    harness.wire.reset()
    await account.protect(after_s=1)
    assert harness.held() == 0


async def test_an_unmatched_flatten_is_tried_again_as_any_close(account: Account) -> None:
    """Its attempts have no end, so that a try each second would take all request weight."""
    harness = account.harness
    await harness.context.flattens.request("command", MODEL, harness.clock.now_ms())
    await account.poll(after_s=1)
    harness.wire.refuse('"Ioc"', "Order could not immediately match against any resting orders. asset=1")
    await account.poll(after_s=6)
    begun = len(closes(harness))
    for _ in range(9):
        await account.poll(after_s=1)
    assert len(closes(harness)) - begun <= 3


async def test_a_close_that_a_window_refuses_keeps_its_price(account: Account) -> None:
    account.harness.cancel_all_orders()
    account.harness.wire.refuse("orders", POST_ONLY)
    for _ in range(8):
        await account.protect(after_s=3.1)
    assert set(closes(account.harness)) == {Decimal("-0.03")}


async def test_a_position_that_has_its_stop_again_is_not_closed(account: Account) -> None:
    harness = account.harness
    harness.cancel_all_orders()
    await account.protect()
    harness.wire.refuse("orders", POST_ONLY)
    await account.protect(after_s=11)
    harness.wire.reset()
    entry = account.memory.entry_behind(account.protector.poller.latest.state.positions[0])
    await ProtectiveActions(harness.context).place_triggers(entry, account_triggers(harness, entry))
    await account.protect(after_s=1)
    assert harness.held() == 1
    assert account.alerts() == [AlertCode.UNPROTECTED_CLOSING] * 2


def account_triggers(harness: AccountHarness, entry: Any) -> Any:
    return build_triggers(entry, Decimal(1), harness.clock.now_ms())
