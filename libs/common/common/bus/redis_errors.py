"""Which of the errors of Redis's client are the server's state, and which are a wrong command."""

import re
from typing import Final

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import InvalidResponse, RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

OWN_CODES: Final = frozenset({"ERR", "NOSCRIPT", "EXECABORT", "BUSYGROUP", "CROSSSLOT", "NOPROTO", "FENCED"})
"""What Redis, or the bus's function, answers to a command as such; every other code is a state of the server."""

_CODE: Final = re.compile(r"[A-Z]+\b")


def is_redis_outage(error: BaseException) -> bool:
    """Whether Redis can't answer now: it is unreachable, full, read-only, loading, busy, or refuses the user."""
    if isinstance(error, RedisConnectionError | RedisTimeoutError | InvalidResponse):
        return True
    if not isinstance(error, ResponseError):
        return False
    # The client cuts the code off the text of those errors that have a class of their own.
    code = error.status_code or _code_of(str(error))
    return code is not None and code not in OWN_CODES


def is_wrong_type(error: BaseException) -> bool:
    """Whether a key holds another type of value than the command is for: whoever owns the key may write it again."""
    return isinstance(error, ResponseError) and str(error).startswith("WRONGTYPE")


def describe(error: BaseException) -> str:
    """The error's text with its code, or its class where it has no text."""
    code = getattr(error, "status_code", None)
    text = str(error) or type(error).__name__
    return f"{code} {text}" if isinstance(error, RedisError) and code else text


def _code_of(text: str) -> str | None:
    found = _CODE.match(text)
    return None if found is None else found[0]
