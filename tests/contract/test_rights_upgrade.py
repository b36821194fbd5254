"""Stores as version 0.2 left them, with one password for all, are taken over by a start of this version."""

from contextlib import closing
from pathlib import Path

import pytest
import redis

from aicoin_local.configuration.rights import Rights, load_passwords
from aicoin_local.stores import Throwaway, free_port, redis_store, stored_secret, wait_for_redis
from common.events.catalog import services_of

SERVICES = services_of(("deepseek", "qwen"))


def running(folder: Path) -> tuple[Throwaway, str]:
    store = redis_store(folder, free_port())
    server = Throwaway(store, folder / "log")
    wait_for_redis(store.url)
    return server, store.url


def read_as(rights: Rights, service: str, key: str) -> object:
    url = rights.addresses()[f"REDIS_URL_{service.upper()}"]
    with closing(redis.Redis.from_url(url, decode_responses=True)) as client:
        return client.get(key)


def test_a_redis_with_one_password_gets_users_and_keeps_its_data(tmp_path: Path) -> None:
    folder = tmp_path / "redis"
    folder.mkdir()
    password, port = stored_secret(folder / "password"), free_port()
    store = redis_store(folder, port)
    conf = folder / "redis.conf"
    old = [line for line in conf.read_text(encoding="utf-8").splitlines() if not line.startswith("aclfile")]
    conf.write_text("\n".join([*old, f"requirepass {password}"]) + "\n", encoding="utf-8")
    (folder / "users.acl").unlink()
    server = Throwaway(store, folder / "log")
    old_url = f"redis://:{password}@127.0.0.1:{port}/0"
    try:
        wait_for_redis(old_url)
        with closing(redis.Redis.from_url(old_url)) as client:
            client.set("risk:limits", "{}")
    finally:
        server.stop()

    server, url = running(folder)
    try:
        rights = Rights(SERVICES, load_passwords(tmp_path, SERVICES), url, None)
        rights.make()
        assert read_as(rights, "gateway", "risk:limits") == "{}"
        assert not rights.restore_redis()
        with closing(redis.Redis.from_url(url)) as admin:
            admin.flushall()
            admin.function_flush()
        assert rights.restore_redis()
    finally:
        server.stop()

    server, url = running(folder)
    try:
        again = Rights(SERVICES, rights.passwords, url, None)
        assert read_as(again, "gateway", "risk:limits") is None
        former = redis.Redis.from_url(f"redis://:{password}@127.0.0.1:{url.rpartition(':')[2]}")
        with closing(former), pytest.raises(redis.AuthenticationError):
            former.ping()
    finally:
        server.stop()
