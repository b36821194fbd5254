"""`python -m common.runtime.rights`: makes every user and role, once, where containers run the arena.

Reads REDIS_URL and DATABASE_URL, which are the administrators', ARENA_FILE, and each service's password in
STORE_PASSWORD_{SERVICE}; every service of the roster must have one.
"""

import os
import sys
from collections.abc import Mapping
from typing import Final

import psycopg
import redis

from common.events.catalog import services_of
from common.runtime.rights.database_roles import make_database_roles
from common.runtime.rights.redis_users import make_redis_users
from common.runtime.roster import load_roster
from common.runtime.settings import refuse_start

PASSWORD: Final = "STORE_PASSWORD_"  # noqa: S105 - the beginning of a variable's name


def password_variable(service: str) -> str:
    """The variable with a service's password."""
    return PASSWORD + service.upper().replace("-", "_")


def passwords_from(environment: Mapping[str, str], contenders: tuple[str, ...]) -> dict[str, str]:
    """Each service's password, of those that have one."""
    named = {service: environment.get(password_variable(service)) for service in services_of(contenders)}
    return {service: password for service, password in named.items() if password}


def main() -> None:
    """Ends with 2 when a variable is missing, with 1 when a store does not answer; a later start goes on."""
    contenders = load_roster("rights").ids
    passwords = passwords_from(os.environ, contenders)
    problems = [f"{name}: not set; run make env" for name in ("REDIS_URL", "DATABASE_URL") if not os.environ.get(name)]
    problems += [
        f"{password_variable(service)}: not set; make up writes it and starts every contender of the roster"
        for service in services_of(contenders)
        if service not in passwords
    ]
    if problems:
        refuse_start("rights", problems)
    try:
        stale = make_redis_users(os.environ["REDIS_URL"], list(passwords), passwords)
        changed = make_database_roles(os.environ["DATABASE_URL"], passwords)
    except (redis.RedisError, psycopg.Error) as error:
        sys.stderr.write(f"rights: {type(error).__name__}: {error}\n")
        raise SystemExit(1) from None
    sys.stdout.write(f"users of {', '.join(passwords)}; dropped: {len(stale)}; handed over: {len(changed)}\n")


if __name__ == "__main__":
    main()
