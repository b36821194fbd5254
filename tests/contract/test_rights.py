"""The matrix: what each service's user may do in Redis and its role in PostgreSQL, against the catalogs.

What is expected is read from the catalogs here and from nothing that makes the rights. Every operation is tried, and
the counts are printed (`pytest -s`).
"""

import sys
from collections import Counter
from collections.abc import Awaitable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
import redis
from psycopg import errors

from aicoin_local.pytest_stores import running_redis
from common.bus import Commit, Handled, Unavailable
from common.bus.redis_streams import RedisBus
from common.events import AlertSeverity, Event, SystemAlert, originate
from common.events.cache import CACHE, CacheKind
from common.events.catalog import CATALOG, LEASED, StreamSpec, role_of, services_of
from common.events.push import Channel, WsPush
from common.runtime.database import migrate, open_pool
from common.runtime.rights.database_roles import make_database_roles, role_url
from common.runtime.rights.redis_users import make_redis_users, user_url
from common.runtime.tables import OWNERS, READ_ONLY, TABLES, role_name

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
    """Each command on each cache key, an agent's of both contenders."""
    role = role_of(service)
    found: dict[str, bool] = {}
    for spec in CACHE:
        for contender in CONTENDERS:
            for other in ("risk", service):
                key = spec.pattern.replace("{contender}", contender).replace("{service}", other).replace("*", "1")
                is_own = role != "agent" or "{contender}" not in spec.pattern or service == f"agent-{contender}"
                is_own_name = "{service}" not in spec.pattern or service == other
                writes = role in spec.writers and is_own and is_own_name
                reads = role in spec.readers and is_own
                is_list, is_value = spec.kind is CacheKind.LIST, spec.kind is CacheKind.VALUE
                found |= {
                    f"SET {key} value": writes and is_value,
                    f"GET {key}": reads and not is_list,
                    f"MGET {key}": reads and is_value,
                    f"LRANGE {key} 0 -1": (reads or writes) and is_list,
                    f"RPUSH {key} value": writes and is_list,
                    f"DEL {key}": writes and is_list,
                    f"INCRBY {key} 1": writes and spec.kind is CacheKind.COUNTER,
                    f"GETDEL {key}": False,
                    f"HSET {key} field value": False,
                }
    return found


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
    report("Redis, operations", counts)
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
    report("Redis, commits", counts)


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


def report(what: str, counts: Counter[bool]) -> None:
    sys.stdout.write(f"\n{what}: {counts[True]:,} allowed, {counts[False]:,} refused\n")


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


# PostgreSQL.

DATABASE_SERVICES = (*OWNERS, *READ_ONLY)


@pytest.fixture
async def roles(database_url: str) -> str:
    """The database with its roles and every owner's tables, made by the owners' own migrations."""
    make_database_roles(database_url, PASSWORDS)
    for owner in OWNERS:
        await migrate_as(database_url, owner)
    return database_url


async def migrate_as(url: str, owner: str) -> int:
    """How many migrations the owner has applied, as its own role."""
    pool = await open_pool(role_url(url, owner, PASSWORDS[owner]))
    try:
        return await migrate(pool, owner)
    finally:
        await pool.close()


def relations(url: str) -> dict[str, tuple[str, str]]:
    """(owner's role, kind) of every table and view."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            """SELECT relname, relowner::regrole::text, relkind::text FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')"""
        ).fetchall()
    return {name: (owner, kind) for name, owner, kind in rows}


async def test_every_table_and_view_belongs_to_the_service_that_the_list_names(roles: str) -> None:
    listed = {table: role_name(owner) for owner, tables in TABLES.items() for table in tables}
    found = {name: owner for name, (owner, _) in relations(roles).items() if not name.startswith("schema_")}
    assert found == listed


async def test_postgresql_allows_what_the_list_gives_and_nothing_else(roles: str) -> None:
    readers = {table: readers for tables in TABLES.values() for table, readers in tables.items()}
    owner_of = {table: owner for owner, tables in TABLES.items() for table in tables}
    counts, wrong = Counter[bool](), []
    for service in DATABASE_SERVICES:
        with psycopg.connect(role_url(roles, service, PASSWORDS[service])) as connection:
            for name, (_, kind) in relations(roles).items():
                is_shared = name.startswith("schema_")
                is_owner = owner_of.get(name) == service
                may_read = is_owner or service in readers.get(name, ()) or (is_shared and service in OWNERS)
                word = "VIEW" if kind == "v" else "TABLE"
                operations = {
                    f"SELECT 1 FROM {name} LIMIT 0": may_read,
                    f"LOCK {name} IN ACCESS EXCLUSIVE MODE": is_owner or (is_shared and service in OWNERS),
                    f"ALTER {word} {name} RENAME TO renamed": is_owner,
                    f"DROP {word} {name} CASCADE": is_owner,
                    f"COMMENT ON {word} {name} IS 'text'": is_owner,
                }
                if kind == "r" or not is_owner:  # Which of an owner's views can be written is PostgreSQL's own rule.
                    operations[f"DELETE FROM {name} WHERE false"] = is_owner or (is_shared and service in OWNERS)
                if kind == "r":
                    trigger = "EXECUTE FUNCTION suppress_redundant_updates_trigger()"
                    operations[f"TRUNCATE {name} CASCADE"] = is_owner
                    operations[f"CREATE TRIGGER t BEFORE UPDATE ON {name} FOR EACH ROW {trigger}"] = is_owner
                for statement, expected in operations.items():
                    counts[expected] += 1
                    if is_allowed(connection, statement) is not expected:
                        wrong.append((service, statement, expected))
            for statement, expected in statements_for_all(service).items():
                counts[expected] += 1
                if is_allowed(connection, statement) is not expected:
                    wrong.append((service, statement, expected))
    report("PostgreSQL, statements", counts)
    assert wrong == []
    assert counts[False] > 400


def statements_for_all(service: str) -> dict[str, bool]:
    """What no role may, but that owners create tables."""
    return {
        "CREATE TABLE own (id integer)": service in OWNERS,
        "CREATE SCHEMA own": False,
        "CREATE TEMP TABLE own (id integer)": False,
        "CREATE ROLE another": False,
        "CREATE DATABASE another": False,
        "CREATE EXTENSION dblink": False,
        "ALTER ROLE aicoin PASSWORD 'x'": False,
        f"ALTER ROLE {role_name(service)} SUPERUSER": False,
        "SET ROLE aicoin": False,
        f"SET ROLE {role_name('recorder' if service == 'executor' else 'executor')}": False,
        "COPY (SELECT 1) TO PROGRAM 'true'": False,
        "COPY (SELECT 1) TO '/tmp/aicoin-rights'": False,
        "SELECT pg_read_file('PG_VERSION')": False,
        "SELECT pg_reload_conf()": False,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'aicoin'": False,
        "SELECT rolpassword FROM pg_authid": False,
        "ALTER SYSTEM SET work_mem = '1MB'": False,
        "ALTER DATABASE postgres RESET ALL": False,
        "ALTER SCHEMA public RENAME TO another": False,
        "ALTER TABLE schema_migrations DISABLE ROW LEVEL SECURITY": False,
        "DROP POLICY own_rows ON schema_views": False,
    }


def is_allowed(connection: psycopg.Connection, statement: str) -> bool:
    """Whether the statement is carried out; it is undone."""
    read_only = "SET TRANSACTION READ WRITE"  # A right that is missing counts, not the role's own caution.
    try:
        connection.execute(read_only)
        connection.execute(statement.encode())
    except (errors.InsufficientPrivilege, errors.ActiveSqlTransaction):
        return False
    except (errors.WrongObjectType, errors.ObjectNotInPrerequisiteState):
        return False  # What a view allows to none of them.
    finally:
        connection.rollback()
    return True


async def test_an_owner_sees_its_own_migrations_alone(roles: str) -> None:
    with psycopg.connect(role_url(roles, "risk", PASSWORDS["risk"])) as connection:
        assert {row[0] for row in connection.execute("SELECT owner FROM schema_migrations")} == {"risk"}
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute("INSERT INTO schema_migrations (owner, name, checksum) VALUES ('executor', 'x', 'y')")


async def test_a_database_of_one_superuser_is_handed_over_whole(database_url: str) -> None:
    """As version 0.2 left it: every table, view and function the superuser's."""
    pool = await open_pool(database_url)
    for owner in OWNERS:
        await migrate(pool, owner)
    await pool.close()
    names = {name for tables in TABLES.values() for name in tables}
    changed = make_database_roles(database_url, PASSWORDS)
    assert names <= set(changed)
    assert any(name.startswith("equity_points(") for name in changed)
    assert make_database_roles(database_url, PASSWORDS) == []
    for owner in OWNERS:
        assert await migrate_as(database_url, owner) == 0
    for service in DATABASE_SERVICES:
        with psycopg.connect(role_url(database_url, service, PASSWORDS[service])) as connection:
            for table in (name for tables in TABLES.values() for name, readers in tables.items() if service in readers):
                connection.execute(f"SELECT 1 FROM {table} LIMIT 0".encode())


async def test_the_password_changes_with_the_next_start(roles: str) -> None:
    make_database_roles(roles, PASSWORDS | {"risk": "another"})
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(role_url(roles, "risk", PASSWORDS["risk"]), connect_timeout=5)
    psycopg.connect(role_url(roles, "risk", "another")).close()
