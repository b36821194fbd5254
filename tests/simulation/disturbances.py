"""What disturbs a run from outside the services, each a task of its own: people, price gaps, outages, wiped stores."""

import asyncio

from common.events import Command
from common.trading.instruments import Symbol
from simulation.harness import STEP_S, Harness
from simulator.exchange.trading.order_close import cancel_all


async def run_market(harness: Harness) -> None:
    """Steps of the market with ticks of all coins, and price gaps."""
    steps = 0
    while True:
        await harness.step_market(steps)
        steps += 1
        if harness.faults.rng.random() < harness.faults.profile.price_gaps_per_minute * STEP_S / 60:
            make_price_gap(harness)
        await asyncio.sleep(STEP_S)


def make_price_gap(harness: Harness) -> None:
    """Of any coin, more often of one that is held."""
    rng = harness.faults.rng
    accounts = harness.exchange.world.exchange.accounts.values()
    held = [Symbol(coin) for account in accounts for coin in account.positions]
    is_held = held and rng.random() < 0.7
    symbol, percent = rng.choice(held if is_held else list(harness.coins)), rng.uniform(-9, 9)
    harness.faults.counts["price gap"] += 1
    harness.trace.record("market", "price gap", symbol=symbol.value, percent=percent)
    market = harness.exchange.world.market.coins[symbol.value]
    factor = 1 + percent / 100
    market.mid, market.oracle, market.mark = market.mid * factor, market.oracle * factor, market.mark * factor


async def send_commands(harness: Harness) -> None:
    """Halts that are resumed later, and flattens."""
    number, rng = 0, harness.faults.rng
    while True:
        await asyncio.sleep(STEP_S)
        if rng.random() >= harness.faults.profile.commands_per_minute * STEP_S / 60:
            continue
        number += 1
        model = rng.choice((*harness.models, None))
        command = rng.choice((Command.HALT, Command.HALT, Command.FLATTEN))
        await harness.send_command(command, model, number)
        if command is Command.HALT:
            await asyncio.sleep(rng.uniform(5, 40))
            await harness.send_command(Command.RESUME, model, number)


async def disconnect_exchange(harness: Harness) -> None:
    """Times at which the exchange doesn't answer, or answers falsely."""
    rng = harness.faults.rng
    while True:
        await asyncio.sleep(STEP_S)
        if rng.random() < harness.faults.profile.outages_per_minute * STEP_S / 60:
            length_s = rng.uniform(2, 45)
            harness.faults.outage_until_s = harness.loop.time() + length_s
            harness.faults.counts["outage"] += 1
            harness.trace.record("exchange", "outage", length_s=length_s)
            await asyncio.sleep(length_s)


async def wipe_redis(harness: Harness) -> None:
    """Times at which Redis loses everything."""
    while True:
        await asyncio.sleep(STEP_S)
        if harness.faults.rng.random() < harness.faults.profile.wipes_per_minute * STEP_S / 60:
            harness.faults.counts["wipe"] += 1
            harness.trace.record("redis", "wiped")
            harness.faults.record_disturbance("executor", harness.loop.time())
            harness.bus.wipe()


async def disconnect_database(harness: Harness) -> None:
    """Times at which PostgreSQL is unavailable for longer, in half of which all stops are cancelled too."""
    rng = harness.faults.rng
    while True:
        await asyncio.sleep(STEP_S)
        share = harness.faults.profile.database_outages_per_minute
        if share and rng.random() < share * STEP_S / 60:
            await lose_database(harness, rng.uniform(5, 60), cancels_stops=rng.random() < 0.5)


async def lose_database(harness: Harness, length_s: float, *, cancels_stops: bool) -> None:
    """Makes PostgreSQL unavailable; returns when it is back."""
    harness.faults.database_until_s = harness.loop.time() + length_s
    harness.faults.counts["database outage"] += 1
    harness.trace.record("postgres", "outage", length_s=length_s, cancels_stops=cancels_stops)
    if cancels_stops:
        for address in harness.addresses.values():
            cancel_all(harness.exchange.world.exchange, address, harness.clock.now_ms(), "canceled")
        harness.exchange.publish_changes()
    await asyncio.sleep(max(0.0, harness.faults.database_until_s - harness.loop.time()))
