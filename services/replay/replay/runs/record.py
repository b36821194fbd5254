"""Finds what is recorded, before anything is replayed."""

from collections.abc import Sequence

import psycopg

from replay.storage.cycles import Span, read_models, read_span


class RecordError(Exception):
    """The record, or what is asked of it, is missing; the message says what to do."""


async def find_models(database_url: str, wanted: Sequence[str]) -> tuple[str, ...]:
    """The contenders to replay: those wanted, else all that the record has. Raises RecordError."""
    try:
        async with await psycopg.AsyncConnection.connect(database_url) as connection:
            recorded = await read_models(connection)
    except psycopg.OperationalError as error:
        raise RecordError(f"DATABASE_URL: PostgreSQL does not answer; start the arena, or its store: {error}") from None
    except psycopg.errors.UndefinedTable:
        raise RecordError("this database has no record yet; start the arena with this version once") from None
    if missing := [each for each in wanted if each not in recorded]:
        there = ", ".join(recorded) or "none"
        raise RecordError(f"--contender: no decision of {', '.join(missing)} is recorded; there are: {there}")
    return tuple(wanted) or recorded


async def find_span(database_url: str, models: Sequence[str], first_ms: int | None, last_ms: int | None) -> Span:
    """The recorded decisions within the times. Raises RecordError when there is none."""
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        span = await read_span(connection, models, first_ms, last_ms)
    if span is None:
        raise RecordError("no decision is recorded within these times (they are times of the market)")
    return span
