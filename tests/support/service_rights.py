"""A service's own addresses of the stores, for tests that start it as the launcher does."""

import sys
from collections import Counter

from common.events.catalog import services_of
from common.runtime.rights.database_roles import make_database_roles, role_url
from common.runtime.rights.redis_users import make_redis_users, user_url

SERVICES = services_of(("deepseek", "qwen", "llama"))
PASSWORDS = {service: f"password-of-{service}" for service in SERVICES}


def own_redis_url(service: str, admin_url: str) -> str:
    """The address as the service's user, who is made."""
    make_redis_users(admin_url, SERVICES, PASSWORDS)
    return user_url(admin_url, service, PASSWORDS[service])


def own_database_url(service: str, admin_url: str) -> str:
    """The address as the service's role, which is made."""
    make_database_roles(admin_url, PASSWORDS)
    return role_url(admin_url, service, PASSWORDS[service])


def own_stores(service: str, redis_url: str, database_url: str) -> dict[str, str]:
    """Both addresses, by the names of the settings."""
    return {
        "redis_url": own_redis_url(service, redis_url),
        "database_url": own_database_url(service, database_url),
    }


def report_rights(what: str, counts: Counter[bool]) -> None:
    """Prints how many operations of a matrix were allowed and refused."""
    sys.stdout.write(f"\n{what}: {counts[True]:,} allowed, {counts[False]:,} refused\n")
