"""A flatten: it closes what risk's exits leave, and claims only what a settled state proves."""

from typing import Any

from account_harness import MODEL

from common.events.alerts import AlertCode

Account = Any
"""The fixture's; see conftest."""


async def test_a_flatten_of_before_a_clock_was_set_back_closes_too(account: Account) -> None:
    harness = account.harness
    await harness.context.flattens.request("command", MODEL, harness.clock.now_ms() + 3_600_000)
    await account.poll(after_s=1)
    await account.poll(after_s=1)
    assert harness.held() == 0


async def test_a_lagging_state_does_not_prove_a_flatten(empty: Account) -> None:
    harness = empty.harness
    await empty.poll(after_s=1)
    harness.pass_time(1)
    harness.wire.hold("clearinghouseState")
    harness.wire.hold("frontendOpenOrders")
    harness.pass_time(1)
    await empty.enter()
    await harness.context.flattens.request("command", MODEL, harness.clock.now_ms())
    await empty.poll(after_s=1)
    await empty.poll(after_s=1)
    assert (harness.held(), empty.alerts()) == (1, [])
    harness.wire.reset()
    for _ in range(7):
        await empty.poll(after_s=3)
    assert (harness.held(), empty.alerts()) == (0, [AlertCode.FLATTENED])


async def test_a_flatten_closes_after_its_grace_and_proves_it(account: Account) -> None:
    harness = account.harness
    await harness.context.flattens.request("command", MODEL, harness.clock.now_ms())
    await account.poll(after_s=1)
    await account.poll(after_s=1)
    assert harness.held() == 1
    await account.poll(after_s=5)
    assert harness.held() == 0
    for _ in range(3):
        await account.poll(after_s=3)
    assert await harness.context.flattens.requested_since(MODEL) is None
    assert account.alerts() == [AlertCode.FLATTENED]


async def test_a_flatten_without_a_row_ends_with_the_ownership(account: Account) -> None:
    """Its command waits for whoever owns the account, who may have carried it out."""
    account.memory.request_flatten(0, is_stored=False)
    account.protector._stand_by()
    for _ in range(3):
        await account.poll(after_s=3)
    assert (account.harness.held(), account.stops(), account.alerts()) == (1, 1, [])
