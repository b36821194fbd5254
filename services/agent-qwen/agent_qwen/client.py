"""Qwen through the official dashscope SDK, over the native path that its model is bound to. Source: Model Studio docs.

The SDK forms, signs and sends the requests; what it doesn't bound is bounded around it (`exchange.py`). Its objects of
answers aren't used: building them raises anything where an answer has an unexpected form, so bodies are read here.
"""

import logging
import socket
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from dashscope import AioGeneration, AioMultiModalConversation

from agent_qwen.config import MULTIMODAL_NAMES
from agent_qwen.exchange import BoundedResponse, Exchange
from agent_qwen.generation import is_url_error, read_error, read_generation
from common.agent.providers.answer_body import PIECE_BYTES, json_object, mapping
from common.agent.providers.failures import CONNECT_LIMIT_S, connection_failure, status_failure
from common.agent.providers.port import Answer, CallFailed, Message
from common.agent.providers.profile import Endpoint
from common.runtime.outside.proxies import is_local

CALL_LIMIT_S: Final = 3_600
"""The SDK's own limit, which is above every deadline: the caller's is the one that counts."""
REGIONS: Final = "DASHSCOPE_HTTP_BASE_URL: a key holds in one region only (Beijing, Singapore, US)"

Send = Callable[..., Any]

# The SDK logs every failure with its traces, the agent each failed call in one line.
logging.getLogger("dashscope").setLevel(logging.CRITICAL)


def _small_socket(address: aiohttp.AddrInfoType) -> socket.socket:
    """A socket that holds little, since aiohttp takes all that is there at once; a long answer takes round trips."""
    family, kind, protocol = address[:3]
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2 * PIECE_BYTES)
    return made


class QwenClient:
    """One model at one base URL (region).

    A model is served on one of two paths and answers "url error" on the other. The first is guessed from its name; the
    one that doesn't answer so is kept for the life of the process.
    """

    def __init__(self, endpoint: Endpoint, *, connect_limit_s: float = CONNECT_LIMIT_S) -> None:
        self._endpoint, self._connect_limit_s = endpoint, connect_limit_s
        names = endpoint.names
        self._hints = {
            "InvalidApiKey": f"{names.api_key}, and {REGIONS}",
            "Arrearage": "the account's balance",
            "ModelNotFound": names.model,
            "AccessDenied": f"{names.model}, and {REGIONS}",
            "InvalidParameter": f"{names.model}, and the parameters in arena.toml",
        }
        self._connector: aiohttp.TCPConnector | None = None
        ways: list[Send] = [self._send_text, self._send_parts]
        self._ways = ways[::-1] if MULTIMODAL_NAMES.search(endpoint.provider_model) else ways

    async def complete(self, messages: Sequence[Message]) -> Answer:
        """One answer. Raises CallFailed."""
        first, other = self._ways  # Of this call, whatever another one learns meanwhile.
        exchange = await self._call(first, messages)
        if is_url_error(exchange.status, exchange.body):
            exchange = await self._call(other, messages)
            if not is_url_error(exchange.status, exchange.body):
                self._ways = [other, first]
        if exchange.status != HTTPStatus.OK:
            raise self._failure(exchange)
        return read_generation(exchange.body, self._endpoint.provider_model)

    async def probe(self) -> str | None:
        """What the list of models says, filtered by the model's name: a refused key, a name that it lacks.

        The list is free, where even the shortest answer is billed, and a refused request would not prove the name.
        """
        exchange = self._exchange()
        model = self._endpoint.provider_model
        try:
            async with self._session(exchange) as session:
                url = f"{self._endpoint.base_url.rstrip('/')}/models"
                headers = {"Authorization": f"Bearer {self._endpoint.api_key}"}
                query = {"model": model, "page_no": "1", "page_size": "1"}
                await session.get(url, headers=headers, params=query)
            if exchange.status == HTTPStatus.UNAUTHORIZED:
                return self._failure(exchange).reason
            rows = mapping(json_object(exchange.body).get("output")).get("models")
        except CallFailed:
            return None
        if exchange.status != HTTPStatus.OK or not isinstance(rows, list):
            return None
        return None if rows else f"the provider lists no model {model!r}; check {self._endpoint.names.model}"

    async def close(self) -> None:
        if self._connector is not None:
            await self._connector.close()

    async def _call(self, send: Send, messages: Sequence[Message]) -> Exchange:
        """One request through the SDK and what came of it. Raises CallFailed when nothing did."""
        exchange = self._exchange()
        async with self._session(exchange) as session:
            try:
                await send(messages, session)
            except CallFailed:
                raise
            except Exception as error:
                if exchange.status is None:
                    raise connection_failure(error, self._endpoint.names.base_url, was_connected=True) from error
        return exchange

    def _exchange(self) -> Exchange:
        return Exchange(self._endpoint.names.base_url, connect_limit_s=self._connect_limit_s)

    def _session(self, exchange: Exchange) -> aiohttp.ClientSession:
        """A session of one call over the connections of all; made late, inside the running loop."""
        if self._connector is None:
            self._connector = aiohttp.TCPConnector(socket_factory=_small_socket)
        return aiohttp.ClientSession(
            connector=self._connector,
            connector_owner=False,
            middlewares=(exchange,),
            trace_configs=[exchange.trace],
            response_class=BoundedResponse,
            auto_decompress=False,
            trust_env=not is_local(self._endpoint.base_url),
        )

    async def _send_text(self, messages: Sequence[Message], session: aiohttp.ClientSession) -> Any:
        return await AioGeneration.call(messages=list(messages), **self._options(session))  # type: ignore[arg-type]

    async def _send_parts(self, messages: Sequence[Message], session: aiohttp.ClientSession) -> Any:
        parts = [{"role": message["role"], "content": [{"text": message["content"]}]} for message in messages]
        return await AioMultiModalConversation.call(messages=parts, **self._options(session))

    def _options(self, session: aiohttp.ClientSession) -> dict[str, Any]:
        return {
            **self._endpoint.parameters,
            "api_key": self._endpoint.api_key,
            "base_address": self._endpoint.base_url,
            "request_timeout": CALL_LIMIT_S,
            "session": session,
        }

    def _failure(self, exchange: Exchange) -> CallFailed:
        """Throttling and the provider's own faults may be retried, but no bad key, empty account or refused content."""
        status = exchange.status or 0
        code, message = read_error(exchange.body)
        code = code or f"HTTP_{status}"
        hint = next((hint for name, hint in self._hints.items() if code.startswith(name)), "the provider's status page")
        retryable = True if code.startswith("Throttling") else None
        return status_failure(
            status,
            exchange.body,
            code=code,
            message=message,
            hint=hint,
            retryable=retryable,
            # What the model has written is refused after it was written.
            may_be_billed=code.startswith("DataInspection"),
        )
