"""`python -m common.runtime.rights`: makes every user and role, once, where containers run the arena.

Reads REDIS_URL and DATABASE_URL, which are the administrators', ARENA_FILE, and each service's password in
STORE_PASSWORD_{SERVICE}. CONTENDER's agent may have that of the service that it runs in, STORE_PASSWORD_AGENT_OPENAI.
A service without a password gets no user, so that it can't connect.
"""

import os
import sys
from collections.abc import Mapping
from typing import Final

import psycopg
import redis

from common.events.catalog import AGENT, services_of
from common.runtime.rights.database_roles import make_database_roles
from common.runtime.rights.redis_users import make_redis_users
from common.runtime.rights.tables import OWNERS, READ_ONLY
from common.runtime.roster import load_roster
from common.runtime.settings import refuse_start

PASSWORD: Final = "STORE_PASSWORD_"  # noqa: S105 - the beginning of a variable's name
SHARED_AGENT: Final = f"{PASSWORD}AGENT_OPENAI"


def passwords_from(environment: Mapping[str, str], contenders: tuple[str, ...]) -> dict[str, str]:
    """Each service's password, of those that have one."""
    found = {}
    for service in services_of(contenders):
        own = environment.get(PASSWORD + service.upper().replace("-", "_"))
        if own is None and service == f"{AGENT}-{environment.get('CONTENDER')}":
            own = environment.get(SHARED_AGENT)
        if own:
            found[service] = own
    return found


def main() -> None:
    """Ends with 2 when a variable is missing, with 1 when a store does not answer; a later start goes on."""
    passwords = passwords_from(os.environ, load_roster("rights").ids)
    problems = [f"{name}: not set; run make env" for name in ("REDIS_URL", "DATABASE_URL") if not os.environ.get(name)]
    problems += [
        f"{PASSWORD}{service.upper()}: not set; run make env"
        for service in (*OWNERS, *READ_ONLY)
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
