"""The services' own users and roles in stores that the launcher started: their passwords, their addresses."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from redis import RedisError

from aicoin_local.stores import write_private
from common.bus.redis_streams import VERSION
from common.runtime.rights.database_roles import make_database_roles, role_url
from common.runtime.rights.redis_users import bus_version, make_redis_users, user_url
from common.runtime.rights.tables import OWNERS, READ_ONLY

FILE: Final = "service_passwords.json"
PASSWORD_BYTES: Final = 24


@dataclass(frozen=True, slots=True)
class Rights:
    """The rights of `services` in the stores whose administrator's addresses are given.

    A store that the user has configured has no address here: who may do what in it is its administrator's choice, and
    every service gets the user's one address.
    """

    services: tuple[str, ...]
    passwords: Mapping[str, str]
    redis_url: str | None
    database_url: str | None

    def addresses(self) -> dict[str, str]:
        """Every service's own REDIS_URL and DATABASE_URL, under the names that `launch` gives them out by."""
        found = {}
        for service in self.services:
            suffix = service.upper().replace("-", "_")
            if self.redis_url is not None:
                found[f"REDIS_URL_{suffix}"] = user_url(self.redis_url, service, self.passwords[service])
            if self.database_url is not None and service in (*OWNERS, *READ_ONLY):
                found[f"DATABASE_URL_{suffix}"] = role_url(self.database_url, service, self.passwords[service])
        return found

    def make(self) -> None:
        """Makes users and roles; the stores answer."""
        if self.redis_url is not None:
            make_redis_users(self.redis_url, self.services, self.passwords)
        if self.database_url is not None:
            make_database_roles(self.database_url, self.passwords)

    def restore_redis(self) -> bool:
        """Makes the users again when the bus's functions are gone, as after a wipe; whether that was done.

        A Redis that answers "not now" is asked again later: the arena goes on meanwhile.
        """
        try:
            if self.redis_url is None or bus_version(self.redis_url) in (VERSION, None):
                return False
            make_redis_users(self.redis_url, self.services, self.passwords)
        except (RedisError, OSError):
            return False
        return True


def load_passwords(folder: Path, services: Sequence[str]) -> dict[str, str]:
    """The services' passwords, kept in a private file; a service without one gets a random one."""
    path = folder / FILE
    kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    passwords = kept | {name: secrets.token_urlsafe(PASSWORD_BYTES) for name in services if name not in kept}
    if passwords != kept:
        folder.mkdir(parents=True, exist_ok=True)
        write_private(path, json.dumps(passwords, indent=2) + "\n")
    return passwords
