"""The matrix: what each service's user may do in Redis, against the catalogs of streams and cache keys.

What is expected is read from the catalogs here and from nothing that makes the rights. Every operation is tried, and
the counts are printed (`pytest -s`).
"""

from collections import Counter
from collections.abc import Awaitable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
import redis

from aicoin_local.pytest_stores import running_redis
from common.bus import Commit, Handled, Unavailable
from common.bus.cache_keys import CACHE, CacheKind
from common.bus.redis_streams import RedisBus
from common.events import AlertSeverity, Event, SystemAlert, originate
from common.events.catalog import CATALOG, LEASED, StreamSpec, role_of, services_of
from common.events.push import Channel, WsPush
from common.runtime.rights.redis_users import make_redis_users, user_url
from support.service_rights import report_rights

CONTENDERS = ("deepseek", "qwen")
SERVICES = services_of(CONTENDERS)
PASSWORDS = {service: f"password-of-{service}" for service in SERVICES}
FORBIDDEN_TO_ALL = (
    "FLUSHALL", "FLUSHDB", "KEYS *", "SCAN 0", "CONFIG GET *", "CONFIG SET maxmemory 0", "ACL LIST", "ACL WHOAMI",
    "ACL SETUSER risk nopass", "SHUTDOWN NOSAVE", "DEBUG SLEEP 0", "EVAL return 0", "SCRIPT FLUSH", "FUNCTION LIST",
    "FUNCTION LOAD REPLACE code", "FUNCTION FLUSH", "FUNCTION DELETE aicoin", "MONITOR", "REPLICAOF NO ONE", "SAVE",
    "BGREWRITEAOF", "CLIENT LIST", "CLIENT KILL TYPE normal", "PUBLISH channel text", "SUBSCRIBE channel", "SELECT 1",
    "SWAPDB 0 1", "DBSIZE", "RANDOMKEY", "MODULE LIST", "SLOWLOG GET", "INFO", "WAIT 0 0", "RENAME price:BTC other",
    "GET an:unknown:key", "SET an:unknown:key value", "DEL an:unknown:key", "XADD an.unknown.stream * event body",
)  # fmt: skip


@dataclass
class Users:
    """A Redis with every service's user, and its administrator."""

    url: str

    def of(self, service: str) -> str:
        return user_url(self.url, service, PASSWORDS[service])


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Users]:
    with running_redis(tmp_path_factory.mktemp("rights")) as url:
        make_redis_users(url, SERVICES, PASSWORDS)
        yield Users(url)


def stream_operations(service: str, spec: StreamSpec) -> dict[str, bool]:
    """Each command on one stream and what belongs to it, and whether the catalog gives it to the service."""
    role, stream = role_of(service), spec.type
    writes, consumes = role in spec.producers, role in spec.consumers
    trims, reads, counts = spec.producers[0] == role, role in spec.readers, role == "gateway"
    return {
        f"XADD {stream} * event body": writes,
        f"HSET bus:seq:{stream} source:{service} 1": writes,
        f"HGET bus:seq:{stream} epoch": writes,
        f"SADD bus:seen:{stream}:1 id": writes and spec.deduplicated,
        f"XREADGROUP GROUP {service} one STREAMS {stream} >": consumes,
        f"XACK {stream} {service} 0-1": consumes,
        f"XAUTOCLAIM {stream} {service} one 0 0": consumes,
        f"XGROUP CREATE {stream} {service} 0": consumes,
        f"XADD {stream}.dead * event body": consumes,
        f"HINCRBY bus:failures:{stream}:{service} 0-1 1": consumes,
        f"HINCRBY bus:failures:{stream}:another 0-1 1": False,
        f"XRANGE {stream} - +": consumes or reads or trims,
        f"XREVRANGE {stream} + -": reads,
        f"XREAD STREAMS {stream} 0": reads,
        f"XLEN {stream}": trims or counts,
        f"XTRIM {stream} MINID 0": trims,
        f"XLEN {stream}.dead": counts,
        f"XRANGE {stream}.dead - +": False,
        f"XTRIM {stream}.dead MINID 0": False,
        f"XDEL {stream} 0-1": False,
        f"XSETID {stream} 0-1": False,
        f"XGROUP DESTROY {stream} {service}": False,
        f"XGROUP SETID {stream} {service} 0": False,
        f"XGROUP DELCONSUMER {stream} {service} one": False,
        f"DEL {stream}": False,
        f"DEL bus:seq:{stream}": False,
        f"EXPIRE {stream} 1": False,
        f"RENAME {stream} another": False,
        f"SET {stream} value": False,
    }


def cache_operations(service: str) -> dict[str, bool]:
    """Each command on each cache key, an agent's of both contenders, a presence of the service and of another one."""
    found: dict[str, bool] = {}
    for spec in CACHE:
        for contender in CONTENDERS:
            is_own = role_of(service) != "agent" or "{contender}" not in spec.pattern or contender in service
            for name in ("risk", service):
                is_own_name = "{service}" not in spec.pattern or service == name
                key = spec.pattern.replace("{contender}", contender).replace("{service}", name).replace("*", "1")
                writes = role_of(service) in spec.writers and is_own and is_own_name
                found |= operations_on(key, spec.kind, writes=writes, reads=role_of(service) in spec.readers and is_own)
    return found


def operations_on(key: str, kind: CacheKind, *, writes: bool, reads: bool) -> dict[str, bool]:
    is_list, is_value, is_spending = kind is CacheKind.LIST, kind is CacheKind.VALUE, kind is CacheKind.SPENDING
    return {
        f"SET {key} value": writes and is_value,
        f"GET {key}": reads and is_value,
        f"MGET {key}": reads and is_value,
        f"LRANGE {key} 0 -1": (reads or writes) and is_list,
        f"RPUSH {key} value": writes and is_list,
        f"DEL {key}": writes and is_list,
        f"FCALL aicoin_spend 1 {key} process 1:1 5 60": writes and is_spending,
        f"HGETALL {key}": writes and is_spending,
        f"GETDEL {key}": False,
        f"HSET {key} field value": writes and is_spending,
    }


def lease_operations(service: str) -> dict[str, bool]:
    found = {"FCALL aicoin_version 0": True, "FCALL another 0": False, "FCALL_RO aicoin_version 0": False}
    for name in SERVICES:
        is_own = service == name and service in LEASED
        for key in (f"bus:lease:{name}", f"bus:fence:{name}"):
            found |= {f"GET {key}": is_own, f"SET {key} 1": is_own, f"DEL {key}": is_own}
    return found | {f"FCALL aicoin_{verb} 0": service in LEASED for verb in ("acquire", "renew")}


def test_redis_allows_what_the_catalogs_give_and_nothing_else(users: Users) -> None:
    counts = Counter[bool]()
    wrong = []
    admin: Any = redis.Redis.from_url(users.url, decode_responses=True)
    with closing(admin):
        for service in SERVICES:
            operations = dict.fromkeys(FORBIDDEN_TO_ALL, False) | cache_operations(service) | lease_operations(service)
            for spec in CATALOG.values():
                operations |= stream_operations(service, spec)
            for operation, expected in operations.items():
                answer = admin.execute_command("ACL", "DRYRUN", service, *operation.split())
                counts[expected] += 1
                if (answer == "OK") is not expected:
                    wrong.append((service, operation, expected, answer))
    report_rights("Redis, operations", counts)
    assert wrong == []
    assert counts[False] > 3_000


def an_event(stream: str, event_id: str) -> Event[Any]:
    """Whatever it says, on that stream: the function judges streams."""
    payload = SystemAlert(
        code="TEST", severity=AlertSeverity.INFO, service="test", model=None, message="test", figures={}
    )
    event: Event[Any] = originate(payload, keys=("rights",), time_ms=1, now_ms=1)
    if stream == WsPush.TYPE:
        push = WsPush(channel=Channel.ACCOUNT_UPDATE, data={})
        return originate(push, keys=(event_id,), time_ms=1, now_ms=1)
    return event.model_copy(update={"type": stream, "id": event_id})


async def test_the_commit_function_publishes_what_its_caller_may(users: Users) -> None:
    """Each service tries to publish into each stream, and to set each other's presence, through the function."""
    counts = Counter[bool]()
    for service in SERVICES:
        bus = RedisBus(users.of(service))
        for stream, spec in CATALOG.items():
            event = an_event(stream, f"{service} {stream}")
            expected = role_of(service) in spec.producers
            counts[expected] += 1
            assert await succeeds(bus.commit(Commit(service, events=[event]))) is expected, (service, stream)
        for other in SERVICES:
            expected = other == service
            counts[expected] += 1
            assert await succeeds(bus.commit(Commit(service, cache={f"service:{other}": "{}"}))) is expected
        await bus.close()
    report_rights("Redis, commits", counts)


async def test_a_forbidden_output_leaves_its_entry_unacknowledged(users: Users) -> None:
    """A commit is judged before its first write: the entry that it handles is still pending afterwards."""
    admin, executor = RedisBus(users.url), RedisBus(users.of("executor"))
    command = an_event("control.command", "sound")
    await admin.commit(Commit("gateway", events=[command]))
    await executor.prepare("executor", ["control.command"])
    *_, delivery = await executor.read_new("executor", "executor", ["control.command"], count=100, block_ms=1)
    forged = an_event("control.command", "forged")
    handled = [Handled("control.command", delivery.entry_id, [forged])]
    assert not await succeeds(executor.commit(Commit("executor", "executor", handled=handled)))
    pending = await executor.read_pending("executor", "executor", ["control.command"], after={}, count=10)
    assert delivery.entry_id in [each.entry_id for each in pending]
    await admin.close()
    await executor.close()


async def succeeds(work: Awaitable[Any]) -> bool:
    """Whether the work was done; False when rights are missing, and every other error is raised."""
    try:
        await work
    except Unavailable as error:
        if "NOPERM" not in str(error):
            raise
        return False
    return True


def test_the_default_user_is_off(users: Users) -> None:
    port = users.url.rpartition(":")[2]
    for url in (f"redis://127.0.0.1:{port}", users.of("risk").replace("password-of-risk", "password-of-executor")):
        with closing(redis.Redis.from_url(url)) as client, pytest.raises(redis.AuthenticationError):
            client.ping()


def test_users_stay_when_redis_restarts_and_go_with_their_contender(users: Users) -> None:
    make_redis_users(users.url, SERVICES, PASSWORDS)
    assert make_redis_users(users.url, services_of(("deepseek",)), PASSWORDS) == ["agent-qwen"]
    with closing(redis.Redis.from_url(users.of("agent-qwen"))) as client, pytest.raises(redis.AuthenticationError):
        client.ping()
    make_redis_users(users.url, SERVICES, PASSWORDS)
