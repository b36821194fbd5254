"""Which variables are secrets, and which of them a process may see."""

from collections.abc import Mapping
from typing import Final

SECRET_PREFIXES: Final = (
    "HYPERLIQUID_PRIVATE_KEY",
    "HYPERLIQUID_KILL_KEY",
    "CONTROL_TOKEN",
    "RESUME_TOKEN",
    "ALERT_TOKEN",
    "ALERT_WEBHOOK_URL",
    "ALERT_TELEGRAM_TOKEN",
    "ALERT_MAIL_PASSWORD",
    "NOTIFY_URLS",
    "DEADMAN_URL",
    "DATABASE_URL",
    "REDIS_URL",
    "REDIS_PASSWORD",
    "POSTGRES_PASSWORD",
    "STORE_PASSWORD",
    "GRAFANA_PASSWORD",
)
API_KEY: Final = "_API_KEY"
STORE_ADDRESSES: Final = ("REDIS_URL", "DATABASE_URL")


def is_secret(variable: str) -> bool:
    """Whether a variable is kept from processes that don't name it; every model's API key is."""
    return variable.startswith(SECRET_PREFIXES) or API_KEY in variable


def visible_variables(secrets: tuple[str, ...], variables: Mapping[str, str]) -> dict[str, str]:
    """What a process may see: everything that is no secret, and the secrets that begin with a prefix it names."""
    return {
        name: value for name, value in variables.items() if not is_secret(name) or name.startswith(secrets or ("\0",))
    }


def own_addresses(program: str, variables: Mapping[str, str]) -> dict[str, str]:
    """The variables with each store's address as this program's own user, and no other program's."""
    suffix = program.upper().replace("-", "_")
    own = {name: variables[f"{name}_{suffix}"] for name in STORE_ADDRESSES if f"{name}_{suffix}" in variables}
    others = tuple(f"{name}_" for name in STORE_ADDRESSES)
    return {name: value for name, value in variables.items() if not name.startswith(others)} | own
