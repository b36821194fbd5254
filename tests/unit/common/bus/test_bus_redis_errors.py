"""Every answer of Redis, through the client's own parser: a state of the server, or a wrong command."""

import pytest
from redis._parsers.base import BaseParser
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from common.bus.redis_errors import describe, is_redis_outage

STATES = [
    "OOM command not allowed when used memory > 'maxmemory'.",
    "OOM allow-oom flag is not set on the function, can not run it when used memory > 'maxmemory'",
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
    "NOREPLICAS Not enough good replicas to write.",
    "NOAUTH Authentication required.",
    "WRONGPASS invalid username-password pair or user is disabled.",
    "NOPERM User executor has no permissions to run the 'fcall' command",
    "READONLY You can't write against a read only replica.",
    "LOADING Redis is loading the dataset in memory",
    "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
    "UNKILLABLE Sorry the script already executed write commands against the dataset.",
    "TRYAGAIN Multiple keys request during rehashing of slot",
    "CLUSTERDOWN Hash slot not served",
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "NOGROUP No such key 'risk.approved' or consumer group 'executor'",
    "WRONGTYPE Operation against a key holding the wrong kind of value",
    "ERR max number of clients reached",
]
WRONG = [
    "ERR unknown command 'FCAL', with args beginning with: ",
    "ERR wrong number of arguments for 'get' command",
    "ERR Function not found",
    "NOSCRIPT No matching script. Please use EVAL.",
    "EXECABORT Transaction discarded because of previous errors.",
    "BUSYGROUP Consumer Group name already exists",
    "user_function:12: attempt to index a nil value script: aicoin_commit, on @user_function:12.",
]


@pytest.mark.parametrize("answer", STATES)
def test_a_state_of_the_server_is_an_outage(answer: str) -> None:
    assert is_redis_outage(BaseParser.parse_error(answer))


@pytest.mark.parametrize("answer", WRONG)
def test_a_wrong_command_is_no_outage(answer: str) -> None:
    assert not is_redis_outage(BaseParser.parse_error(answer))


@pytest.mark.parametrize("error", [RedisConnectionError("reset"), RedisTimeoutError("late")])
def test_a_lost_connection_is_an_outage(error: RedisError) -> None:
    assert is_redis_outage(error)


def test_a_description_has_the_code_that_the_client_cuts_off() -> None:
    assert describe(BaseParser.parse_error("READONLY You can't write")) == "READONLY You can't write"
    assert describe(BaseParser.parse_error("MISCONF can't save")) == "MISCONF can't save"
    assert describe(ConnectionResetError()) == "ConnectionResetError"
