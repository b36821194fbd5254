"""What can be wrong with a running Redis or PostgreSQL, done to real servers and undone again."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import psutil
import psycopg
import redis
from harness import wait_until

StoreFault = Callable[[str], AbstractContextManager[None]]


@contextlib.contextmanager
def _configured(url: str, **values: str) -> Iterator[Any]:
    """A client of that Redis, with settings changed while it is open."""
    with contextlib.closing(redis.Redis.from_url(url)) as client:
        names = {name: name.replace("_", "-") for name in values}
        before = {name: _setting(client, real) for name, real in names.items()}
        for name, value in values.items():
            client.config_set(names[name], value)
        try:
            yield client
        finally:
            for name, value in before.items():
                client.config_set(names[name], value)


def _setting(client: Any, name: str) -> str:
    return str(client.config_get(name)[name])


@contextlib.contextmanager
def out_of_memory(url: str) -> Iterator[None]:
    with _configured(url, maxmemory="1"):
        yield


@contextlib.contextmanager
def without_replicas(url: str) -> Iterator[None]:
    with _configured(url, min_replicas_to_write="1"):
        yield


@contextlib.contextmanager
def misconfigured(url: str) -> Iterator[None]:
    """A background save that failed: MISCONF."""
    with _configured(url, save="3600 1", rdb_key_save_delay="1000000") as client:
        server = psutil.Process(client.info("server")["process_id"])
        client.bgsave()
        child = wait_until("the child that saves", lambda: next(iter(server.children()), None))
        os.kill(child.pid, signal.SIGKILL)
        wait_until("the failed save", lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err")
        yield


@contextlib.contextmanager
def read_only(url: str) -> Iterator[None]:
    with contextlib.closing(redis.Redis.from_url(url)) as client:
        client.replicaof("127.0.0.1", 1)
        try:
            yield
        finally:
            client.replicaof("NO", "ONE")


@contextlib.contextmanager
def without_master(url: str) -> Iterator[None]:
    with _configured(url, replica_serve_stale_data="no"), read_only(url):
        yield


@contextlib.contextmanager
def another_password(url: str) -> Iterator[None]:
    with _configured(url, requirepass="another") as client:
        client.client_kill_filter(_type="normal", skipme=True)
        yield


@contextlib.contextmanager
def without_rights(url: str) -> Iterator[None]:
    with contextlib.closing(redis.Redis.from_url(url)) as client:
        client.acl_setuser("default", enabled=True, categories=["-@write", "-@scripting"])
        try:
            yield
        finally:
            client.acl_setuser("default", enabled=True, categories=["+@all"])


@contextlib.contextmanager
def busy(url: str) -> Iterator[None]:
    """A script of somebody else's that doesn't end: BUSY."""
    with _configured(url, busy_reply_threshold="50") as client, contextlib.closing(redis.Redis.from_url(url)) as other:

        def spin() -> None:
            with contextlib.suppress(redis.RedisError):
                other.eval("while true do end", 0)

        spinning = threading.Thread(target=spin)
        spinning.start()
        try:
            yield
        finally:
            client.script_kill()
            spinning.join()


@contextlib.contextmanager
def cut_connections(url: str) -> Iterator[None]:
    with contextlib.closing(redis.Redis.from_url(url)) as client:
        client.client_kill_filter(_type="normal", skipme=True)
        yield


@contextlib.contextmanager
def another_kind_of_value(url: str) -> Iterator[None]:
    """A stream's key holds something else: WRONGTYPE."""
    with contextlib.closing(redis.Redis.from_url(url)) as client:
        client.rename("market.tick", "kept")
        client.set("market.tick", "not a stream")
        try:
            yield
        finally:
            client.rename("kept", "market.tick")


REDIS_FAULTS: dict[str, StoreFault] = {
    "OOM": out_of_memory,
    "NOREPLICAS": without_replicas,
    "MISCONF": misconfigured,
    "READONLY": read_only,
    "MASTERDOWN": without_master,
    "WRONGPASS": another_password,
    "NOPERM": without_rights,
    "BUSY": busy,
    "reset": cut_connections,
    "WRONGTYPE": another_kind_of_value,
}


@contextlib.contextmanager
def _postgres(url: str) -> Iterator["psycopg.Connection[Any]"]:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        yield connection


def _terminate_others(connection: "psycopg.Connection[Any]") -> None:
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )


@contextlib.contextmanager
def read_only_database(url: str) -> Iterator[None]:
    with _postgres(url) as connection:
        connection.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        connection.execute("SELECT pg_reload_conf()")
        try:
            yield
        finally:
            connection.execute("ALTER SYSTEM RESET default_transaction_read_only")
            connection.execute("SELECT pg_reload_conf()")


@contextlib.contextmanager
def terminated_backends(url: str) -> Iterator[None]:
    with _postgres(url) as connection:
        _terminate_others(connection)
        yield


@contextlib.contextmanager
def no_connections(url: str) -> Iterator[None]:
    base, _, name = url.rpartition("/")
    with _postgres(f"{base}/postgres") as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
        _terminate_others(connection)
        try:
            yield
        finally:
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())


@contextlib.contextmanager
def another_role_password(url: str) -> Iterator[None]:
    with _postgres(url) as connection:
        user = connection.info.user
        row = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", (user,)).fetchone()
        assert row is not None
        connection.execute(f"ALTER ROLE {user} PASSWORD 'another'".encode())
        _terminate_others(connection)
        try:
            yield
        finally:
            connection.execute(f"ALTER ROLE {user} PASSWORD '{row[0]}'".encode())


def refused_writes(state: str) -> StoreFault:
    """Every write of a row fails with that SQLSTATE, as on a full disk or a broken one."""

    @contextlib.contextmanager
    def fault(url: str) -> Iterator[None]:
        with _postgres(url) as connection:
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            connection.execute(
                "CREATE FUNCTION refuse_writes() RETURNS trigger LANGUAGE plpgsql AS"
                f" $$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = '{state}'; END $$".encode()
            )
            for (name,) in tables:
                connection.execute(
                    f'CREATE TRIGGER refuse_writes BEFORE INSERT OR UPDATE OR DELETE ON "{name}"'
                    " EXECUTE FUNCTION refuse_writes()".encode()
                )
            try:
                yield
            finally:
                for (name,) in tables:  # One lock at a time: all at once may wait for a reader that waits for them.
                    connection.execute(f'DROP TRIGGER refuse_writes ON "{name}"'.encode())
                connection.execute("DROP FUNCTION refuse_writes")

    return fault


POSTGRES_FAULTS: dict[str, StoreFault] = {
    "read-only": read_only_database,
    "terminated": terminated_backends,
    "no connections": no_connections,
    "another password": another_role_password,
} | {state: refused_writes(state) for state in ("08006", "25006", "40001", "53100", "57014", "58030", "XX000")}
