"""Reads the body of a model API's answer, whatever a provider sends: bounded, and with a reason where it is none."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from common.agent.providers.port import Answer, CallFailed, one_line, storable
from common.events import TokenUsage

MAX_BODY_BYTES: Final = 1_000_000
PIECE_BYTES: Final = 4_096
"""What is read at a time: between two pieces a deadline can end the call, however little each interim response is."""
MAX_VALUES: Final = 100_000
"""A body with more brackets and commas than this is no answer; parsed, its values would take many times its length."""
MAX_TOKENS: Final = 10_000_000
"""No call has more tokens of a kind; a count above it is a mistake of the provider."""
STORED_CHARACTERS: Final = 40_000
MODEL_CHARACTERS: Final = 100
QUOTED_CHARACTERS: Final = 120
PLAIN_ENCODINGS: Final = ("", "identity")


def refuse_encoded(encoding: str | None) -> None:
    """Raises CallFailed for a compressed body: none was asked for, and its real length can't be known."""
    if (encoding or "").strip().lower() not in PLAIN_ENCODINGS:
        reason = f"the answer is compressed ({one_line(encoding or '')[:20]}) although none was asked for"
        raise CallFailed("UNREADABLE", reason, retryable=False)


async def read_bounded(chunks: AsyncIterator[bytes]) -> bytes:
    """The whole body. Raises CallFailed when it has more than `MAX_BODY_BYTES`, which a retry wouldn't change."""
    content = bytearray()
    async for chunk in chunks:
        content += chunk
        if len(content) > MAX_BODY_BYTES:
            reason = f"the answer has more than {MAX_BODY_BYTES} bytes"
            raise CallFailed("TOO_BIG", reason, retryable=False, body=stored_body(content[:QUOTED_CHARACTERS]))
    return bytes(content)


def check_values(body: bytes) -> None:
    """Raises CallFailed when the body holds too many values to parse it."""
    if sum(body.count(sign) for sign in (b"[", b"{", b",")) > MAX_VALUES:
        raise unreadable(body, f"it has more than {MAX_VALUES} values")


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object that the body is, in UTF-8 with or without a byte order mark. Raises CallFailed."""
    check_values(body)
    try:
        content = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        # Of a RecursionError and of a decoding error the message would quote nothing useful, or the whole body.
        raise unreadable(body, f"no JSON text in UTF-8 ({type(error).__name__})") from error
    if not isinstance(content, dict):
        raise unreadable(body, f"JSON, but no object: {type(content).__name__}")
    return content


def unreadable(body: bytes, what: str) -> CallFailed:
    """The failure of a body that is no answer; the model may do better when it is asked again."""
    quoted = stored_body(body[: 4 * QUOTED_CHARACTERS])[:QUOTED_CHARACTERS]
    return CallFailed("UNREADABLE", f"not an answer: {what}: {quoted!r}", retryable=True, body=stored_body(body))


def stored_body(body: bytes | bytearray) -> str:
    """A body as text that can be stored, of bounded length; bytes that aren't UTF-8 become replacement characters."""
    return storable(bytes(body[: 4 * STORED_CHARACTERS]).decode("utf-8", "replace"))[:STORED_CHARACTERS]


def read_answer(
    body: bytes, content: Mapping[str, Any], choices: object, usage: TokenUsage | None, asked_model: str
) -> Answer:
    """The answer in the first of `choices`, which both providers' forms have; `content` is the whole body as an object.

    Raises CallFailed, whatever the choices are.
    """
    try:
        choice, message = _first_choice(choices)
        text = _answer_text(message)
    except ValueError as error:
        raise unreadable(body, str(error)) from error
    return Answer(
        text=text,
        reasoning_content=_reasoning_text(message),
        provider_model=_model_name(content.get("model"), asked_model),
        usage=usage,
        cut_off=choice.get("finish_reason") == "length",
        body=stored_body(body),
    )


def error_inside(body: bytes, named: str) -> CallFailed:
    """The failure of an error that came with status 200; what the provider calls it says more than "no answer"."""
    return unreadable(body, f"an error in an answer with status 200: {named[:QUOTED_CHARACTERS]}")


def _first_choice(choices: object) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The first of an answer's choices and its message. Raises ValueError when there is none."""
    choice = mapping(choices[0]) if isinstance(choices, list) and choices else {}
    if not isinstance(message := choice.get("message"), Mapping):
        raise ValueError("it has no choice with a message")
    return choice, message


def mapping(value: object) -> Mapping[str, Any]:
    """`value` if it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def joined_text(content: object) -> str | None:
    """The text of a message's content: a string, or the texts of its parts in their order. None where it is neither.

    A part is a string or an object with `text`; parts of other kinds, such as images, have none. The text can be stored
    and is of bounded length; no decision is as long.
    """
    if isinstance(content, str | Mapping):
        content = [content]
    if not isinstance(content, list):
        return None
    texts = [part if isinstance(part, str) else mapping(part).get("text") for part in content]
    return storable("".join(text for text in texts if isinstance(text, str)))[:STORED_CHARACTERS]


def _answer_text(message: Mapping[str, Any]) -> str:
    """The text of an answer's message; empty where it has none. Raises ValueError for content of another kind."""
    content = message.get("content")
    text = "" if content is None else joined_text(content)
    if text is None:
        raise ValueError(f"its content is a {type(content).__name__}")
    return text


def _reasoning_text(message: Mapping[str, Any]) -> str | None:
    """What the model thought, where the provider shows it; some servers name the field `reasoning`."""
    for name in ("reasoning_content", "reasoning"):
        if text := joined_text(message.get(name)):
            return text
    return None


def _model_name(value: object, asked: str) -> str:
    """The model that answered, as the provider names it; the one asked for where it names none."""
    return one_line(value)[:MODEL_CHARACTERS] if isinstance(value, str) and value.strip() else asked


def token_usage(prompt: object, completion: object, cached: object, total: object) -> TokenUsage | None:
    """The counts that a provider named, or None when one of them can't be true: the reservation stands then.

    Cached tokens may be missing, and are never more than the prompt's. A total above its parts is output: some servers
    bill a thought that they don't count as completion.
    """
    prompt_tokens, completion_tokens = _count(prompt), _count(completion)
    if prompt_tokens is None or completion_tokens is None:
        return None
    return TokenUsage(
        prompt_tokens=prompt_tokens,
        completion_tokens=max(completion_tokens, (_count(total) or 0) - prompt_tokens),
        cached_tokens=min(_count(cached) or 0, prompt_tokens),
    )


def _count(value: object) -> int | None:
    """A count of tokens, or None when `value` is none: a whole number between 0 and `MAX_TOKENS`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_TOKENS:
        return None
    return int(value) if value == int(value) else None
