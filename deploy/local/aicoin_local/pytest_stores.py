"""Fixtures `redis_url` and `database_url`: real servers, through containers where Docker runs, else embedded ones."""

import contextlib
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from aicoin_local.stores import Throwaway, free_port, postgres_store, redis_store, wait_for_postgres, wait_for_redis

VALKEY_IMAGE = "valkey/valkey:8-alpine"
POSTGRES_IMAGE = "postgres:17-alpine"
START_LIMIT_S = 120.0


def docker_runs() -> bool:
    """Whether a Docker engine answers."""
    if os.environ.get("AICOIN_TEST_STORES") == "embedded" or shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0


@contextlib.contextmanager
def running_redis(folder: Path) -> Iterator[str]:
    """The URL of a new Redis, stopped afterwards."""
    if docker_runs():
        from testcontainers.redis import RedisContainer

        with RedisContainer(VALKEY_IMAGE) as container:
            yield f"redis://{container.get_container_host_ip()}:{container.get_exposed_port(6379)}/0"
        return
    store = redis_store(folder, free_port())
    server = Throwaway(store, folder / "log")
    try:
        wait_for_redis(store.url, START_LIMIT_S)
        yield store.url
    finally:
        server.stop()


@contextlib.contextmanager
def running_postgres(folder: Path) -> Iterator[str]:
    """The URL of a new PostgreSQL, stopped afterwards."""
    if docker_runs():
        from testcontainers.postgres import PostgresContainer

        with PostgresContainer(POSTGRES_IMAGE, driver=None) as container:
            yield container.get_connection_url()
        return
    store = postgres_store(folder, free_port())
    server = Throwaway(store, folder / "log")
    try:
        wait_for_postgres(store.url, START_LIMIT_S)
        yield store.url
    finally:
        server.stop()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The session's Redis; every parallel worker is a session with its own."""
    with running_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The session's PostgreSQL."""
    with running_postgres(tmp_path_factory.mktemp("postgres")) as url:
        yield url


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """An empty Redis: no keys, no functions."""
    with contextlib.closing(redis.Redis.from_url(redis_server)) as client:
        client.flushall()
        client.function_flush()
    return redis_server


@pytest.fixture
def database_url(postgres_server: str) -> Iterator[str]:
    """A new database, dropped afterwards."""
    base, _, _ = postgres_server.rpartition("/")
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    yield f"{base}/{name}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
