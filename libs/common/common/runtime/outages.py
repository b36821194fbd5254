"""Which errors are an outage: something outside this process is unavailable, and a later attempt may succeed.

An outage pauses a loop, which tries again, and counts against no event. Everything that a store answers is one, except
what only a change of the code can mend: a wrong command, a wrong statement, a value that a column refuses. So a full,
read-only, restarting or locked store, a replaced password or a withdrawn right never ends a process.
"""

from typing import Final

import psycopg

from common.bus.port import Unavailable
from common.bus.redis_errors import is_redis_outage

OUTAGE_SQLSTATES: Final = ("08", "25", "28", "3D", "40", "53", "55", "57", "58", "F0", "XX", "42501", "0A000", "26000")
"""Classes and states: connections, read-only or broken transactions, passwords, a missing database, conflicts, full
resources, locks, operators and crashes, the system, its configuration, its own faults, missing rights; and a prepared
statement that no longer fits, because a view was created again or a proxy has dropped it."""

OUTAGES: list[type[Exception]] = [Unavailable, ConnectionError, TimeoutError]
"""A module that brings a client of its own appends that client's errors at import."""


def is_outage(error: BaseException) -> bool:
    """Whether `error` means that something outside this process is unavailable, so that a later attempt may succeed."""
    if isinstance(error, psycopg.Error):
        return _is_postgresql_outage(error)
    return is_redis_outage(error) or isinstance(error, tuple(OUTAGES))


def _is_postgresql_outage(error: psycopg.Error) -> bool:
    """An error without a state comes from the client: the connection broke, or the client was misused."""
    state = error.sqlstate or error.diag.sqlstate
    if state is None:
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return state.startswith(OUTAGE_SQLSTATES)
