"""Redis: one user per service, the bus's functions, and no default user."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any, Final

import redis
from redis.exceptions import ResponseError

from common.bus.redis_streams import LIBRARY
from common.bus.rights import acl_rules

ADMIN: Final = "admin"
"""The user of whoever starts the arena; its password never reaches a service."""
KEPT: Final = frozenset({ADMIN, "default"})


def make_redis_users(admin_url: str, services: Sequence[str], passwords: Mapping[str, str]) -> list[str]:
    """Makes the users of `services` as this version wants them, drops all others, and loads the bus's functions.

    Connections of users that stay go on, under the new rights. Users outlive a restart of a Redis that has a file for
    them; the names of the dropped users are returned. A repeat changes nothing.
    """
    client: Any = redis.Redis.from_url(admin_url, decode_responses=True)
    with closing(client):
        for service in services:
            secret = ("resetpass", f">{passwords[service]}")
            client.execute_command("ACL", "SETUSER", service, "reset", "on", *secret, *acl_rules(service))
        users = client.acl_users()
        stale = sorted(set(users) - set(services) - KEPT)
        if stale:
            client.acl_deluser(*stale)
        if ADMIN in users:
            client.execute_command("ACL", "SETUSER", "default", "off", "-@all", "resetkeys", "resetchannels")
        try:
            client.acl_save()
        except ResponseError as error:
            if "not configured to use an ACL file" not in str(error):
                raise
        client.function_load(LIBRARY, replace=True)
    return stale


def user_url(admin_url: str, service: str, password: str) -> str:
    """The same Redis as seen by a service's user."""
    scheme, _, rest = admin_url.partition("://")
    return f"{scheme}://{service}:{password}@{rest.rpartition('@')[2]}"


def bus_version(admin_url: str) -> str | None:
    """The version of the bus's functions that Redis has, empty without any; None while it does not answer."""
    with closing(redis.Redis.from_url(admin_url, decode_responses=True, socket_timeout=2)) as client:
        try:
            return str(client.fcall("aicoin_version", 0))
        except ResponseError as error:
            return "" if "not found" in str(error).lower() else None
        except redis.RedisError:
            return None
