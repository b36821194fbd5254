"""The port to a model API: messages in, one answer out, or a failure that says whether a retry may help."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypedDict

from common.events import TokenUsage

ERROR_TEXT_CHARACTERS: Final = 300
CODE_CHARACTERS: Final = 60
FAILED_BODY_CHARACTERS: Final = 4_000


class CallFailed(Exception):
    """A call that brought no answer.

    `code` is the arena's or the provider's short code; `reason` is for people and names the setting to look at.
    `nothing_billed` is true only where it is certain: no connection was made, or the provider refused the request.
    `body` is what came instead of an answer, as text of bounded length.
    """

    def __init__(
        self, code: str, reason: str, *, retryable: bool, nothing_billed: bool = False, body: str | None = None
    ) -> None:
        super().__init__(f"{code}: {reason}")
        self.code, self.reason, self.retryable = one_line(code)[:CODE_CHARACTERS], error_text(reason), retryable
        self.nothing_billed = nothing_billed
        self.body = None if body is None else body[:FAILED_BODY_CHARACTERS]


class Message(TypedDict):
    """One message of a conversation; `role` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A model's answer. `cut_off` is true when the provider stopped it at its token limit.

    `usage` is None where the provider named none that can be true. `body` is the answer as it came, as text of bounded
    length.
    """

    text: str
    reasoning_content: str | None
    provider_model: str
    usage: TokenUsage | None
    cut_off: bool
    body: str | None = None


class ModelClient(Protocol):
    """One model at one API."""

    async def complete(self, messages: Sequence[Message]) -> Answer:
        """One answer. Raises CallFailed and nothing else.

        The client bounds what it reads, but sets no limit on the whole call: its caller does, by cancelling it, after
        which the client serves the next call as if nothing had happened. One call sends one billable request.
        """

    async def probe(self) -> str | None:
        """What is wrong with the key or the model's name, in one line; None where nothing is known to be.

        It costs nothing. An API that can't be reached, or doesn't say, is no fault. Raises nothing.
        """

    async def close(self) -> None:
        """Closes the connections; no call may be running."""


def storable(text: str) -> str:
    """`text` without what UTF-8 or PostgreSQL can't hold: lone surrogates and NUL become replacement characters."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "�")


def one_line(text: str) -> str:
    """`text` with single blanks between its words."""
    return " ".join(storable(text).split())


def error_text(text: str) -> str:
    """A provider's error message in one line of bounded length."""
    return one_line(text)[:ERROR_TEXT_CHARACTERS]
