"""Chat completions of an OpenAI-compatible server, over httpx. Source: DeepSeek API docs, Create chat completion."""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from common.agent.providers.port import Answer, CallFailed, Message, error_text
from common.agent.providers.profile import Endpoint, Profile
from common.events import TokenUsage
from common.runtime.outside.proxies import is_local
from common.trading.roster import Contender

CONNECT_LIMIT_S = 10.0
MAX_BODY_BYTES = 2_000_000


def thinking_fields(profile: Profile, contender: Contender) -> Mapping[str, Any]:
    """The request's fields that switch the thinking mode as the roster says."""
    return profile.thinking_on if contender.thinking else profile.thinking_off


class OpenAIClient:
    """One model at one base URL. The caller's deadline bounds the whole body: keep-alive blanks don't prolong it.

    `extra_fields` are added to every request; a provider's parameters, such as its thinking mode, stand there.
    """

    def __init__(self, endpoint: Endpoint, extra_fields: Mapping[str, Any]) -> None:
        self._endpoint, self._extra_fields = endpoint, extra_fields
        names = endpoint.names
        self._never_retried = {
            400: ("BAD_REQUEST", names.model),
            401: ("BAD_KEY", names.api_key),
            402: ("NO_BALANCE", "the account's balance"),
            404: ("HTTP_404", f"{names.base_url} and {names.model}"),
            422: ("BAD_REQUEST", names.model),
        }
        self._http = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {endpoint.api_key}"},
            timeout=httpx.Timeout(None, connect=CONNECT_LIMIT_S),
            trust_env=not is_local(endpoint.base_url),
        )

    async def complete(self, messages: Sequence[Message]) -> Answer:
        """One answer. Raises CallFailed."""
        body = {
            "model": self._endpoint.provider_model,
            "messages": list(messages),
            "response_format": {"type": "json_object"},
            "max_tokens": self._endpoint.max_output_tokens,
            "stream": False,
            **self._extra_fields,
        }
        try:
            response = await self._http.post(f"{self._endpoint.base_url.rstrip('/')}/chat/completions", json=body)
        except httpx.HTTPError as error:
            reason = f"{type(error).__name__}: {error}; check {self._endpoint.names.base_url}"
            raise CallFailed("UNREACHABLE", error_text(reason), retryable=True) from error
        if response.status_code != 200:
            raise self._failure(response)
        return _answer(response)

    async def close(self) -> None:
        await self._http.aclose()

    def _failure(self, response: httpx.Response) -> CallFailed:
        status = response.status_code
        code, hint = self._never_retried.get(status, (f"HTTP_{status}", "the provider's status page"))
        reason = error_text(f"HTTP {status}: {response.text[:500]}; check {hint}")
        is_passing = status not in self._never_retried and (status == 429 or status >= 500)
        return CallFailed(code, reason, retryable=is_passing)


def _answer(response: httpx.Response) -> Answer:
    if len(response.content) > MAX_BODY_BYTES:
        raise CallFailed("UNREADABLE", "the answer is too big", retryable=False)
    try:
        content: dict[str, Any] = response.json()
        choice = content["choices"][0]
        message = choice["message"]
        usage = content.get("usage")
        return Answer(
            text=message.get("content") or "",
            reasoning_content=message.get("reasoning_content"),
            provider_model=str(content.get("model") or ""),
            usage=None if usage is None else _usage(usage),
            cut_off=choice.get("finish_reason") == "length",
        )
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        reason = error_text(f"not a chat completion: {error!r}: {response.text[:200]}")
        raise CallFailed("UNREADABLE", reason, retryable=True) from error


def _usage(usage: Mapping[str, Any]) -> TokenUsage:
    """Cached tokens stand under DeepSeek's own name or, at other servers, in OpenAI's details."""
    details = usage.get("prompt_tokens_details") or {}
    cached = usage.get("prompt_cache_hit_tokens") or details.get("cached_tokens") or 0
    return TokenUsage(
        prompt_tokens=int(usage["prompt_tokens"]),
        completion_tokens=int(usage["completion_tokens"]),
        cached_tokens=int(cached),
    )
