"""Spending is never below what a provider bills nor above the cap, over real sockets and a real Redis.

The stand-ins bill as providers do (`simulator/server/models/billing.py`, with prices of its own): from the moment at
which they generate, also a caller that has left, a thought, an answer that then fails. Processes ask at the same time,
die in the middle of calls, lose Redis for a while.
"""

import asyncio
import random
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import structlog
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from manual_clock import ManualClock
from redis.asyncio import Redis

from agent_deepseek.config import PROFILE as DEEPSEEK
from agent_qwen.client import QwenClient
from agent_qwen.config import PROFILE as QWEN
from common.agent.providers.budget import MICRO_USD, Budget
from common.agent.providers.openai_client import OpenAIClient
from common.agent.providers.pricing import price_of
from common.agent.providers.profile import Endpoint, Profile, endpoint_of
from common.agent.providers.spending import Spending
from common.agent.request import AskResult, DecisionRequester
from common.bus.redis_streams import RedisBus, connect
from common.events import Prompt
from common.runtime.roster import read_roster
from common.trading.durations import DAY_MS
from simulator.server.models.app import create_models_app
from simulator.server.models.billing import Bills, cost_usd
from simulator.server.models.generation import count_tokens
from support.spending import spent_micro_usd

KEY = "one-key"
ROUNDS = 5
DEADLINE_S = 0.25
SEEDS = range(5)
FAULTS = ("", "", "", "late-500/", "late-503/", "cut/", "silent/", "blank/", "slow-9/", "error-429/", "error-401/")
REPEATS = 200
MODELS = ("deepseek-flash", "deepseek-v4-pro", "qwen3.8-flash", "qwen-plus")
HOSTS = {"deepseek": "https://api.deepseek.com", "dashscope": "https://dashscope-intl.aliyuncs.com"}
ROSTER = read_roster(None)
PEAK, OFF_PEAK = datetime(2026, 11, 30, 7, tzinfo=UTC), datetime(2026, 11, 29, 7, tzinfo=UTC)
BEFORE_PEAK = datetime(2026, 11, 30, 5, 59, 58, tzinfo=UTC)
TEXTS = ("0123456789" * 900, "做多比特币" * 600, "rsi14 [52.31, 48.9] " * 300, "🚀" * 900)
"""Contents with many tokens for their length, and with few; as long as a prompt."""


@dataclass
class Arena:
    """One contender's money: where its models answer, what they bill, what is counted."""

    url: str
    redis: Redis
    bills: Bills
    clock: ManualClock
    cap_usd: Decimal
    rng: random.Random
    processes: int = 0
    running: list[asyncio.Task[AskResult]] = field(default_factory=list)

    @property
    def billed_usd(self) -> Decimal:
        return self.bills.of(KEY).usd

    async def counted_usd(self) -> Decimal:
        keys = await self.redis.keys("spending:duel:*")
        return Decimal(sum([await spent_micro_usd(self.redis, key.decode()) for key in keys])) / MICRO_USD

    def start(self) -> Budget:
        """Another process."""
        self.processes += 1
        return Budget(self.redis, "duel", self.cap_usd, process=f"process {self.processes}")

    async def ask(self, budget: Budget) -> AskResult:
        """One decision of a random model with random troubles."""
        model, fault, thinking = self.rng.choice(MODELS), self.rng.choice(FAULTS), self.rng.choice(("on", "off"))
        profile = DEEPSEEK if model.startswith("deepseek") else QWEN
        endpoint = self._endpoint(profile, f"{fault}{model}", thinking)
        price = price_of(profile.prices, model, HOSTS[profile.provider])
        client = OpenAIClient(endpoint) if profile is DEEPSEEK else QwenClient(endpoint)
        requester = DecisionRequester(
            client,
            Spending(budget, price, self.clock, max_output_tokens=endpoint.max_output_tokens),
            self.clock,
            log=structlog.get_logger(),
            coins=ROSTER.coins,
            deadline_s=DEADLINE_S,
        )
        prompt = Prompt(
            system="Answer in JSON.",
            user=self.rng.choice(TEXTS),
            strategy="s",
            strategy_hash="s",
            prompt_hash="p",
        )
        try:
            return await requester.ask(prompt)
        finally:
            await client.close()

    def _endpoint(self, profile: Profile, model: str, thinking: str) -> Endpoint:
        contender = ROSTER.contender(str(profile.contender)).model_copy(update={"thinking": thinking})
        return endpoint_of(
            contender,
            profile,
            api_key=KEY,
            base_url=f"{self.url}{profile.stand_in_path}",
            provider_model=model,
            simulator_url=self.url,
            max_answer_tokens=self.rng.choice((10, 500)),
            max_thinking_tokens=self.rng.choice((50, 1_000)),
        )


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    bus = RedisBus(redis_url)
    await bus.prepare("agent-duel", [])
    yield bus.client
    await bus.close()


async def arena_of(seed: int, redis: Redis, server: uvicorn.Server, bills: Bills, clock: ManualClock) -> Arena:
    rng = random.Random(seed)
    bound = server.servers[0].sockets[0].getsockname()[1]
    return Arena(f"http://127.0.0.1:{bound}", redis, bills, clock, Decimal(rng.choice(("0.02", "0.1", "1"))), rng)


@pytest.fixture
async def served() -> AsyncIterator[tuple[uvicorn.Server, Bills, ManualClock]]:
    clock = ManualClock()
    bills = Bills(clock.now_ms)
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    config = uvicorn.Config(create_models_app(bills), log_level="error", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve([bound]))
    while not server.started:
        await asyncio.sleep(0.01)
    yield server, bills, clock
    server.should_exit = True
    await task


@given(st.lists(st.text(), min_size=1, max_size=4), st.integers(0, 20_000), st.sampled_from(MODELS))
def test_no_generation_is_billed_above_the_most(contents: list[str], output_tokens: int, model: str) -> None:
    profile = DEEPSEEK if model.startswith("deepseek") else QWEN
    price = price_of(profile.prices, model, HOSTS[profile.provider])
    contents = [content * REPEATS for content in contents]
    input_tokens = count_tokens("".join(contents))
    for at in (PEAK, OFF_PEAK):
        at_ms = int(at.timestamp() * 1000)
        most_usd = price.between(at_ms, at_ms).most_usd(contents, output_tokens)
        assert most_usd >= cost_usd(model, input_tokens, 0, output_tokens, at_ms)


@pytest.mark.parametrize("seed", SEEDS)
async def test_counted_is_at_least_billed_and_at_most_the_cap(
    seed: int, redis: Redis, served: tuple[uvicorn.Server, Bills, ManualClock]
) -> None:
    arena = await arena_of(seed, redis, *served)
    arena.clock.ms = int(arena.rng.choice((PEAK, OFF_PEAK, BEFORE_PEAK)).timestamp() * 1000)
    away = connect("redis://127.0.0.1:9")
    budgets = [arena.start(), arena.start()]
    for _ in range(ROUNDS):
        at = arena.rng.randrange(2)
        asked = [asyncio.ensure_future(arena.ask(arena.rng.choice(budgets))) for _ in range(3)]
        asked.append(asyncio.ensure_future(arena.ask(budgets[at])))
        trouble = arena.rng.choice(("none", "none", "death", "outage"))
        if trouble != "none":
            await asyncio.sleep(arena.rng.random() * 0.1)
            budgets[at]._redis = away
        if trouble == "death":
            asked[-1].cancel()
            budgets[at] = arena.start()
        for each in asked:
            with suppress(asyncio.CancelledError):
                await each
        budgets[at]._redis = redis
        counted_usd = await arena.counted_usd()
        assert arena.billed_usd <= counted_usd <= arena.cap_usd
    await away.aclose()


async def test_over_midnight_each_day_has_its_cap(
    redis: Redis, served: tuple[uvicorn.Server, Bills, ManualClock]
) -> None:
    arena = await arena_of(1, redis, *served)
    arena.cap_usd = Decimal("0.02")
    budgets = [arena.start(), arena.start()]
    first_day = int(OFF_PEAK.timestamp() * 1000) // DAY_MS
    for hour in (22, 23, 24, 25):
        arena.clock.ms = first_day * DAY_MS + hour * 3_600_000 - 10
        await asyncio.gather(*(arena.ask(budget) for budget in budgets * 4))
        for day in (first_day, first_day + 1):
            counted_usd = Decimal(await spent_micro_usd(redis, f"spending:duel:{day}")) / MICRO_USD
            assert counted_usd <= arena.cap_usd
    assert arena.billed_usd <= await arena.counted_usd()


async def test_a_process_alone_keeps_its_sum_over_wipes(
    redis: Redis, served: tuple[uvicorn.Server, Bills, ManualClock]
) -> None:
    arena = await arena_of(2, redis, *served)
    arena.clock.ms = int(PEAK.timestamp() * 1000)
    arena.cap_usd = Decimal("0.05")
    budget = arena.start()
    for _ in range(8):
        await asyncio.gather(*(arena.ask(budget) for _ in range(2)))
        await redis.delete(*await redis.keys("spending:*") or ["none"])
    spent_usd = arena.cap_usd - budget.left_usd(arena.clock.now_ms())
    assert arena.billed_usd <= spent_usd <= arena.cap_usd
