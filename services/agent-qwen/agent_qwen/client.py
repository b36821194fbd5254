"""Qwen through the official dashscope SDK, which returns errors instead of raising them. Source: Model Studio docs."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import aiohttp
from dashscope import AioGeneration

from common.agent.client import Answer, CallFailed, Message, error_text
from common.agent.profile import Endpoint
from common.events import TokenUsage

REQUEST_LIMIT_S = 120
HINTS = {
    "InvalidApiKey": "QWEN_API_KEY",
    "Arrearage": "the account's balance",
    "ModelNotFound": "QWEN_MODEL",
    "InvalidParameter": "QWEN_MODEL",
}


class QwenClient:
    """One model at one base URL (region)."""

    def __init__(self, endpoint: Endpoint, max_answer_tokens: int) -> None:
        self._endpoint, self._max_answer_tokens = endpoint, max_answer_tokens
        self._session: aiohttp.ClientSession | None = None

    def _own_session(self) -> aiohttp.ClientSession:
        """A session that we close: the SDK's shared one is left open."""
        if self._session is None:
            self._session = aiohttp.ClientSession(trust_env=True)
        return self._session

    async def complete(self, messages: Sequence[Message]) -> Answer:
        """One answer. Raises CallFailed."""
        try:
            response: Any = await AioGeneration.call(
                model=self._endpoint.provider_model,
                api_key=self._endpoint.api_key,
                base_address=self._endpoint.base_url,
                messages=list(messages),  # type: ignore[arg-type]
                result_format="message",
                response_format={"type": "json_object"},
                enable_thinking=False,
                max_tokens=self._max_answer_tokens,
                request_timeout=REQUEST_LIMIT_S,
                session=self._own_session(),
            )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            reason = f"{type(error).__name__}: {error}; check DASHSCOPE_HTTP_BASE_URL"
            raise CallFailed("UNREACHABLE", error_text(reason), retryable=True) from error
        if response.status_code != HTTPStatus.OK:
            raise _failure(response)
        return _answer(response, self._endpoint.provider_model)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


def _failure(response: Any) -> CallFailed:
    """Throttling and the provider's own faults pass; a bad key, an empty account or refused content don't."""
    code, status = str(response.code or f"HTTP_{response.status_code}"), int(response.status_code)
    hint = next((hint for name, hint in HINTS.items() if code.startswith(name)), "the provider's status page")
    reason = error_text(f"HTTP {status} {code}: {response.message}; check {hint}")
    return CallFailed(code[:60], reason, retryable=code.startswith("Throttling") or status == 429 or status >= 500)


def _answer(response: Any, asked_model: str) -> Answer:
    try:
        choice = response.output.choices[0]
        message, usage = choice.message, response.usage
        text = message.content
        return Answer(
            text=text if isinstance(text, str) else "",
            reasoning_content=message.get("reasoning_content"),
            provider_model=str(response.get("model") or asked_model),
            usage=None if usage is None else _usage(usage),
            cut_off=choice.finish_reason == "length",
        )
    except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
        raise CallFailed("UNREADABLE", error_text(f"not a generation: {error!r}"), retryable=True) from error


def _usage(usage: Any) -> TokenUsage:
    details = usage.get("prompt_tokens_details") or {}
    return TokenUsage(
        prompt_tokens=int(usage["input_tokens"]),
        completion_tokens=int(usage["output_tokens"]),
        cached_tokens=int(details.get("cached_tokens") or 0),
    )
