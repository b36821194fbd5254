"""The Fear & Greed index; what is older than 36 hours is left out, never replaced by a default."""

import json
from typing import Any

import httpx
from structlog.typing import FilteringBoundLogger

from common.events import Sentiment
from common.runtime.clock import Clock
from common.runtime.outside.http import fetch, open_http_client
from common.runtime.outside.proxies import proxy_problem
from ingester.config import SENTIMENT_OFF

TIMEOUT_S = 5.0
MAX_BYTES = 100_000
REFRESH_EVERY_S = 1_800.0
MAX_AGE_MS = 36 * 3_600_000
MAX_AHEAD_MS = 3_600_000
UNUSABLE = (KeyError, IndexError, TypeError, ValueError, OverflowError, RecursionError)


def parse_sentiment(body: Any) -> Sentiment:
    """The index in an answer, of which only the numbers are taken. Raises one of UNUSABLE."""
    row = body["data"][0]
    return Sentiment(fear_greed=int(row["value"]), time_ms=int(row["timestamp"]) * 1000)


class SentimentSource:
    """Asks twice an hour. A failure is logged and skipped: decisions never wait for the index."""

    def __init__(self, url: str, clock: Clock, log: FilteringBoundLogger) -> None:
        self._url, self._clock, self._log = url, clock, log
        self._latest: Sentiment | None = None

    def current(self, now_ms: int) -> Sentiment | None:
        """The latest index, unless it is too old, or claims to be of the future."""
        latest = self._latest
        return latest if latest is not None and -MAX_AHEAD_MS <= now_ms - latest.time_ms <= MAX_AGE_MS else None

    async def run(self) -> None:
        """Keeps the index fresh; returns at once when it is switched off, or lies behind a proxy that can't be used."""
        if self._url == SENTIMENT_OFF:
            return
        if (problem := proxy_problem(self._url, "httpx")) is not None:
            self._log.warning("no Fear & Greed index", reason=problem)
            return
        async with open_http_client(self._url) as client:
            while True:
                await self._refresh(client)
                await self._clock.sleep(REFRESH_EVERY_S)

    async def _refresh(self, client: httpx.AsyncClient) -> None:
        try:
            answer = await fetch(client, self._url, limit_s=TIMEOUT_S, max_bytes=MAX_BYTES)
            self._latest = parse_sentiment(json.loads(answer))
        except (httpx.HTTPError, *UNUSABLE) as error:
            self._log.info(
                "the Fear & Greed index was not fetched; the last one is used until it is 36 hours old",
                reason=str(error) or type(error).__name__,
            )
