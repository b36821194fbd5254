"""Which variables are secrets, and which of all variables a process may see."""

from collections.abc import Collection, Mapping
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
    "READ_TOKEN",
    "NOTIFY_URLS",
    "DEADMAN_URL",
    "DATABASE_URL",
    "REDIS_URL",
    "REDIS_PASSWORD",
    "POSTGRES_PASSWORD",
    "STORE_PASSWORD",
    "GRAFANA_PASSWORD",
    "BACKUP_PASSPHRASE",
)
API_KEY: Final = "_API_KEY"
STORE_ADDRESSES: Final = ("REDIS_URL", "DATABASE_URL")
OF_THE_SYSTEM: Final = (
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "LD_LIBRARY_PATH",
    "NIX_LD",
    "NIX_LD_LIBRARY_PATH",
    "OPENSSL_CONF",
    "TZ",
    "TMPDIR",
    "AICOIN_DATA_DIR",
    "AICOIN_PROGRAM",
)
"""What any program may see."""
OF_THE_NETWORK: Final = (
    "ALL_PROXY",
    "CURL_CA_BUNDLE",
    "FTP_PROXY",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "REQUESTS_CA_BUNDLE",
    "SOCKS_PROXY",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "WSS_PROXY",
    "WS_PROXY",
)
"""How the outside is reached, in capitals or not: for services."""
PREFIXES: Final = ("PYTHON", "LC_")
"""Python's own and the locale's."""
OF_POSTGRES: Final = "PG"
"""What libpq reads itself, for whoever is given DATABASE_URL."""


def is_secret(variable: str) -> bool:
    """Whether a variable is private; every model's API key is."""
    return variable.startswith(SECRET_PREFIXES) or API_KEY in variable


def visible_variables(read: Collection[str], variables: Mapping[str, str]) -> dict[str, str]:
    """What a service's process may see: what it reads, and what is the system's, the network's or Python's."""
    names = {*read, *OF_THE_SYSTEM}
    prefixes = (*PREFIXES, OF_POSTGRES) if "DATABASE_URL" in read else PREFIXES
    return {
        name: value
        for name, value in variables.items()
        if name in names or name.upper() in OF_THE_NETWORK or name.startswith(prefixes)
    }


def own_addresses(program: str, variables: Mapping[str, str]) -> dict[str, str]:
    """The variables with each store's address as this program's own user, and no other program's."""
    suffix = program.upper().replace("-", "_")
    own = {name: variables[f"{name}_{suffix}"] for name in STORE_ADDRESSES if f"{name}_{suffix}" in variables}
    others = tuple(f"{name}_" for name in STORE_ADDRESSES)
    return {name: value for name, value in variables.items() if not name.startswith(others)} | own
