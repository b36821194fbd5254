"""Metrics of PostgreSQL, of the services that use it and cursors that time their statements."""

from collections.abc import Iterable
from time import perf_counter
from typing import Any, Self

import psycopg
from psycopg.abc import Params

from common.runtime.metrics import LATENCIES_S
from common.runtime.metrics.series import counter, gauge, histogram

UP = gauge("aicoin_database_up", "1 while PostgreSQL answers the service.")
QUERIES = counter(
    "aicoin_database_queries",
    "Statements sent to PostgreSQL; failed: it refused one, or its connection broke.",
    result=("answered", "failed"),
)
QUERY_S = histogram("aicoin_database_query_seconds", "From sending a statement to its answer.", LATENCIES_S)


class TimedCursor(psycopg.AsyncCursor[Any]):
    """A cursor whose statements are counted and timed."""

    async def execute(self, query: Any, params: Params | None = None, **options: Any) -> Self:
        started_s = perf_counter()
        try:
            await super().execute(query, params, **options)
        except psycopg.Error:
            QUERIES.labels("failed").inc()
            raise
        _note_answer(started_s)
        return self

    async def executemany(self, query: Any, params_seq: Iterable[Params], *, returning: bool = False) -> None:
        started_s = perf_counter()
        try:
            await super().executemany(query, params_seq, returning=returning)
        except psycopg.Error:
            QUERIES.labels("failed").inc()
            raise
        _note_answer(started_s)


def _note_answer(started_s: float) -> None:
    QUERIES.labels("answered").inc()
    QUERY_S.observe(perf_counter() - started_s)
