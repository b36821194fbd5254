"""Errors that say "the other side is away": the loop pauses and retries, and no event is blamed for them."""

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
"""Modules that bring a client of their own add its error at import."""


def is_outage(error: BaseException) -> bool:
    """Whether `error` is the world's fault and passes by itself."""
    return isinstance(error, tuple(OUTAGES))
