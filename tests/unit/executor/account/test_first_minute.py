"""What the executor asks of the exchange in its first minute, with two accounts that enter: the real service, worker,
protector and books over an in-process exchange that counts as the real one does."""

import asyncio
import json
import random
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from common.bus.port import Commit
from common.trading.instruments import Symbol
from common.trading.orders import Side
from common.trading.request_weight import EXECUTOR_PER_MINUTE, GIVEN_PER_MINUTE
from simulation import disturbances
from simulation.faults import CALM
from simulation.harness import Harness
from simulation.loop import VirtualLoop
from simulator.server.rate_limit import action_weight, info_weight
from support.executor_process import approval

ENTRIES = ((10, Symbol.ETH), (30, Symbol.BTC))
"""When each account enters which coin, in seconds after the start."""
MOST_SHARE = 0.6
"""Of what the exchange gives: the rest is the ingester's, a person's, and a bad minute's."""


async def enter(harness: Harness) -> None:
    """Each account enters now and then; the last of the minute passes."""
    number = 0
    for at_s, symbol in ENTRIES:
        await asyncio.sleep(at_s - harness.loop.time())
        for model in harness.models:
            number += 1
            mark = harness.exchange.world.market.coins[symbol.value].mark_price
            now_ms, size = harness.clock.now_ms(), 500 / mark
            event = approval(
                number, symbol, Side.LONG, mark_price=mark, size_coin=Decimal(size), now_ms=now_ms, model=model
            )
            await harness.bus.commit(Commit("risk", events=[event]))
    await asyncio.sleep(60 - harness.loop.time())


async def run_minute(harness: Harness) -> None:
    for process in harness.executors:
        process.start()
    market = asyncio.create_task(disturbances.run_market(harness))
    try:
        await enter(harness)
    finally:
        market.cancel()
        await harness.end()


@pytest.mark.parametrize("standby", [False, True])
def test_the_first_minute_of_two_accounts_asks_for_little(tmp_path: Path, standby: bool) -> None:
    """With a standby too, which asks for nothing."""
    loop, asked = VirtualLoop(random.Random(1)), Counter[str]()
    asyncio.set_event_loop(loop)
    harness = Harness(loop, random.Random(1), 1, replace(CALM, standby=standby), tmp_path)
    harness.executor_settings = harness.executor_settings.model_copy(
        update={"request_weight_per_minute": EXECUTOR_PER_MINUTE}
    )
    request = harness.exchange.request

    def counted(path: str, body: dict[str, object]) -> tuple[int, bytes]:
        status, content = request(path, body)
        is_action = path.endswith("/exchange")
        answer = None if is_action else json.loads(content)
        kind = "an action" if is_action else str(body["type"])
        asked[kind] += action_weight(body["action"]) if is_action else info_weight(kind, answer)
        return status, content

    harness.exchange.request = counted  # type: ignore[method-assign]
    try:
        loop.run_until_complete(run_minute(harness))
    finally:
        asyncio.set_event_loop(None)
        loop.close()
    held = [len(harness.exchange.world.exchange.accounts[each].positions) for each in harness.addresses.values()]
    assert held == [len(ENTRIES)] * 2
    assert [line for line in harness.trace.lines if "REQUEST_WEIGHT_PER_MINUTE" in str(line)] == []
    assert asked.total() <= MOST_SHARE * GIVEN_PER_MINUTE, asked
