"""Qwen through the official dashscope SDK, which returns errors instead of raising them. Source: Model Studio docs."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import aiohttp
from dashscope import AioGeneration

from common.agent.providers.port import Answer, CallFailed, Message, error_text
from common.agent.providers.profile import Endpoint
from common.events import TokenUsage
from common.runtime.outside.proxies import is_local

REQUEST_LIMIT_S = 120


class QwenClient:
    """One model at one base URL (region)."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        names = endpoint.names
        self._hints = {
            "InvalidApiKey": names.api_key,
            "Arrearage": "the account's balance",
            "ModelNotFound": names.model,
            "InvalidParameter": names.model,
        }
        self._http: aiohttp.ClientSession | None = None

    def _session(self) -> aiohttp.ClientSession:
        """A session that `close` closes: the SDK leaves its shared one open. Made late, inside the running loop."""
        if self._http is None:
            self._http = aiohttp.ClientSession(trust_env=not is_local(self._endpoint.base_url))
        return self._http

    def _mode(self) -> dict[str, Any]:
        """The parameters of the thinking mode, which lies outside max_tokens and excludes the JSON mode."""
        if self._endpoint.max_thinking_tokens:
            return {"enable_thinking": True, "thinking_budget": self._endpoint.max_thinking_tokens}
        return {"enable_thinking": False, "response_format": {"type": "json_object"}}

    async def complete(self, messages: Sequence[Message]) -> Answer:
        """One answer. Raises CallFailed."""
        try:
            response: Any = await AioGeneration.call(
                model=self._endpoint.provider_model,
                api_key=self._endpoint.api_key,
                base_address=self._endpoint.base_url,
                messages=list(messages),  # type: ignore[arg-type]
                result_format="message",
                max_tokens=self._endpoint.max_answer_tokens,
                request_timeout=REQUEST_LIMIT_S,
                session=self._session(),
                **self._mode(),
            )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            reason = f"{type(error).__name__}: {error}; check {self._endpoint.names.base_url}"
            raise CallFailed("UNREACHABLE", error_text(reason), retryable=True) from error
        if response.status_code != HTTPStatus.OK:
            raise self._failure(response)
        return _answer(response, self._endpoint.provider_model)

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()

    def _failure(self, response: Any) -> CallFailed:
        """Throttling and the provider's own faults may be retried, but no bad key, empty account or refused content."""
        code, status = str(response.code or f"HTTP_{response.status_code}"), int(response.status_code)
        hint = next((hint for name, hint in self._hints.items() if code.startswith(name)), "the provider's status page")
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
