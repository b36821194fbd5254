"""The port to a model API: messages in, one answer out, or a failure that says whether a retry may help."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypedDict

from common.events import TokenUsage


class Message(TypedDict):
    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said. `cut_off` is true when the provider stopped it at its token limit."""

    text: str
    reasoning_content: str | None
    provider_model: str
    usage: TokenUsage | None
    cut_off: bool


class CallFailed(Exception):
    """A call that brought no answer. `code` is ours, the text is for people, with the setting to look at."""

    def __init__(self, code: str, reason: str, *, retryable: bool) -> None:
        super().__init__(f"{code}: {reason}")
        self.code, self.reason, self.retryable = code, reason, retryable


class ModelClient(Protocol):
    """One model API. `complete` raises CallFailed; its caller bounds the time and may cancel it."""

    async def complete(self, messages: Sequence[Message]) -> Answer: ...

    async def close(self) -> None: ...


ERROR_TEXT_CHARACTERS = 300


def storable(text: str) -> str:
    """`text` without what UTF-8 or PostgreSQL can't hold: lone surrogates and NUL become replacement characters."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "�")


def error_text(text: str) -> str:
    """A provider's error message as one bounded line."""
    return " ".join(storable(text).split())[:ERROR_TEXT_CHARACTERS]
