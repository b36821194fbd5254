"""The port to a model API: messages in, one answer out, or a failure that says whether a retry may help."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypedDict

from common.events import TokenUsage

ERROR_TEXT_CHARACTERS: Final = 300


class CallFailed(Exception):
    """A call that brought no answer.

    `code` is the arena's or the provider's short code; `reason` is for people and names the setting to look at.
    `nothing_billed` is true only of a failure that proves it: the request was never sent, or refused before any token
    was generated.
    """

    def __init__(self, code: str, reason: str, *, retryable: bool, nothing_billed: bool = False) -> None:
        super().__init__(f"{code}: {reason}")
        self.code, self.reason, self.retryable, self.nothing_billed = code, reason, retryable, nothing_billed


class Message(TypedDict):
    """One message of a conversation; `role` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A model's answer. `cut_off` is true when the provider stopped it at its token limit."""

    text: str
    reasoning_content: str | None
    provider_model: str
    usage: TokenUsage | None
    cut_off: bool


class ModelClient(Protocol):
    """One model at one API."""

    async def complete(self, messages: Sequence[Message]) -> Answer:
        """One answer. Raises CallFailed and nothing else.

        The client sets no limit on the whole call: its caller does, by cancelling it, after which the client serves the
        next call as if nothing had happened.
        """

    async def close(self) -> None:
        """Closes the connections; no call may be running."""


def storable(text: str) -> str:
    """`text` without what UTF-8 or PostgreSQL can't hold: lone surrogates and NUL become replacement characters."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "�")


def error_text(text: str) -> str:
    """A provider's error message in one line of bounded length."""
    return " ".join(storable(text).split())[:ERROR_TEXT_CHARACTERS]
