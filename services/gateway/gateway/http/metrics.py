"""Metrics of the HTTP routes, of what they read from caches, and of the streams."""

from typing import Final

from common.events.catalog import CATALOG
from common.runtime.metrics.series import UNKNOWN, Scope, counter, gauge

STATUSES: Final = ("2xx", "3xx", "4xx", "5xx")

REQUESTS = counter("aicoin_gateway_requests", "REST requests.", route=Scope.OWN, status=STATUSES)
CACHE_READS = counter(
    "aicoin_gateway_cache_reads",
    "Reads of the market's cache in Redis and of kept responses; miss: nothing usable was there.",
    cache=("price", "kline", "orderbook", "tape", "response"),
    result=("hit", "miss"),
)

STREAM_ENTRIES = gauge("aicoin_stream_entries", "Entries of a stream.", UNKNOWN, stream=CATALOG)
DEAD_ENTRIES = gauge("aicoin_dead_letter_entries", "Entries of its dead-letter stream.", UNKNOWN, stream=CATALOG)
GROUP_LAG = gauge(
    "aicoin_group_lag_entries", "Entries that a consumer group has not read.", stream=Scope.OWN, group=Scope.OWN
)
GROUP_PENDING = gauge(
    "aicoin_group_pending_entries",
    "Entries that a consumer group has read and not acknowledged.",
    stream=Scope.OWN,
    group=Scope.OWN,
)


def create_route(path: str) -> None:
    """Creates the series of a route."""
    for status in STATUSES:
        REQUESTS.labels(path, status)


def note_request(path: str, status: int) -> None:
    REQUESTS.labels(path, f"{status // 100}xx").inc()


def note_read(cache: str, *, is_hit: bool) -> None:
    CACHE_READS.labels(cache, "hit" if is_hit else "miss").inc()
