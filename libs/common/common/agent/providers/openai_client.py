"""Chat completions of an OpenAI-compatible server, over httpx. Source: DeepSeek API docs, Create chat completion."""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from common.agent.providers.answer_body import (
    PIECE_BYTES,
    error_inside,
    json_object,
    mapping,
    read_answer,
    read_bounded,
    refuse_encoded,
    stored_body,
    token_usage,
)
from common.agent.providers.failures import (
    CONNECT_LIMIT_S,
    REDIRECTS,
    connection_failure,
    listing_problem,
    redirect_failure,
    status_failure,
)
from common.agent.providers.port import Answer, CallFailed, Message
from common.agent.providers.profile import Endpoint
from common.events import TokenUsage
from common.runtime.outside.proxies import is_local

PROBE_LIMIT_S = 20.0


class OpenAIClient:
    """One model at one base URL. The caller's deadline bounds the whole body: keep-alive blanks don't prolong it.

    Of the answer no more than a bounded number of bytes is read, uncompressed; a redirect is not followed.
    """

    def __init__(self, endpoint: Endpoint, *, connect_limit_s: float = CONNECT_LIMIT_S) -> None:
        self._endpoint = endpoint
        names = endpoint.names
        asked = f"{names.model}, and the parameters in arena.toml"
        self._never_retried = {
            400: ("BAD_REQUEST", asked),
            401: ("BAD_KEY", names.api_key),
            402: ("NO_BALANCE", "the account's balance"),
            404: ("HTTP_404", f"{names.base_url} and {names.model}"),
            422: ("BAD_REQUEST", asked),
        }
        self._http = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {endpoint.api_key}", "Accept-Encoding": "identity"},
            timeout=httpx.Timeout(None, connect=connect_limit_s),
            follow_redirects=False,
            trust_env=not is_local(endpoint.base_url),
        )

    async def complete(self, messages: Sequence[Message]) -> Answer:
        """One answer. Raises CallFailed."""
        request = {**self._endpoint.parameters, "messages": list(messages)}
        status, body = await self._send("POST", "chat/completions", request)
        if status != 200:
            raise self._failure(status, body)
        return read_completion(body, self._endpoint.provider_model)

    async def probe(self) -> str | None:
        """What `GET models` says: whether the key is refused, and whether the model is listed. It costs nothing."""
        try:
            status, body = await self._send("GET", "models", None)
            if status == 401:
                return self._failure(status, body).reason
            rows = json_object(body).get("data") if status == 200 else None
        except CallFailed:
            return None
        names = [mapping(row).get("id") for row in rows] if isinstance(rows, list) else []
        listed = [name for name in names if isinstance(name, str)]
        return listing_problem(self._endpoint.provider_model, listed, self._endpoint.names.model)

    async def close(self) -> None:
        await self._http.aclose()

    async def _send(self, method: str, path: str, content: object) -> tuple[int, bytes]:
        """Status and whole body of one request. Raises CallFailed."""
        url, names = f"{self._endpoint.base_url.rstrip('/')}/{path}", self._endpoint.names
        try:
            sending = self._http.stream(method, url, json=content, extensions={"trace": _read_in_pieces})
            async with sending as response:
                if response.status_code in REDIRECTS:
                    location = response.headers.get("location")
                    raise redirect_failure(response.status_code, location, names.base_url)
                refuse_encoded(response.headers.get("content-encoding"))
                return response.status_code, await read_bounded(response.aiter_raw())
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            was_connected = not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            raise connection_failure(error, names.base_url, was_connected=was_connected) from error

    def _failure(self, status: int, body: bytes) -> CallFailed:
        code, hint = self._never_retried.get(status, (f"HTTP_{status}", "the provider's status page"))
        return status_failure(status, body, code=code, message=stored_body(body), hint=hint)


async def _read_in_pieces(event: str, info: Mapping[str, Any]) -> None:
    """Has each connection that is made read `PIECE_BYTES` at a time; httpx asks for sixteen times as many."""
    if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
        stream = info["return_value"]
        read = stream.read
        stream.read = lambda max_bytes, timeout=None: read(min(max_bytes, PIECE_BYTES), timeout)


def read_completion(body: bytes, asked_model: str) -> Answer:
    """The answer in the body of a chat completion. Raises CallFailed, whatever the body holds. Pure."""
    content = json_object(body)
    if "choices" not in content and (error := content.get("error")):
        message = mapping(error).get("message", error)
        raise error_inside(body, message if isinstance(message, str) else "of an unknown form")
    usage = _usage(mapping(content.get("usage")))
    return read_answer(body, content, content.get("choices"), usage, asked_model)


def _usage(usage: Mapping[str, Any]) -> TokenUsage | None:
    """Cached tokens stand under DeepSeek's own name or, at other servers, in OpenAI's details."""
    cached = usage.get("prompt_cache_hit_tokens") or mapping(usage.get("prompt_tokens_details")).get("cached_tokens")
    return token_usage(usage.get("prompt_tokens"), usage.get("completion_tokens"), cached, usage.get("total_tokens"))
