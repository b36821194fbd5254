"""Both model clients, and servers on real sockets that answer them with whatever bytes a test wants."""

import asyncio
import json
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from decimal import Decimal
from typing import Any

import uvicorn
from starlette.applications import Starlette
from structlog import get_logger

from agent_deepseek.config import PROFILE as DEEPSEEK
from agent_qwen.client import QwenClient
from agent_qwen.config import PROFILE as QWEN
from common.agent.providers.budget import MICRO_USD, Reservation
from common.agent.providers.openai_client import OpenAIClient
from common.agent.providers.port import Message, ModelClient
from common.agent.providers.pricing import FREE, Price
from common.agent.providers.profile import Endpoint, Profile, endpoint_of
from common.agent.providers.spending import Spending
from common.agent.request import DecisionRequester
from common.runtime.clock import Clock, SystemClock
from common.runtime.roster import read_roster

ROSTER = read_roster(None)
MESSAGES: list[Message] = [
    {"role": "system", "content": "Answer with one JSON object."},
    {"role": "user", "content": "# NOW\ncycle: 1"},
]
HOLD = json.dumps(
    {
        "action": "HOLD",
        "symbol": None,
        "leverage": 0,
        "position_size_percent": 0,
        "confidence": 50,
        "reasoning": "waits",
    }
)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
Reply = Callable[[asyncio.StreamWriter], Awaitable[None]]


def endpoint(profile: Profile, url: str, model: str, **row: Any) -> Endpoint:
    """Where the default contender of a provider is asked for `model`; `row` changes its row of the roster."""
    contender = ROSTER.contender(str(profile.contender)).model_copy(update=row)
    return endpoint_of(
        contender,
        profile,
        api_key="k",
        base_url=f"{url}{profile.stand_in_path}",
        provider_model=model,
        simulator_url="http://127.0.0.1:9",
        max_answer_tokens=500,
        max_thinking_tokens=1_000,
    )


def deepseek(url: str, model: str = "deepseek-flash", connect_limit_s: float = 10, **row: Any) -> OpenAIClient:
    return OpenAIClient(endpoint(DEEPSEEK, url, model, **row), connect_limit_s=connect_limit_s)


def qwen(url: str, model: str = "qwen-plus", connect_limit_s: float = 10, **row: Any) -> QwenClient:
    return QwenClient(endpoint(QWEN, url, model, **row), connect_limit_s=connect_limit_s)


CLIENTS: list[Callable[..., ModelClient]] = [deepseek, qwen]


def completion(content: object = HOLD, usage: object = None, **more: Any) -> dict[str, Any]:
    """The body of an answer in DeepSeek's form."""
    known = {"prompt_tokens": 9, "completion_tokens": 3, "prompt_cache_hit_tokens": 4}
    choice = {"message": {"content": content}, "finish_reason": "stop"}
    return {"model": "m", "choices": [choice], "usage": known if usage is None else usage} | more


def generation(content: object = HOLD, usage: object = None, **more: Any) -> dict[str, Any]:
    """The body of an answer in DashScope's form."""
    known = {"input_tokens": 9, "output_tokens": 3, "prompt_tokens_details": {"cached_tokens": 4}}
    choice = {"message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
    output = {"choices": [choice]}
    return {"request_id": "r", "output": output, "usage": known if usage is None else usage} | more


ANSWERS: dict[Callable[..., ModelClient], Callable[..., dict[str, Any]]] = {deepseek: completion, qwen: generation}


@asynccontextmanager
async def serving(app: Starlette) -> AsyncIterator[str]:
    """The URL of an application on a free port."""
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    bound.listen()
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    task = asyncio.create_task(server.serve([bound]))
    try:
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def raw_server(
    reply: Reply, *, heads: list[bytes] | None = None, context: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """Reads one request a connection and hands the connection to `reply`; the requests' heads are kept in `heads`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            if heads is not None:
                heads.append(head)
            await reader.readexactly(_length(head))
            await reply(writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        scheme = "http" if context is None else "https"
        yield f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def _length(head: bytes) -> int:
    lines = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
    return int(lines[0].split(b":")[1]) if lines else 0


def whole(content: bytes, *, head: bytes = OK) -> Reply:
    """A response with that content, and the end of the connection."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(head + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(content) + content)
        await writer.drain()

    return reply


def endless(piece: bytes, *, pause_s: float, head: bytes = OK) -> Reply:
    """A response that never ends, in pieces."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(head + b"Transfer-Encoding: chunked\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
            await asyncio.sleep(pause_s)

    return reply


@contextmanager
def serving_beside(app: Starlette) -> Iterator[str]:
    """The URL of an application that answers from a thread, for what runs an event loop of its own."""
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    bound.listen()
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


class NoBudget:
    """A budget that never ends; the real one has tests of its own."""

    async def reserve(self, usd: Decimal, now_ms: int) -> Reservation:
        return Reservation(0, int(usd * MICRO_USD))

    async def settle(self, reservation: Reservation, usd: Decimal) -> None:
        return None


def requester(
    client: ModelClient, deadline_s: float, price: Price = FREE, clock: Clock | None = None
) -> DecisionRequester:
    clock = clock or SystemClock()
    return DecisionRequester(
        client,
        Spending(NoBudget(), price, clock, max_output_tokens=500),  # type: ignore[arg-type]
        clock,
        log=get_logger(),
        coins=ROSTER.coins,
        deadline_s=deadline_s,
    )
