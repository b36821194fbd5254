"""Positions that lose their stop amid another fault: the invariants say for how long they may be unprotected."""

import asyncio
from decimal import Decimal
from typing import Any

from common.trading.instruments import Symbol
from simulation.faults import CALM, FaultProfile
from simulation.harness import Harness
from simulation.run import FAULTS_S, run_seed
from simulator.exchange.trading.order_close import cancel_all

LEDGER_REQUESTS = {"userFunding", "userNonFundingLedgerUpdates"}


async def held(harness: Harness) -> tuple[str, str]:
    """An account and a coin on which it holds a position with a stop."""
    exchange = harness.exchange.world.exchange
    while True:
        await asyncio.sleep(1)
        for address, account in exchange.accounts.items():
            for coin in account.positions:
                if any(order.trigger_kind == "sl" and not order.waits for order in exchange.open_of(address, coin)):
                    return address, coin


def move_past_its_stop(harness: Harness, address: str, coin: str) -> None:
    """The price gaps past the stop and no trigger is left, as after a stop that found no order to trade with."""
    orders = harness.exchange.world.exchange.open_of(address, coin)
    stop = next(order for order in orders if order.trigger_kind == "sl")
    market = harness.exchange.world.market.coins[coin]
    beyond = 1.01 if stop.is_buy else 0.99
    factor = float(stop.trigger_price) * beyond / float(market.mark)
    cancel_all(harness.exchange.world.exchange, address, harness.clock.now_ms(), "canceled")
    market.mid, market.oracle, market.mark = market.mid * factor, market.oracle * factor, market.mark * factor


def test_a_stop_fired_without_a_fill_is_noticed_without_messages() -> None:
    moved: list[str] = []

    async def script(harness: Harness) -> None:
        while harness.loop.time() < FAULTS_S - 20:
            address, coin = await held(harness)
            await asyncio.sleep(harness.faults.rng.uniform(0, 10))
            if coin in harness.exchange.world.exchange.accounts[address].positions:
                moved.append(Symbol(coin))
                move_past_its_stop(harness, address, coin)
                await asyncio.sleep(20)

    silent = FaultProfile("no user stream", user_stream={"drop": 1.0})
    result = run_seed(0, profile=silent, script=script, max_orders_per_minute=60, entry_cooldown_s=0)
    assert result.failure is None, "\n".join(result.trace[-40:])
    assert len(moved) > 3


def test_a_position_is_protected_while_the_ledger_cannot_be_read() -> None:
    refused: list[str] = []

    async def script(harness: Harness) -> None:
        inner = harness.exchange.request
        address, _ = await held(harness)

        def request(path: str, body: Any) -> tuple[int, bytes]:
            if body.get("type") not in LEDGER_REQUESTS:
                return inner(path, body)
            refused.append(body["type"])
            return 503, b"null"

        harness.exchange.request = request  # type: ignore[method-assign]
        harness.exchange.world.exchange.deposit(address, Decimal(5), harness.clock.now_ms())
        cancel_all(harness.exchange.world.exchange, address, harness.clock.now_ms(), "canceled")
        await asyncio.sleep(30)
        harness.exchange.request = inner  # type: ignore[method-assign]

    result = run_seed(0, profile=CALM, script=script, max_orders_per_minute=60, entry_cooldown_s=0)
    assert result.failure is None, "\n".join(result.trace[-40:])
    assert refused


def test_an_entry_with_an_unknown_outcome_leaves_no_open_risk() -> None:
    asked: list[str] = []

    async def script(harness: Harness) -> None:
        inner = harness.exchange.request
        exchange = harness.exchange.world.exchange
        sent = "SELECT 1 FROM intents WHERE status = 'SENT' AND is_entry AND model = 'deepseek'"
        address = harness.addresses["deepseek"]
        lost: list[str] = []

        def request(path: str, body: Any) -> tuple[int, bytes]:
            action = body.get("action", {})
            is_entry = action.get("grouping") == "normalTpsl" and harness.database.rows(sent)
            if is_entry and exchange.accounts[address].positions and not lost:
                lost.append(action["orders"][0]["c"])
                inner(path, body)
                cancel_all(exchange, address, harness.clock.now_ms(), "canceled")
                return 502, b"bad gateway"
            if body.get("type") == "orderStatus" and body["oid"] in lost and harness.loop.time() < FAULTS_S:
                asked.append(body["oid"])
                return 200, b'{"status": "order", "order": {"status": "filled"}}'
            return inner(path, body)

        harness.exchange.request = request  # type: ignore[method-assign]

    result = run_seed(0, profile=CALM, script=script, max_orders_per_minute=60, entry_cooldown_s=0)
    assert result.failure is None, "\n".join(result.trace[-40:])
    assert len(asked) > 10
