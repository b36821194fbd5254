"""The handoff of an approval answers once, whatever happens to the worker."""

import asyncio
from decimal import Decimal

from common.trading.instruments import Symbol
from common.trading.orders import Side
from executor.account.handoff import Handoff
from executor.domain.intent import intent_from
from support.executor_process import approval

INTENT = intent_from(approval(1, Symbol.ETH, Side.LONG, mark_price=Decimal(2500), size_coin=Decimal(1), now_ms=1), 2)


async def test_a_stored_intent_is_answered_with_true_after_the_delay() -> None:
    handoff = Handoff(INTENT)
    handoff.mark_stored()
    assert handoff.is_open
    assert await handoff.result() is True
    handoff.close()
    assert not handoff.is_open


async def test_an_intent_that_is_not_stored_is_answered_with_false() -> None:
    handoff = Handoff(INTENT)
    handoff.close()
    assert await handoff.result() is False


async def test_a_worker_that_fails_after_storing_still_answers_true() -> None:
    handoff = Handoff(INTENT)
    handoff.mark_stored()
    handoff.close()
    assert await handoff.result() is True


async def test_a_cancelled_handler_leaves_the_handoff_closed() -> None:
    handoff = Handoff(INTENT)
    waiting = asyncio.ensure_future(handoff.result())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert not handoff.is_open
    handoff.close()
