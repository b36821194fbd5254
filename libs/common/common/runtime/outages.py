"""Errors of a store or an API that is unavailable: the loop pauses and retries, and they count against no event."""

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from common.bus.port import Unavailable

OUTAGES: list[type[Exception]] = [
    Unavailable,
    ConnectionError,
    TimeoutError,
    RedisConnectionError,
    RedisTimeoutError,
]
"""A module that brings a client of its own appends that client's errors at import."""


def is_outage(error: BaseException) -> bool:
    """Whether `error` means that something outside this process is unavailable, so that a later attempt may succeed."""
    return isinstance(error, tuple(OUTAGES))
