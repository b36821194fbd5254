"""Each service's environment: addresses of everything, its own ports, and only its own secrets."""

from collections.abc import Mapping

from aicoin_local.catalog import SERVICES, ServiceSpec, may_see
from aicoin_local.paper import paper_environment
from aicoin_local.settings import LocalSettings, refuse


def shared_variables(
    settings: LocalSettings, given: Mapping[str, str], redis_url: str, database_url: str
) -> dict[str, str]:
    """What all services' environments are cut from. Ends the process when a real environment lacks a key."""
    variables = dict(given) | {
        "REDIS_URL": redis_url,
        "DATABASE_URL": database_url,
        "SIMULATOR_URL": settings.simulator_url,
        "SIMULATOR_PORT": str(settings.simulator_port),
        "SIMULATOR_DATA_DIR": str(settings.data_dir / "simulator"),
        "EXECUTOR_DATA_DIR": str(settings.data_dir / "executor"),
        "GATEWAY_PORT": str(settings.gateway_port),
        "HYPERLIQUID_ENV": settings.hyperliquid_env,
        "PYTHONUNBUFFERED": "1",
    }
    if settings.hyperliquid_env == "paper":
        variables.pop("HYPERLIQUID_PRIVATE_KEY", None)
        return variables | paper_environment(settings.data_dir) | {"HYPERLIQUID_API_URL": settings.simulator_url}
    refuse_if_keys_are_missing(settings, given)
    return variables


def refuse_if_keys_are_missing(settings: LocalSettings, given: Mapping[str, str]) -> None:
    """On testnet and mainnet every key must be the user's own."""
    problems = []
    if "HYPERLIQUID_PRIVATE_KEY" in given:
        problems.append(
            "HYPERLIQUID_PRIVATE_KEY: one key can't trade two accounts; "
            "set HYPERLIQUID_PRIVATE_KEY_DEEPSEEK and HYPERLIQUID_PRIVATE_KEY_QWEN"
        )
    for model in ("DEEPSEEK", "QWEN"):
        name = f"HYPERLIQUID_PRIVATE_KEY_{model}"
        if name not in given and f"{name}_FILE" not in given:
            problems.append(f"{name}: not set; {settings.hyperliquid_env} needs the API wallet's key, or {name}_FILE")
        address = f"HYPERLIQUID_ACCOUNT_ADDRESS_{model}"
        if address not in given:
            problems.append(f"{address}: not set; {settings.hyperliquid_env} needs the account's address")
        if f"{model}_API_KEY" not in given:
            problems.append(f"{model}_API_KEY: not set; a stand-in model trades on paper only")
    if problems:
        refuse(problems)


def environment_of(spec: ServiceSpec, variables: Mapping[str, str], settings: LocalSettings) -> dict[str, str]:
    """One service's environment."""
    own = {name: value for name, value in variables.items() if may_see(spec, name)}
    return own | {"METRICS_PORT": str(settings.metrics_base_port + spec.metrics_offset)}


def wanted_services(settings: LocalSettings) -> list[ServiceSpec]:
    """The services of this environment, in start order."""
    return [spec for spec in SERVICES if spec.name != "simulator" or settings.needs_simulator]
