"""How long a prompt takes from the cycle's snapshot, against the writing of the same snapshot as JSON.

Both run on one made market of six coins, with a full memory and a position; a cycle takes one prompt a contender.
"""

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from report import Race, write_json

from common.agent.prompt.build import build_prompt
from common.agent.prompt.strategy import load_strategy
from common.trading.limits import Limits
from common.trading.orders import Side
from support.prompt_examples import COINS, a_held, a_memory, a_snapshot, a_state

LIMIT_MS = 5.0


def timed(work: Callable[[], object], repeats: int) -> float:
    """The median of the repeats, in milliseconds."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


async def main(options: argparse.Namespace) -> None:
    snapshot, strategy, limits = a_snapshot(), load_strategy("trend-v2", "zh"), Limits()
    held = a_held(COINS[0], Side.LONG, snapshot.boundary_ms)
    account, memory = a_state(held, at_ms=snapshot.boundary_ms), a_memory(snapshot.boundary_ms, held)

    def render() -> object:
        return build_prompt(
            snapshot,
            account,
            memory,
            strategy=strategy,
            limits=limits,
            coins=COINS,
            language="zh",
            mode="situational",
        )

    async def prompt() -> float:
        return timed(render, options.repeats)

    async def json_text() -> float:
        return timed(snapshot.model_dump_json, options.repeats)

    race = Race("A prompt from its snapshot", "ms", higher_is_better=False)
    await race.run({"prompt": prompt, "snapshot as JSON": json_text}, options.rounds)
    rows = race.print("prompt", {"snapshot as JSON": options.goal})
    print(f"  limit {LIMIT_MS} ms: {'met' if race.median('prompt') <= LIMIT_MS else 'MISSED'}")
    write_json(options.json, [race], rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--goal", type=float, default=10.0, help="times the snapshot's JSON")
    parser.add_argument("--json", help="a file for the figures")
    parser.add_argument("--redis-url", help="from make bench; not used")
    asyncio.run(main(parser.parse_args()))
