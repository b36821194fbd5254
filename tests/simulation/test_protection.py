"""Positions that lose their stop while something else is wrong: each run's rules say how long they may stay so."""

import asyncio
from decimal import Decimal
from typing import Any

from common.trading.instruments import Symbol
from simulation.chaos import CALM, Weather
from simulation.run import STORM_S, run_seed
from simulation.stage import Stage
from simulator.exchange.trading.order_close import cancel_all

BOOKS = {"userFunding", "userNonFundingLedgerUpdates"}


async def held(stage: Stage) -> tuple[str, str]:
    """An account and a coin on which it holds a position with a stop."""
    exchange = stage.exchange.world.exchange
    while True:
        await asyncio.sleep(1)
        for address, account in exchange.accounts.items():
            for coin in account.positions:
                if any(order.trigger_kind == "sl" and not order.waits for order in exchange.open_of(address, coin)):
                    return address, coin


def move_past_its_stop(stage: Stage, address: str, coin: str) -> None:
    """The price jumps and no order that waited for it is left, as after stops that found nobody to trade with."""
    orders = stage.exchange.world.exchange.open_of(address, coin)
    stop = next(order for order in orders if order.trigger_kind == "sl")
    market = stage.exchange.world.market.coins[coin]
    beyond = 1.01 if stop.is_buy else 0.99
    factor = float(stop.trigger_price) * beyond / float(market.mark)
    cancel_all(stage.exchange.world.exchange, address, stage.clock.now_ms(), "canceled")
    market.mid, market.oracle, market.mark = market.mid * factor, market.oracle * factor, market.mark * factor


def test_a_stop_that_went_off_without_a_fill_is_missed_at_once_without_any_news() -> None:
    moved: list[str] = []

    async def script(stage: Stage) -> None:
        while stage.loop.time() < STORM_S - 20:
            address, coin = await held(stage)
            await asyncio.sleep(stage.chaos.rng.uniform(0, 10))
            if coin in stage.exchange.world.exchange.accounts[address].positions:
                moved.append(Symbol(coin))
                move_past_its_stop(stage, address, coin)
                await asyncio.sleep(20)

    deaf = Weather("no news", news={"drop": 1.0})
    result = run_seed(0, weather=deaf, script=script, max_orders_per_minute=60, entry_cooldown_s=0)
    assert result.failure is None, "\n".join(result.story[-40:])
    assert len(moved) > 3


def test_a_position_is_protected_also_while_nobody_can_say_why_the_cash_moved() -> None:
    refused: list[str] = []

    async def script(stage: Stage) -> None:
        inner = stage.exchange.request
        address, _ = await held(stage)

        def request(path: str, body: Any) -> tuple[int, bytes]:
            if body.get("type") not in BOOKS:
                return inner(path, body)
            refused.append(body["type"])
            return 503, b"null"

        stage.exchange.request = request  # type: ignore[method-assign]
        stage.exchange.world.exchange.deposit(address, Decimal(5), stage.clock.now_ms())
        cancel_all(stage.exchange.world.exchange, address, stage.clock.now_ms(), "canceled")
        await asyncio.sleep(30)
        stage.exchange.request = inner  # type: ignore[method-assign]

    result = run_seed(0, weather=CALM, script=script, max_orders_per_minute=60, entry_cooldown_s=0)
    assert result.failure is None, "\n".join(result.story[-40:])
    assert refused


def test_an_entry_whose_fate_cannot_be_read_leaves_no_position_without_a_stop() -> None:
    asked: list[str] = []

    async def script(stage: Stage) -> None:
        inner = stage.exchange.request
        exchange = stage.exchange.world.exchange
        sent = "SELECT 1 FROM intents WHERE status = 'SENT' AND is_entry AND model = 'deepseek'"
        address = stage.addresses["deepseek"]
        lost: list[str] = []

        def request(path: str, body: Any) -> tuple[int, bytes]:
            action = body.get("action", {})
            is_entry = action.get("grouping") == "normalTpsl" and stage.database.rows(sent)
            if is_entry and exchange.accounts[address].positions and not lost:
                lost.append(action["orders"][0]["c"])
                inner(path, body)
                cancel_all(exchange, address, stage.clock.now_ms(), "canceled")
                return 502, b"bad gateway"
            if body.get("type") == "orderStatus" and body["oid"] in lost and stage.loop.time() < STORM_S:
                asked.append(body["oid"])
                return 200, b'{"status": "order", "order": {"status": "filled"}}'
            return inner(path, body)

        stage.exchange.request = request  # type: ignore[method-assign]

    result = run_seed(0, weather=CALM, script=script, max_orders_per_minute=60, entry_cooldown_s=0)
    assert result.failure is None, "\n".join(result.story[-40:])
    assert len(asked) > 10
