"""Positions that lose their stop amid another fault: the invariants say for how long they may be unprotected."""

import asyncio
import shutil
from decimal import Decimal
from typing import Any

import pytest

from common.trading.instruments import Symbol
from simulation.faults import CALM, FaultProfile, RequestWindow
from simulation.harness import Harness
from simulation.hostile.store_states import BUS_STATES, DATABASE_STATES
from simulation.run import FAULTS_S, run_seed
from simulator.exchange import interventions
from simulator.exchange.state.deviations import LAG, ReadFault
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


def orders_of(harness: Harness, address: str, coin: str, kind: str) -> set[int]:
    """The open stops (sl) or targets (tp) of a position."""
    orders = harness.exchange.world.exchange.open_of(address, coin)
    return {order.oid for order in orders if order.trigger_kind == kind and not order.waits}


def cancel(harness: Harness, address: str, coin: str, what: str) -> None:
    """A person cancels what protects a position."""
    interventions.cancel_by_hand(harness.exchange.world.exchange, address, what, harness.clock.now_ms(), coin)
    harness.exchange.publish_changes()


def test_a_partial_fill_and_a_lost_answer_before_a_long_pause() -> None:
    """Seed 9006: the position had no stop while only its fills could not be read."""
    result = run_seed(9006)
    assert result.failure is None, "\n".join(result.trace[-40:])


@pytest.mark.parametrize("kind", ["userFillsByTime", "orderStatus", "userFunding", "userRateLimit"])
def test_an_endpoint_of_the_books_that_is_away_delays_no_protection(kind: str) -> None:
    cancelled: list[str] = []

    async def script(harness: Harness) -> None:
        await held(harness)
        harness.faults.windows.append(RequestWindow("reply_lost", kind, harness.loop.time() + 150))
        while harness.loop.time() < FAULTS_S - 30:
            address, coin = await held(harness)
            cancel(harness, address, coin, interventions.ALL)
            cancelled.append(coin)
            await asyncio.sleep(15)

    result = run_seed(0, profile=CALM, script=script, max_orders_per_minute=60, entry_cooldown_s=0)
    assert result.failure is None, "\n".join(result.trace[-40:])
    assert len(cancelled) > 3


@pytest.mark.parametrize("lag_s", [2.5, 7.0])
def test_states_that_lag_behind_cost_no_stop(lag_s: float) -> None:
    """No stop is cancelled as an orphan, and no entry is closed, by a state older than its fill."""
    cancels: list[Any] = []

    async def script(harness: Harness) -> None:
        exchange, inner = harness.exchange.world.exchange, harness.exchange.request
        until_ms = harness.clock.now_ms() + 200_000
        exchange.deviations.reads.append(
            ReadFault(LAG, "clearinghouseState", None, until_ms, lag_ms=round(lag_s * 1000))
        )

        def request(path: str, body: Any) -> tuple[int, bytes]:
            if body.get("action", {}).get("type") == "cancel":
                cancels.append(body["action"])
            return inner(path, body)

        harness.exchange.request = request  # type: ignore[method-assign]

    result = run_seed(0, profile=CALM, script=script, max_orders_per_minute=60, entry_cooldown_s=0)
    assert result.failure is None, "\n".join(result.trace[-40:])
    assert result.fills > 10
    assert cancels == []


def test_only_the_stop_that_was_cancelled_is_placed_again() -> None:
    kept: list[bool] = []

    async def script(harness: Harness) -> None:
        while harness.loop.time() < FAULTS_S - 30:
            address, coin = await held(harness)
            targets = orders_of(harness, address, coin, "tp")
            cancel(harness, address, coin, interventions.STOPS)
            await asyncio.sleep(8)
            if harness.exchange.world.exchange.accounts[address].positions.get(coin) and targets:
                is_back = len(orders_of(harness, address, coin, "sl")) == 1
                kept.append(is_back and orders_of(harness, address, coin, "tp") == targets)

    result = run_seed(0, profile=CALM, script=script, max_orders_per_minute=60, entry_cooldown_s=0)
    assert result.failure is None, "\n".join(result.trace[-40:])
    assert len(kept) > 3
    assert kept.count(False) <= len(kept) // 4  # A position may be closed and opened again in between.


@pytest.mark.parametrize(("sqlstate", "word"), [("25006", "READONLY"), ("53100", "OOM"), ("53100", "MISCONF")])
def test_stores_that_take_no_writes_delay_no_protection(sqlstate: str, word: str) -> None:
    """PostgreSQL and Redis at once, for a minute, while everything that protects is cancelled."""
    cancelled: list[str] = []

    async def script(harness: Harness) -> None:
        address, coin = await held(harness)
        faults = harness.faults
        faults.database_state = next(each for each in DATABASE_STATES if each.sqlstate == sqlstate)
        faults.bus_state = next(each for each in BUS_STATES if each.word == word)
        faults.database_state_until_s = faults.bus_state_until_s = harness.loop.time() + 60.0
        for _ in range(4):
            cancel(harness, address, coin, interventions.ALL)
            cancelled.append(coin)
            await asyncio.sleep(14)

    result = run_seed(0, profile=CALM, script=script, max_orders_per_minute=60, entry_cooldown_s=0)
    assert result.failure is None, "\n".join(result.trace[-40:])
    assert len(cancelled) == 4


def test_an_executor_without_its_folder_protects_positions() -> None:
    cancelled: list[str] = []

    async def script(harness: Harness) -> None:
        address, coin = await held(harness)
        folder = harness.executor_settings.executor_data_dir
        shutil.rmtree(folder)
        folder.write_text("no folder any more")
        for _ in range(4):
            cancel(harness, address, coin, interventions.ALL)
            cancelled.append(coin)
            await asyncio.sleep(14)
        folder.unlink()
        folder.mkdir()

    result = run_seed(0, profile=CALM, script=script, max_orders_per_minute=60, entry_cooldown_s=0)
    assert result.failure is None, "\n".join(result.trace[-40:])
    assert len(cancelled) == 4


def test_trouble_of_all_accounts_keeps_to_the_weight_of_requests() -> None:
    """No order but post-only ones is taken for a minute and a half: no stop can be placed, and nothing closed."""
    held_coins: list[str] = []

    async def script(harness: Harness) -> None:
        for address in harness.addresses.values():
            while not harness.exchange.world.exchange.accounts[address].positions:
                await asyncio.sleep(1)
        await asyncio.sleep(60.0)
        deviations, length_s = harness.exchange.world.exchange.deviations, 90.0
        deviations.post_only_until_ms = harness.exchange_clock.now_ms() + round(length_s * 1000)
        harness.faults.block_protection(harness.loop.time() + length_s)
        for address, account in harness.exchange.world.exchange.accounts.items():
            for coin in account.positions:
                cancel(harness, address, coin, interventions.ALL)
                held_coins.append(coin)

    result = run_seed(0, profile=CALM, script=script, max_orders_per_minute=60, entry_cooldown_s=0)
    assert result.failure is None, "\n".join(result.trace[-40:])
    assert len(held_coins) > 2
