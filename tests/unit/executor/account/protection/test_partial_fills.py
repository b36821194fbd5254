"""What a partly filled entry has opened is protected by the order's answer, whatever lags behind it."""

import asyncio
from decimal import Decimal
from typing import Any

from common.trading.orders import IntentKind
from executor.account.protection.protector import POLL_AGAIN_S

Account = Any
"""The fixture's; see conftest."""


async def test_a_partial_fill_is_protected_by_its_answer_alone(empty: Account) -> None:
    """The state lags behind the fill, and nothing else of the exchange or of the tables is read before."""
    await empty.protect()
    empty.harness.exchange.world.market.coins["ETH"].depth = 0.01
    empty.harness.advance(1)
    empty.harness.wire.hold("clearinghouseState")
    await empty.enter("900")
    assert Decimal(0) < empty.harness.held() < 900
    await empty.protect(after_s=0.1)
    assert empty.stops() == 1


async def test_an_older_fill_takes_nothing_from_an_orders_answer(account: Account) -> None:
    """Fills and state lag: both still end with the exit of the position before."""
    harness = account.harness
    await account.submitter.submit(await harness.store(harness.approve("1", IntentKind.EXIT)))
    for _ in range(3):
        await account.poll(after_s=2)
    assert (harness.held(), account.stops()) == (0, 0)
    old = await harness.context.exchange.fills_since(0)
    harness.exchange.world.market.coins["ETH"].depth = 0.01
    harness.advance(1)
    harness.wire.hold("clearinghouseState")
    await account.enter("900")
    account.memory.report_fills(old)
    await account.protect(after_s=0.1)
    assert Decimal(0) < harness.held() < 900
    assert account.stops() == 1


async def test_a_partial_fill_is_protected_while_open_orders_cannot_be_read(empty: Account) -> None:
    await empty.protect()
    empty.harness.exchange.world.market.coins["ETH"].depth = 0.01
    empty.harness.advance(1)
    empty.harness.wire.lose_request("frontendOpenOrders")
    await empty.enter("900")
    await empty.protect(after_s=0.1)
    assert empty.stops() == 1


async def test_news_shorten_the_pause_after_failures(empty: Account) -> None:
    """Found by simulation: an entry filled in part while the protector waited ten seconds for an idle account."""
    await empty.protect()
    pause = asyncio.create_task(empty.protector._pause(60.0))
    await asyncio.sleep(0)
    empty.memory.on_news()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not pause.done()
    empty.harness.pass_time(POLL_AGAIN_S)
    empty.memory.on_news()
    await asyncio.wait_for(pause, 5)
