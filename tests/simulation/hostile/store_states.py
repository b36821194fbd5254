"""What stores answer when they can't serve: PostgreSQL by SQLSTATE, Redis by the first word of its error."""

from dataclasses import dataclass
from typing import Final

import psycopg
from redis.exceptions import AuthenticationError, OutOfMemoryError, ReadOnlyError, RedisError, ResponseError

CONNECT: Final = ("database.connect",)
STATEMENTS: Final = ("database.statement", "database.write")
WRITES: Final = ("database.write", "database.commit")
ANYTHING: Final = ("database.connect", "database.statement", "database.write", "database.commit")


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """A state of PostgreSQL, and the steps at which it answers with it."""

    sqlstate: str
    steps: tuple[str, ...]

    def error(self) -> psycopg.Error:
        return psycopg.errors.lookup(self.sqlstate)(f"simulated: SQLSTATE {self.sqlstate}")


DATABASE_STATES: Final = (
    DatabaseState("08001", CONNECT),
    DatabaseState("08003", ANYTHING),
    DatabaseState("08006", ANYTHING),
    DatabaseState("25006", WRITES),
    DatabaseState("25P02", STATEMENTS),
    DatabaseState("40001", WRITES),
    DatabaseState("40P01", WRITES),
    DatabaseState("53100", WRITES),
    DatabaseState("53200", ANYTHING),
    DatabaseState("53300", CONNECT),
    DatabaseState("57014", STATEMENTS),
    DatabaseState("57P01", ANYTHING),
    DatabaseState("57P03", CONNECT),
    DatabaseState("58030", WRITES),
    DatabaseState("58P01", STATEMENTS),
)

READ, GROUP, WRITE = "read", "group", "write"
"""Kinds of commands: that only read, that change a consumer group only (XREADGROUP), that write."""


@dataclass(frozen=True, slots=True)
class BusState:
    """A state of Redis, and the kinds of commands that it refuses."""

    word: str
    kinds: tuple[str, ...]
    error_type: type[RedisError] = ResponseError

    def error(self) -> RedisError:
        return self.error_type(f"{self.word} simulated")


BUS_STATES: Final = (
    BusState("OOM", (WRITE,), OutOfMemoryError),
    BusState("MISCONF", (GROUP, WRITE)),
    BusState("NOREPLICAS", (GROUP, WRITE)),
    BusState("READONLY", (GROUP, WRITE), ReadOnlyError),
    BusState("NOAUTH", (READ, GROUP, WRITE), AuthenticationError),
    BusState("LOADING", (READ, GROUP, WRITE)),
)
