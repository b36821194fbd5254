"""Which errors are an outage, by SQLSTATE and by client."""

import psycopg
import pytest
from psycopg import errors
from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests

from common.bus.port import Fenced, Unavailable
from common.runtime.outages import OUTAGE_SQLSTATES, is_outage

OUTAGE_STATES = [
    *(state for state in errors._sqlcodes if state[:2] in ("08", "25", "28", "40", "53", "55", "57", "58", "F0", "XX")),
    "3D000",
    "42501",
    "0A000",
    "26000",
]
OWN_STATES = [
    "54000",
    "54001",
    "22003",
    "22021",
    "22P02",
    "23505",
    "23514",
    "42601",
    "42703",
    "42P01",
    "42804",
    "P0001",
]


@pytest.mark.parametrize("state", OUTAGE_STATES)
def test_a_state_of_the_database_is_an_outage(state: str) -> None:
    assert is_outage(errors.lookup(state)("not now"))


@pytest.mark.parametrize("state", OWN_STATES)
def test_a_wrong_statement_or_value_is_no_outage(state: str) -> None:
    assert not is_outage(errors.lookup(state)("wrong"))


def test_the_classes_are_those_of_the_list() -> None:
    assert {state for state in OUTAGE_SQLSTATES if len(state) == 2} >= {"08", "25", "40", "53", "57", "58"}


@pytest.mark.parametrize(
    "error",
    [
        Unavailable("gone"),
        ConnectionResetError(),
        TimeoutError(),
        psycopg.OperationalError("the connection is closed"),
        psycopg.InterfaceError("cannot execute operations: the connection is in status"),
        PoolTimeout("none free"),
        PoolClosed("closed"),
        TooManyRequests("too many"),
    ],
)
def test_a_client_without_its_server_is_an_outage(error: Exception) -> None:
    assert is_outage(error)


@pytest.mark.parametrize("error", [KeyError("x"), ValueError(), Fenced("newer"), psycopg.ProgrammingError("no result")])
def test_a_defect_is_no_outage(error: Exception) -> None:
    assert not is_outage(error)
