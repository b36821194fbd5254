"""One seed from start to end: a stormy time, a calm one, a moment without a market, then the accounts are settled."""

import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common.trading.symbols import MODELS
from simulation.chaos import Weather, weather_of
from simulation.failure import SimulationFailed
from simulation.figures import exchange_figures
from simulation.loop import VirtualLoop
from simulation.rules import Rules
from simulation.stage import Stage

STORM_S = 240.0
CALM_S = 90.0
STILL_S = 5.0
LOOK_S = 0.5

Script = Callable[[Stage], Awaitable[None]]


@dataclass(slots=True)
class Result:
    """How a seed went. `digest` is the hash over everything that happened, `figures` what the exchange
    says of the accounts in the end."""

    seed: int
    weather: str
    failure: str | None = None
    digest: str = ""
    entries: int = 0
    virtual_s: float = 0.0
    wall_s: float = 0.0
    steps: int = 0
    looks: int = 0
    fills: int = 0
    orders: int = 0
    happened: dict[str, int] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    story: list[str] = field(default_factory=list)


def run_seed(
    seed: int, *, storm_s: float = STORM_S, weather: Weather | None = None, script: Script | None = None, **limits: Any
) -> Result:
    """Runs one seed. `script` acts on the stage beside what the weather does."""
    weather = weather or weather_of(seed)
    rng = random.Random(seed)
    random.seed(seed)
    result = Result(seed, weather.name)
    loop = VirtualLoop(random.Random(rng.random()))
    asyncio.set_event_loop(loop)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="aicoin-simulation-") as folder:
        stage = Stage(loop, rng, seed, weather, Path(folder), **(_drawn_limits(rng) | limits))
        rules = Rules(stage)
        loop.set_exception_handler(lambda _, context: stage.journal.crashes.append(_described(context)))
        try:
            loop.run_until_complete(_play(stage, rules, storm_s, script))
        except SimulationFailed as failure:
            result.failure = f"at {loop.time():.3f} s: {failure}"
            result.story = list(stage.journal.lines)
        finally:
            _close(loop)
    world = stage.exchange.world
    result.digest, result.entries = stage.journal.digest, stage.journal.entries
    result.virtual_s, result.wall_s, result.steps = loop.time(), time.perf_counter() - began, loop.steps
    result.looks, result.orders = rules.looks, len(world.histories.orders)
    result.fills = sum(len(fills) for fills in world.histories.fills.values())
    result.happened = dict(stage.chaos.happened)
    result.figures = exchange_figures(stage.exchange, stage.addresses.values())
    return result


def _drawn_limits(rng: random.Random) -> dict[str, Any]:
    """Most runs trade faster than the defaults allow, so that more happens."""
    return {
        "entry_cooldown_s": rng.choice((0, 0, 10, 60)),
        "max_orders_per_minute": rng.choice((5, 30, 60)),
        "max_open_positions": rng.choice((1, 3, 6)),
        "max_daily_trades": rng.choice((3, 50, 1_000)),
        "max_stops_per_day": rng.choice((3, 1_000)),
        "max_leverage": rng.choice((5, 20)),
        "flatten_on_daily_loss": rng.choice((True, False)),
    }


async def _play(stage: Stage, rules: Rules, storm_s: float, script: Script | None) -> None:
    for process in stage.processes.values():
        process.start()
    world = [
        stage.people(),
        stage.outages(),
        stage.wipes(),
        stage.databases(),
        *(stage.think(model) for model in MODELS),
    ]
    if script is not None:
        world.append(script(stage))  # type: ignore[arg-type]
    market = asyncio.create_task(stage.market())
    tasks = [market, *(asyncio.create_task(each) for each in world)]
    try:
        await _watch(stage, rules, tasks, storm_s)
        stage.chaos.calm_down()
        stage.are_models_awake = False
        stage.journal.note("stage", "calm")
        await _watch(stage, rules, tasks, CALM_S)
        market.cancel()  # A stop may have fired with its last step: let that be heard of.
        await _watch(stage, rules, tasks, STILL_S)
        rules.settle_accounts()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await stage.end()


async def _watch(stage: Stage, rules: Rules, tasks: list[asyncio.Task[None]], length_s: float) -> None:
    """Looks at every moment that is a multiple of half a second; requests to the exchange bring looks of their own."""
    until_s = stage.loop.time() + length_s
    while stage.loop.time() < until_s:
        rules.look()
        for task in tasks:
            if task.done() and not task.cancelled() and task.exception() is not None:
                task.result()
        await asyncio.sleep(LOOK_S)


def _described(context: dict[str, Any]) -> str:
    return f"{context.get('message')}: {context.get('exception')!r}"


def _close(loop: VirtualLoop) -> None:
    try:
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        asyncio.set_event_loop(None)
        loop.close()
