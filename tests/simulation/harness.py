"""The harness of a run: stores and exchange that outlive every process, the services as processes, the models."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from contextvars import Context
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from common.bus.memory import MemoryBus
from common.bus.port import Commit
from common.events import Command, ControlCommand, Event, MarketTick, RiskApproved, RiskDenied, originate
from common.runtime.roster import read_roster
from common.runtime.service import Service
from common.runtime.settings import ServiceSettings
from common.trading.instruments import Symbol
from executor.config import executor_settings
from executor.exchange.http import ExchangeConfig
from executor.exchange.user_stream import UserStream
from executor.main import compose as compose_executor
from recorder.storage.rows import verdict_row
from recorder.storage.statements import insert
from risk.config import RiskSettings
from risk.main import compose as compose_risk
from simulation import scripted_model
from simulation.adapters.bus import FaultyBus
from simulation.adapters.database import Database, Pool
from simulation.adapters.network import TIMEOUT_S, FaultyTransport, Wallet
from simulation.faults import FaultInjector, FaultProfile
from simulation.loop import HostClock, LoopClock, VirtualLoop
from simulation.process import Process, ProcessRun
from simulation.trace import Trace, TraceLog
from simulator.testing.in_process import InProcessExchange
from support.executor_process import address_of, key_of, wallet_of

START_MS = 1_790_000_000_000
ROSTER = read_roster(None)
BALANCE_USD = Decimal(10_000)
INTENT_LIFE_S = 5.0
STEP_S = 1.0
TICK_EVERY_STEPS = 2
STANDBY = "standby"
DEPTHS = (1.0, 0.02, 0.003)
"""Depth of the order books: in the thinnest ones many entries are filled in part."""


class Harness:
    """One run. `limits` are risk's settings by name."""

    def __init__(
        self, loop: VirtualLoop, rng: random.Random, seed: int, profile: FaultProfile, folder: Path, **limits: Any
    ) -> None:
        self.loop, self.rng = loop, rng
        self.exchange_clock = LoopClock(loop, START_MS)
        self.trace = Trace(loop.time)
        self.faults = FaultInjector(random.Random(rng.random()), profile)
        self.clock = HostClock(loop, START_MS, lambda: self.faults.skew_ms)
        self.bus = MemoryBus(self.exchange_clock.now_ms)
        self.database = Database()
        self.database.migrate("executor", "risk")
        self.database.create("recorder", "verdicts")
        self.recorded: dict[str, Event[Any]] = {}
        self.user_streams: dict[tuple[str, str], UserStream] = {}
        self.models, self.coins = ROSTER.ids, ROSTER.coins
        self.addresses = {model: address_of(model) for model in self.models}
        accounts = [(self.addresses[model], wallet_of(model)) for model in self.models]
        self.model_of = {address: model for model, address in self.addresses.items()}
        depth = rng.choice(DEPTHS)
        self.exchange = InProcessExchange(
            seed, self.exchange_clock.now_ms, accounts, BALANCE_USD, self._on_user_message, depth
        )
        self.executor_settings = executor_settings(ROSTER)(
            metrics_port=0,
            database_url=SecretStr("postgresql://simulated"),
            executor_data_dir=folder,
            exchange_timeout_s=TIMEOUT_S,
            intent_life_s=INTENT_LIFE_S,
            request_weight_per_minute=1_000,
            **{f"hyperliquid_private_key_{model}": SecretStr(key_of(model)) for model in self.models},
            **{f"hyperliquid_account_address_{model}": self.addresses[model] for model in self.models},
        )
        self.risk_settings = RiskSettings(metrics_port=0, database_url=SecretStr("postgresql://simulated"), **limits)
        mains = {"executor": self._executor, "risk": self._risk, "recorder": self._recorder}
        if profile.standby:
            mains |= {STANDBY: self._executor}
        self.processes = {name: Process(name, main, self.faults, self.trace, loop) for name, main in mains.items()}
        self.decisions = self._quick_halts = 0
        self.side_tasks: list[asyncio.Task[None]] = []
        self.services: dict[str, Service] = {}
        self.published: Callable[[Event[Any]], None] = lambda event: None
        self.are_models_deciding = True

    @property
    def has_false_answers(self) -> bool:
        """Whether an answer of the exchange has contradicted what it had done."""
        return any(self.faults.counts[f"request {kind}"] for kind in ("false_rejection", "false_error"))

    @property
    def executors(self) -> list[Process]:
        """The executor, and its standby where there is one."""
        return [process for name, process in self.processes.items() if name in ("executor", STANDBY)]

    # Services.

    def _service(self, run: ProcessRun, settings: ServiceSettings, *, lease: bool, name: str = "") -> Service:
        bus = FaultyBus(self.bus, run, self.trace, lambda event: self.published(event))
        log, service_name = TraceLog(self.trace, run.name), name or run.name
        service = Service(service_name, settings, bus, self.clock, log, lease=lease, boot_id=run.boot_id)
        self.services[run.name] = service
        return service

    async def _executor(self, run: Any) -> None:
        settings = self.executor_settings.model_copy(update={"instance": run.name})
        service = self._service(run, settings, lease=True, name="executor")
        transport = FaultyTransport(run, self.exchange, self.trace)
        exchange = ExchangeConfig(
            url="http://simulated",
            timeout_s=TIMEOUT_S,
            action_life_ms=round(INTENT_LIFE_S * 1000),
            open_transport=transport.open,
            run_blocking=transport.call,
            open_wallet=Wallet,
        )
        pool: Any = Pool(self.database, run.fault_point)
        executor = compose_executor(service, settings, pool, exchange=exchange)
        for name, worker in executor.workers.items():
            self.user_streams[run.name, name] = UserStream(
                api_url="http://simulated",
                address=self.addresses[name],
                listener=worker,
                clock=self.clock,
                log=service.log,
            )
        await service.run()

    async def _risk(self, run: Any) -> None:
        service = self._service(run, self.risk_settings, lease=True)
        pool: Any = Pool(self.database, run.fault_point)
        compose_risk(service, self.risk_settings, pool, ROSTER)
        await service.run()

    async def _recorder(self, run: Any) -> None:
        """Keeps every event by its id, as the recorder's tables do, and writes the table that risk reads."""
        service = self._service(run, ServiceSettings(metrics_port=0), lease=False)
        pool: Any = Pool(self.database, run.fault_point)

        async def store(events: Any, now_ms: int) -> tuple[Event[Any], ...]:
            verdicts = [event for event in events if isinstance(event.data, RiskApproved | RiskDenied)]
            if verdicts:
                async with pool.connection() as connection:
                    await insert(connection, "verdicts", [verdict_row(event) for event in verdicts])
            await run.fault_point("database.connect")
            for event in events:
                if not isinstance(event.data, MarketTick):
                    self.recorded.setdefault(event.id, event)
            await run.fault_point("database.committed")
            return ()

        service.on_batch(store)
        await service.run()

    def _on_user_message(self, account: str, message: str) -> None:
        """Delivers a message of the account's WebSocket to the executor some time later, or twice, or never."""
        for process in self.executors:
            stream = self.user_streams.get((process.name, self.model_of[account]))
            if stream is not None and process.is_up:
                self._send_user_message(process, stream, message)

    def _send_user_message(self, process: Process, stream: UserStream, message: str) -> None:
        fault = self.faults.one_of(self.faults.profile.user_stream, "user stream")
        if fault == "drop" or self.loop.time() < max(self.faults.outage_until_s, self.faults.stream_until_s):
            return
        delay_s = self.faults.rng.uniform(5, 60) if fault == "late" else self.faults.rng.uniform(0.01, 0.2)
        for _ in range(2 if fault == "duplicate" else 1):
            self._later(delay_s, self._deliver_user_message, process, stream, message)

    def _later(self, delay_s: float, call: Callable[..., None], *arguments: Any) -> None:
        """Outside of every process, whichever one causes it."""
        self.loop.call_later(delay_s, call, *arguments, context=Context())

    def _deliver_user_message(self, process: Process, stream: UserStream, message: str) -> None:
        """Delivers to the run that subscribed; a paused one reads its socket when it goes on."""
        pause_s = process.paused_until_s - self.loop.time()
        if pause_s > 0:
            self._later(pause_s, self._deliver_user_message, process, stream, message)
            return
        if self.user_streams.get((process.name, self.model_of[stream.address])) is stream and process.is_up:
            stream.dispatch(message)

    # Market, models and people.

    async def step_market(self, step: int) -> None:
        """One step of the market; every second one also publishes ticks of all coins."""
        self.exchange.step()
        if step % TICK_EVERY_STEPS == 0:
            await self.bus.commit(Commit("ingester", events=[self._tick(symbol) for symbol in self.coins]))

    def _tick(self, symbol: Symbol) -> Event[MarketTick]:
        market, now_ms = self.exchange.world.market.coins[symbol.value], self.clock.now_ms()
        bid, ask = market.bids[0].price, market.asks[0].price
        tick = MarketTick(
            symbol=symbol,
            mid_price=(bid + ask) / 2,
            mark_price=market.mark_price,
            oracle_price=market.mark_price,
            best_bid_price=bid,
            best_ask_price=ask,
            prev_day_price=market.mark_price,
            day_volume_usd=Decimal(0),
            funding_rate_hourly=Decimal(0),
            open_interest_coin=Decimal(0),
            mark_received_ms=now_ms,
            book_received_ms=now_ms,
        )
        return originate(tick, keys=(symbol, now_ms), time_ms=now_ms, now_ms=now_ms)

    def mids(self) -> dict[Symbol, Decimal]:
        coins = self.exchange.world.market.coins
        return {symbol: (coins[symbol].bids[0].price + coins[symbol].asks[0].price) / 2 for symbol in self.coins}

    async def run_model(self, name: str) -> None:
        """One model: decides on the present state, and answers some time later."""
        rng = random.Random(self.rng.random())
        while self.are_models_deciding:
            await asyncio.sleep(rng.uniform(*scripted_model.PAUSE_S))
            asked_ms, mids = self.clock.now_ms(), self.mids()
            held = [Symbol(coin) for coin in self.exchange.world.exchange.accounts[self.addresses[name]].positions]
            decision = scripted_model.decide(rng, self.coins, held, mids)
            await asyncio.sleep(rng.uniform(*scripted_model.LATENCY_S))
            self.decisions += 1
            event = scripted_model.answer(name, self.decisions, decision, mids, asked_ms, self.clock.now_ms())
            await self.bus.commit(Commit(f"agent-{name}", events=[event]))

    def on_entry_approved(self, model: str) -> None:
        """Draws a person who halts the model while its entry is in flight."""
        if self.faults.draws("halt_after_approval"):
            delay_s = self.faults.rng.uniform(0, 0.4)
            self._later(delay_s, lambda: self.spawn(self._halt_briefly(model)))

    async def _halt_briefly(self, model: str) -> None:
        self._quick_halts += 1
        await self.send_command(Command.HALT, model, f"quick {self._quick_halts}")
        await asyncio.sleep(self.faults.rng.uniform(2, 20))
        await self.send_command(Command.RESUME, model, f"quick {self._quick_halts}")

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs a task of its own until the run's end."""
        task = self.loop.create_task(work)
        self.side_tasks.append(task)

    async def send_command(self, command: Command, model: str | None, number: object) -> None:
        self.faults.counts[command.value] += 1
        data = ControlCommand(command=command, model=model, reason="drawn", requested_by="simulation")
        now_ms = self.clock.now_ms()
        event = originate(data, keys=(command, model, number), time_ms=now_ms, now_ms=now_ms)
        self.trace.record("people", command.value, model=model)
        await self.bus.commit(Commit("gateway", events=[event]))

    async def end(self) -> None:
        """Ends every task and process of the run."""
        for task in self.side_tasks:
            task.cancel()
        await asyncio.gather(*self.side_tasks, return_exceptions=True)
        for process in self.processes.values():
            await process.end()
        self.database.close()
