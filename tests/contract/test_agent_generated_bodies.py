"""Generated bodies over real sockets are read as they are in memory, where ten thousand of them are."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from agent_qwen.generation import read_generation
from common.agent.providers.openai_client import read_completion
from common.agent.providers.port import Answer, CallFailed
from support.model_servers import ANSWERS, CLIENTS, MESSAGES, deepseek, qwen, raw_server, whole
from support.odd_bodies import odd_bodies

SAMPLED_BODIES = 200
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


async def outcome_of(answer: Awaitable[Answer]) -> tuple[str, object]:
    """The answer, or the failure's code and reason."""
    try:
        return "answer", await answer
    except CallFailed as failed:
        return failed.code, failed.reason
