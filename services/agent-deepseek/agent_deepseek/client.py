"""DeepSeek's chat completions over httpx. Source: DeepSeek API docs, Create chat completion, Error codes."""

from collections.abc import Sequence
from typing import Any

import httpx

from common.agent.client import Answer, CallFailed, Message, error_text
from common.agent.profile import Endpoint
from common.events import TokenUsage

CONNECT_LIMIT_S = 10.0
MAX_BODY_BYTES = 2_000_000
NEVER_RETRIED = {
    400: ("BAD_REQUEST", "DEEPSEEK_MODEL"),
    401: ("BAD_KEY", "DEEPSEEK_API_KEY"),
    402: ("NO_BALANCE", "the account's balance"),
    422: ("BAD_REQUEST", "DEEPSEEK_MODEL"),
}


class DeepSeekClient:
    """One model at one base URL. The caller's deadline bounds the whole body: keep-alive blanks don't prolong it."""

    def __init__(self, endpoint: Endpoint, max_answer_tokens: int) -> None:
        self._endpoint, self._max_answer_tokens = endpoint, max_answer_tokens
        self._http = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {endpoint.api_key}"},
            timeout=httpx.Timeout(None, connect=CONNECT_LIMIT_S),
        )

    async def complete(self, messages: Sequence[Message]) -> Answer:
        """One answer. Raises CallFailed."""
        body = {
            "model": self._endpoint.provider_model,
            "messages": list(messages),
            "response_format": {"type": "json_object"},
            "thinking": {"type": "disabled"},
            "max_tokens": self._max_answer_tokens,
            "stream": False,
        }
        try:
            response = await self._http.post(f"{self._endpoint.base_url.rstrip('/')}/chat/completions", json=body)
        except httpx.HTTPError as error:
            reason = f"{type(error).__name__}: {error}; check DEEPSEEK_BASE_URL"
            raise CallFailed("UNREACHABLE", error_text(reason), retryable=True) from error
        if response.status_code != 200:
            raise _failure(response)
        return _answer(response)

    async def close(self) -> None:
        await self._http.aclose()


def _failure(response: httpx.Response) -> CallFailed:
    status = response.status_code
    code, hint = NEVER_RETRIED.get(status, (f"HTTP_{status}", "the provider's status page"))
    reason = error_text(f"HTTP {status}: {response.text[:500]}; check {hint}")
    return CallFailed(code, reason, retryable=status not in NEVER_RETRIED and (status == 429 or status >= 500))


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


def _usage(usage: dict[str, Any]) -> TokenUsage:
    return TokenUsage(
        prompt_tokens=int(usage["prompt_tokens"]),
        completion_tokens=int(usage["completion_tokens"]),
        cached_tokens=int(usage.get("prompt_cache_hit_tokens") or 0),
    )
