"""Everything on stage: stores and exchange that survive, the services as processes, market, models and faults."""

import asyncio
import random
from collections.abc import Callable, Coroutine
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
from common.trading.symbols import MODELS, SYMBOLS
from executor.config import ExecutorSettings
from executor.feed import AccountFeed
from executor.main import compose as compose_executor
from executor.testing import address_of, key_of, wallet_of
from executor.venue import Door
from recorder.tables import insert, verdict_row
from risk.config import RiskSettings
from risk.main import compose as compose_risk
from simulation import model as scripted
from simulation.bus import LineToBus
from simulation.chaos import Chaos, Weather
from simulation.database import Database, Pool
from simulation.journal import Journal
from simulation.loop import LoopClock, VirtualLoop
from simulation.network import TIMEOUT_S, Line, Wallet
from simulation.process import Life, Process, log_of
from simulator.exchange.ending import cancel_all
from simulator.testing_inprocess import InProcess

START_MS = 1_790_000_000_000
ADDRESSES = {model: address_of(model) for model in MODELS}
WALLETS = {model: wallet_of(model) for model in MODELS}
BALANCE_USD = Decimal(10_000)
INTENT_LIFE_S = 5.0
STEP_S = 1.0
TICK_EVERY_STEPS = 2
DEPTHS = (1.0, 0.02, 0.003)
"""How deep the books are: in the thinnest ones many entries are filled in part."""


class Stage:
    """One run's world. `limits` are risk's settings by name."""

    def __init__(
        self, loop: VirtualLoop, rng: random.Random, seed: int, weather: Weather, folder: Path, **limits: Any
    ) -> None:
        self.loop, self.rng = loop, rng
        self.clock = LoopClock(loop, START_MS)
        self.journal = Journal(loop.time)
        self.chaos = Chaos(random.Random(rng.random()), weather)
        self.bus = MemoryBus(self.clock.now_ms)
        self.database = Database()
        self.database.migrate("executor", "risk")
        self.database.create("recorder", "verdicts")
        self.recorded: dict[str, Event[Any]] = {}
        self.feeds: dict[str, AccountFeed] = {}
        self.addresses = ADDRESSES
        accounts = [(ADDRESSES[model], WALLETS[model]) for model in MODELS]
        self.model_of = {address: model for model, address in ADDRESSES.items()}
        self.exchange = InProcess(seed, self.clock.now_ms, accounts, BALANCE_USD, self._news, rng.choice(DEPTHS))
        self.executor_settings = ExecutorSettings(
            metrics_port=0,
            database_url=SecretStr("postgresql://simulated"),
            executor_data_dir=folder,
            exchange_timeout_s=TIMEOUT_S,
            intent_life_s=INTENT_LIFE_S,
            request_weight_per_minute=600,
            **{f"hyperliquid_private_key_{model}": SecretStr(key_of(model)) for model in MODELS},  # type: ignore[arg-type]
            **{f"hyperliquid_account_address_{model}": ADDRESSES[model] for model in MODELS},
        )
        self.risk_settings = RiskSettings(metrics_port=0, database_url=SecretStr("postgresql://simulated"), **limits)
        self.processes = {
            name: Process(name, main, self.chaos, self.journal, mortal=True)
            for name, main in (("executor", self._executor), ("risk", self._risk), ("recorder", self._recorder))
        }
        self.decisions = self._hasty = 0
        self.aside: list[asyncio.Task[None]] = []
        self.services: dict[str, Service] = {}
        self.published: Callable[[Event[Any]], None] = lambda event: None
        self.are_models_awake = True

    @property
    def has_lied(self) -> bool:
        """Whether an answer of the exchange said something else than what had happened."""
        return any(self.chaos.happened[f"request {kind}"] for kind in ("lie", "lie_whole"))

    # Services.

    def _service(self, life: Life, settings: ServiceSettings, *, lease: bool) -> Service:
        bus = LineToBus(self.bus, life, self.journal, lambda event: self.published(event))
        service = Service(life.name, settings, bus, self.clock, log_of(self.journal, life.name), lease=lease)
        self.services[life.name] = service
        return service

    async def _executor(self, life: Any) -> None:
        service = self._service(life, self.executor_settings, lease=True)
        line = Line(life, self.exchange, self.journal)
        door = Door("http://simulated", TIMEOUT_S, round(INTENT_LIFE_S * 1000), line.posting_to, line.call, Wallet)
        pool: Any = Pool(self.database, life.point)
        executor = compose_executor(service, self.executor_settings, pool, door)
        for name, lane in executor.lanes.items():
            self.feeds[name] = AccountFeed("http://simulated", self.addresses[name], lane, self.clock, service.log)
        await service.run()

    async def _risk(self, life: Any) -> None:
        service = self._service(life, self.risk_settings, lease=True)
        pool: Any = Pool(self.database, life.point)
        compose_risk(service, self.risk_settings, pool, read_roster(None))
        await service.run()

    async def _recorder(self, life: Any) -> None:
        """Keeps every event by its id, as the recorder's tables do, and the one table that others read."""
        service = self._service(life, ServiceSettings(metrics_port=0), lease=False)
        pool: Any = Pool(self.database, life.point)

        async def store(events: Any, now_ms: int) -> tuple[Event[Any], ...]:
            verdicts = [event for event in events if isinstance(event.data, RiskApproved | RiskDenied)]
            if verdicts:
                async with pool.connection() as connection:
                    await insert(connection, "verdicts", [verdict_row(event) for event in verdicts])
            await life.point("database.connect")
            for event in events:
                if not isinstance(event.data, MarketTick):
                    self.recorded.setdefault(event.id, event)
            await life.point("database.committed")
            return ()

        service.on_batch(store)
        await service.run()

    def _news(self, account: str, message: str) -> None:
        """What the account's socket says reaches the executor some time later, or twice, or never."""
        feed = self.feeds.get(self.model_of[account])
        if feed is None or not self.processes["executor"].is_up:
            return
        fault = self.chaos.one_of(self.chaos.weather.news, "news")
        if fault == "drop" or self.loop.time() < self.chaos.outage_until_s:
            return
        delay_s = self.chaos.rng.uniform(5, 60) if fault == "late" else self.chaos.rng.uniform(0.01, 0.2)
        for _ in range(2 if fault == "duplicate" else 1):
            self.loop.call_later(delay_s, self._hear, feed, message)

    def _hear(self, feed: AccountFeed, message: str) -> None:
        if self.feeds.get(self.model_of[feed._address]) is feed and self.processes["executor"].is_up:
            feed._take(message)

    # The world.

    async def market(self) -> None:
        """Steps of the market, with ticks of all coins, and prices that jump."""
        steps = 0
        while True:
            self.exchange.step()
            if steps % TICK_EVERY_STEPS == 0:
                await self.bus.commit(Commit("ingester", events=[self._tick(symbol) for symbol in SYMBOLS]))
            steps += 1
            if self.chaos.rng.random() < self.chaos.weather.gaps_a_minute * STEP_S / 60:
                self._jump()
            await asyncio.sleep(STEP_S)

    def _jump(self) -> None:
        """Of any coin, more often of one that is held."""
        accounts = self.exchange.world.exchange.accounts.values()
        held = [Symbol(coin) for account in accounts for coin in account.positions]
        is_held = held and self.chaos.rng.random() < 0.7
        symbol, percent = self.chaos.rng.choice(held if is_held else list(SYMBOLS)), self.chaos.rng.uniform(-9, 9)
        self.chaos.happened["gap"] += 1
        self.journal.note("market", "gap", symbol=symbol.value, percent=percent)
        market = self.exchange.world.market.coins[symbol.value]
        factor = 1 + percent / 100
        market.mid, market.oracle, market.mark = market.mid * factor, market.oracle * factor, market.mark * factor

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
        return {symbol: (coins[symbol].bids[0].price + coins[symbol].asks[0].price) / 2 for symbol in SYMBOLS}

    async def think(self, name: str) -> None:
        """One model: asks, thinks, answers."""
        rng = random.Random(self.rng.random())
        while self.are_models_awake:
            await asyncio.sleep(rng.uniform(*scripted.EVERY_S))
            asked_ms, mids = self.clock.now_ms(), self.mids()
            held = [Symbol(coin) for coin in self.exchange.world.exchange.accounts[self.addresses[name]].positions]
            decision = scripted.decide(rng, held, mids)
            await asyncio.sleep(rng.uniform(*scripted.THINKS_S))
            self.decisions += 1
            event = scripted.answer(name, self.decisions, decision, mids, asked_ms, self.clock.now_ms())
            await self.bus.commit(Commit(f"agent-{name}", events=[event]))

    async def people(self) -> None:
        """Halts that are lifted again, and flattens."""
        number = 0
        while True:
            await asyncio.sleep(STEP_S)
            if self.chaos.rng.random() >= self.chaos.weather.commands_a_minute * STEP_S / 60:
                continue
            number += 1
            whom = self.chaos.rng.choice((*MODELS, None))
            command = self.chaos.rng.choice((Command.HALT, Command.HALT, Command.FLATTEN))
            await self.command(command, whom, number)
            if command is Command.HALT:
                await asyncio.sleep(self.chaos.rng.uniform(5, 40))
                await self.command(Command.RESUME, whom, number)

    def approved(self, name: str) -> None:
        """A person who wants to stop just when an entry is on its way."""
        if self.chaos.draws("halt_after_approval"):
            delay_s = self.chaos.rng.uniform(0, 0.4)
            self.loop.call_later(delay_s, lambda: self.keep(self._halt_for_a_while(name)))

    async def _halt_for_a_while(self, name: str) -> None:
        self._hasty += 1
        await self.command(Command.HALT, name, f"hasty {self._hasty}")
        await asyncio.sleep(self.chaos.rng.uniform(2, 20))
        await self.command(Command.RESUME, name, f"hasty {self._hasty}")

    def keep(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs something on the side until the run's end."""
        task = self.loop.create_task(work)
        self.aside.append(task)

    async def command(self, command: Command, whom: str | None, number: object) -> None:
        self.chaos.happened[command.value] += 1
        data = ControlCommand(command=command, model=whom, reason="drawn", requested_by="simulation")
        now_ms = self.clock.now_ms()
        event = originate(data, keys=(command, whom, number), time_ms=now_ms, now_ms=now_ms)
        self.journal.note("people", command.value, model=whom)
        await self.bus.commit(Commit("gateway", events=[event]))

    async def outages(self) -> None:
        """Times at which the exchange doesn't answer, or lies."""
        while True:
            await asyncio.sleep(STEP_S)
            if self.chaos.rng.random() < self.chaos.weather.outages_a_minute * STEP_S / 60:
                length_s = self.chaos.rng.uniform(2, 45)
                self.chaos.outage_until_s = self.loop.time() + length_s
                self.chaos.happened["outage"] += 1
                self.journal.note("exchange", "outage", length_s=length_s)
                await asyncio.sleep(length_s)

    async def databases(self) -> None:
        """Times at which PostgreSQL is away for longer, in some of which a person takes the stops away."""
        while True:
            await asyncio.sleep(STEP_S)
            share = self.chaos.weather.database_outages_a_minute
            if share and self.chaos.rng.random() < share * STEP_S / 60:
                await self.lose_database(self.chaos.rng.uniform(5, 60), stops_go=self.chaos.rng.random() < 0.5)

    async def lose_database(self, length_s: float, *, stops_go: bool) -> None:
        """Returns when it is back."""
        self.chaos.database_until_s = self.loop.time() + length_s
        self.chaos.happened["database outage"] += 1
        self.journal.note("postgres", "outage", length_s=length_s, stops_go=stops_go)
        if stops_go:
            for address in self.addresses.values():
                cancel_all(self.exchange.world.exchange, address, self.clock.now_ms(), "canceled")
            self.exchange.settle()
        await asyncio.sleep(max(0.0, self.chaos.database_until_s - self.loop.time()))

    async def wipes(self) -> None:
        """Times at which Redis forgets everything."""
        while True:
            await asyncio.sleep(STEP_S)
            if self.chaos.rng.random() < self.chaos.weather.wipes_a_minute * STEP_S / 60:
                self.chaos.happened["wipe"] += 1
                self.journal.note("redis", "wiped")
                self.chaos.disturb("executor", self.loop.time())
                self.bus.wipe()

    async def end(self) -> None:
        for task in self.aside:
            task.cancel()
        await asyncio.gather(*self.aside, return_exceptions=True)
        for process in self.processes.values():
            await process.end()
        self.database.close()
