"""Reads the body of a generation's answer, on either of DashScope's native paths. Pure."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from common.agent.providers.answer_body import (
    error_inside,
    json_object,
    mapping,
    read_answer,
    stored_body,
    token_usage,
)
from common.agent.providers.port import Answer, CallFailed
from common.events import TokenUsage

URL_ERROR: Final = "url error"


def read_generation(body: bytes, asked_model: str) -> Answer:
    """The answer in a body that came with status 200. Raises CallFailed, whatever the body holds.

    An error that came with status 200 is raised in the provider's own words.
    """
    content = json_object(body)
    if not content.get("output") and content.get("code"):
        raise error_inside(body, ": ".join(read_error(body)))
    usage = _usage(mapping(content.get("usage")))
    return read_answer(body, content, mapping(content.get("output")).get("choices"), usage, asked_model)


def _usage(usage: Mapping[str, Any]) -> TokenUsage | None:
    cached = mapping(usage.get("prompt_tokens_details")).get("cached_tokens")
    return token_usage(usage.get("input_tokens"), usage.get("output_tokens"), cached, usage.get("total_tokens"))


def is_url_error(status: int | None, body: bytes) -> bool:
    """Whether the provider says that the model is served on the other path; its words are about an address."""
    return status == HTTPStatus.BAD_REQUEST and URL_ERROR in read_error(body)[1].lower()


def read_error(body: bytes) -> tuple[str, str]:
    """An error's code and message; the code is empty, and the message the whole body, where it has another form."""
    try:
        content = json_object(body)
    except CallFailed:
        return "", stored_body(body)
    code, message = content.get("code"), content.get("message")
    return (code if isinstance(code, str) else ""), (message if isinstance(message, str) else stored_body(body))
