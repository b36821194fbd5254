"""From a candle's close to the contenders' requests on the wire, part by part.

Run: make bench NAME=cycle. The simulator, the ingester and the roster's agents are processes of their own, with Redis
as the arena has it; each agent asks a server of this process, which notes when a request arrives and has the stand-in
answer. Wall time, in milliseconds; market time is the simulator's, which runs with the clock. There is no reference:
the first part, the grace for late candles, is meant to be there, and the others should be small beside it.
"""

import argparse
import asyncio
import contextlib
import os
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

sys.path.append(sys.path.pop(0))
sys.path.append(str(Path(__file__).parents[1] / "tests"))

import uvicorn
import uvloop
from report import Race, write_json
from starlette.types import ASGIApp, Receive, Scope, Send

from aicoin_local.configuration.catalog import service_specs
from common.bus.port import Commit
from common.bus.redis_streams import RedisBus, read_entry
from common.events import AgentDecision, Event, MarketSnapshot
from common.events.codec import encode
from common.runtime.roster import read_roster
from simulator.server.models.app import create_models_app
from simulator.testing.process import SimulatorProcess
from support.risk_examples import an_account, an_account_event
from support.service_rights import own_redis_url

ROSTER = read_roster(None)
INTERVAL_S = 5
GRACE, PUBLISH, READ, PROMPT, REQUEST = (
    "boundary to freeze (1 s grace, tick)",
    "freeze, encode, commit",
    "commit to the agent's handler",
    "account, memory, prompt",
    "request to its arrival",
)


class Arrivals:
    """An application that notes the wall time, in ms, of every POST before it passes it on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.times_ms: list[float] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST":
            self.times_ms.append(time.time() * 1_000)
        await self._app(scope, receive, send)

    def first_since(self, ms: float) -> float | None:
        return next((each for each in self.times_ms if each >= ms), None)


@contextlib.asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[str]:
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    task = asyncio.create_task(server.serve([bound]))
    yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    server.should_exit = True
    await task


@contextlib.asynccontextmanager
async def process(package: str, log: Path, **environment: str) -> AsyncIterator[None]:
    with log.open("ab") as output:
        running = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            f"{package}.main",
            env={**os.environ, "METRICS_PORT": "0", **environment},
            stdout=output,
            stderr=output,
        )
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            running.terminate()
        await running.wait()


async def entries(bus: RedisBus, stream: str) -> list[tuple[int, Event[Any]]]:
    """All events of a stream, each with the wall time in ms at which Redis took it."""
    rows: Any = await bus.client.xrange(stream)
    return [(int(number.split(b"-")[0]), read_entry(stream, fields)) for number, fields in rows]


async def keep_accounts(bus: RedisBus) -> None:
    """Accounts as fresh as an executor keeps them."""
    while True:
        now_ms = time.time_ns() // 1_000_000
        states = {
            f"account:{model}": encode(an_account_event(an_account(model=model), at_ms=now_ms)) for model in ROSTER.ids
        }
        await bus.commit(Commit("executor", cache=states))
        await asyncio.sleep(1)


async def measure(options: argparse.Namespace, folder: Path, simulator_url: str) -> list[Race]:
    bus = RedisBus(options.redis_url)
    await bus.prepare("bench", [])
    accounts = asyncio.ensure_future(keep_accounts(bus))
    arrivals = {contender: Arrivals(create_models_app()) for contender in ROSTER.ids}
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(
            process(
                "ingester",
                folder / "ingester.log",
                REDIS_URL=own_redis_url("ingester", options.redis_url),
                SIMULATOR_URL=simulator_url,
                DECISION_INTERVAL_S=str(INTERVAL_S),
                SENTIMENT_URL="off",
                HISTORY_WEIGHT_PER_MINUTE="1200",
            )
        )
        for spec in service_specs(ROSTER):
            if not spec.name.startswith("agent-"):
                continue
            contender = spec.name.removeprefix("agent-")
            url = await stack.enter_async_context(serving(arrivals[contender]))
            await stack.enter_async_context(
                process(
                    spec.package,
                    folder / f"{spec.name}.log",
                    REDIS_URL=own_redis_url(spec.name, options.redis_url),
                    SIMULATOR_URL=url,
                    CONTENDER=contender,
                )
            )
        deadline_s = time.monotonic() + options.cycles * INTERVAL_S + 120
        while True:
            whole = [event for _, event in await entries(bus, MarketSnapshot.TYPE) if not event.data.partial]
            if len(whole) > options.cycles or time.monotonic() > deadline_s:
                break
            await asyncio.sleep(1)
    accounts.cancel()
    return await parts(bus, arrivals)


async def parts(bus: RedisBus, arrivals: dict[str, Arrivals]) -> list[Race]:
    """One race per contender, with a figure of each part for every whole snapshot that it was asked about."""
    snapshots = {
        event.id: (committed_ms, event)
        for committed_ms, event in await entries(bus, MarketSnapshot.TYPE)
        if not event.data.partial
    }
    races = {contender: Race(f"cycle of {contender}", "ms", higher_is_better=False) for contender in ROSTER.ids}
    for _, event in await entries(bus, AgentDecision.TYPE):
        decision: AgentDecision = event.data
        if decision.snapshot_id not in snapshots or decision.asked_ms is None or not decision.calls:
            continue
        committed_ms, snapshot = snapshots[decision.snapshot_id]
        called_ms = decision.calls[0].asked_ms
        arrived_ms = arrivals[decision.model].first_since(called_ms)
        if arrived_ms is None:
            continue
        row = {
            GRACE: snapshot.recorded_ms - snapshot.data.boundary_ms,
            PUBLISH: committed_ms - snapshot.recorded_ms,
            READ: decision.asked_ms - committed_ms,
            PROMPT: called_ms - decision.asked_ms,
            REQUEST: arrived_ms - called_ms,
            "all": arrived_ms - snapshot.data.boundary_ms,
            "all after the freeze": arrived_ms - snapshot.recorded_ms,
        }
        for name, figure in row.items():
            races[decision.model].figures.setdefault(name, []).append(figure)
    return list(races.values())


def logs_in(folder: Path) -> str:
    return "\n".join(path.read_text(encoding="utf-8")[-1_500:] for path in folder.glob("*.log"))


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--redis-url", required=True, help="an empty Redis of your own")
    parser.add_argument("--cycles", type=int, default=20)
    parser.add_argument("--json", help="file for all figures")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aicoin-bench-") as name:
        folder = Path(name)
        simulator = SimulatorProcess(folder / "simulator").start()
        try:
            races = await measure(options, folder, simulator.url)
        finally:
            simulator.stop()
        if not all(race.figures for race in races):
            raise SystemExit(f"nothing was measured\n{logs_in(folder)}")
    for race in races:
        print(f"\n{race.title} ({race.unit}, median of {len(race.figures['all'])})")
        for part, figures in race.figures.items():
            print(f"  {part:<38} {statistics.median(figures):>9,.1f}   [{min(figures):,.1f} … {max(figures):,.1f}]")
    write_json(options.json, races, [])


if __name__ == "__main__":
    uvloop.run(main())
