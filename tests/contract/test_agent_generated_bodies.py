"""Generated bodies over real sockets are read as they are in memory, where ten thousand of them are."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from manual_clock import ManualClock
from structlog import get_logger

from agent_deepseek.config import PROFILE as DEEPSEEK
from agent_qwen.config import PROFILE as QWEN
from agent_qwen.generation import read_generation
from common.agent.prompt.strategy import load_strategy
from common.agent.providers.openai_client import read_completion
from common.agent.providers.port import Answer, CallFailed
from common.agent.settings import agent_settings
from common.agent.trading_agent import TradingAgent
from common.bus.redis_streams import RedisBus
from common.events import AgentDecision, Outcome, originate
from common.events.codec import decode, encode
from common.runtime.service import Service
from common.trading.limits import Limits
from support.model_servers import ANSWERS, CLIENTS, MESSAGES, ROSTER, deepseek, endpoint, qwen, raw_server, whole
from support.odd_bodies import odd_bodies
from support.prompt_examples import a_snapshot
from support.risk_examples import an_account, an_account_event

SAMPLED_BODIES = 200
CYCLES = 60
NOW_MS = 1_780_000_000_000
LIMIT_S = 60.0
READERS = {deepseek: read_completion, qwen: read_generation}
MODELS = {deepseek: "deepseek-flash", qwen: "qwen-plus"}


@pytest.mark.parametrize("make", CLIENTS)
async def test_generated_bodies_over_sockets_are_read_as_they_are_in_memory(make: Callable[..., Any]) -> None:
    read, bodies = READERS[make], list(odd_bodies(ANSWERS[make](), SAMPLED_BODIES, seed=7))
    left = iter(bodies)

    async def reply(writer: asyncio.StreamWriter) -> None:
        await whole(next(left))(writer)

    seen: Counter[str] = Counter()
    async with raw_server(reply) as url, asyncio.timeout(LIMIT_S):
        client = make(url)
        for body in bodies:
            over_sockets = await outcome_of(client.complete(MESSAGES))
            in_memory = await outcome_of(asyncio.to_thread(read, body, MODELS[make]))
            assert over_sockets == in_memory
            seen[over_sockets[0]] += 1
        await client.close()
    assert seen.total() == SAMPLED_BODIES
    assert set(seen) == {"answer", "UNREADABLE"}


@pytest.mark.parametrize("make", CLIENTS)
async def test_every_cycle_has_one_decision_whatever_the_provider_sends(
    make: Callable[..., Any], redis_url: str
) -> None:
    bodies = odd_bodies(ANSWERS[make](), 10 * CYCLES, seed=11)

    async def reply(writer: asyncio.StreamWriter) -> None:
        await whole(next(bodies))(writer)

    bus, clock = RedisBus(redis_url), ManualClock(NOW_MS)
    await bus.client.flushdb()
    profile = {deepseek: DEEPSEEK, qwen: QWEN}[make]
    contender = ROSTER.contender(str(profile.contender))
    settings = agent_settings(contender, profile)(metrics_port=0)
    seen: Counter[Outcome] = Counter()
    async with raw_server(reply) as url, asyncio.timeout(LIMIT_S):
        client = make(url)
        agent = TradingAgent(
            Service(contender.agent, settings, bus, clock, get_logger(), lease=False),
            settings,
            contender=contender,
            coins=ROSTER.coins,
            limits=Limits(),
            endpoint=endpoint(profile, url, MODELS[make]),
            client=client,
            strategy=load_strategy(contender.strategy, contender.language),
        )
        for number in range(CYCLES):
            clock.ms += 60_000
            account = an_account_event(an_account(model=contender.id), at_ms=clock.ms)
            await bus.client.set(f"account:{contender.id}", encode(account))
            market = a_snapshot(coins=(), cycle_number=number, boundary_ms=clock.ms)
            keys = {"time_ms": clock.ms, "now_ms": clock.ms, "cycle_id": f"c{number}"}
            result: Any = agent.decide(originate(market, keys=(number,), **keys), clock.ms)
            [event] = await result
            decision: AgentDecision = event.data
            assert (decision.decision is None) is (decision.outcome is not Outcome.ANSWERED)
            assert decode(AgentDecision.TYPE, encode(event)).data == decision
            seen[decision.outcome] += 1
        await client.close()
    await bus.close()
    assert seen.total() == CYCLES
    assert seen[Outcome.ANSWERED] > CYCLES / 2


async def outcome_of(answer: Awaitable[Answer]) -> tuple[str, object]:
    """The answer, or the failure's code and reason."""
    try:
        return "answer", await answer
    except CallFailed as failed:
        return failed.code, failed.reason
