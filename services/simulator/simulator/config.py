"""Settings, by the environment; a wrong one ends the start with its name."""

import re
import sys
from decimal import Decimal
from pathlib import Path

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ADDRESS = re.compile(r"^0x[0-9a-fA-F]{40}$")


class SimulatorSettings(BaseSettings):
    """`simulator_accounts` is a comma list of account:api-wallet, each funded once with `paper_start_balance`."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    bind_host: str = "127.0.0.1"
    simulator_port: int = Field(3001, ge=0, le=65535)
    metrics_port: int = Field(9107, ge=0, le=65535)
    simulator_data_dir: Path = Path(".aicoin/simulator")
    simulator_seed: int = Field(1, ge=0)
    simulator_accounts: str = ""
    simulator_rate_limits: bool = True
    simulator_control_port: int | None = Field(None, ge=0, le=65535)
    simulator_stepwise: bool = False
    paper_start_balance: Decimal = Field(Decimal(10_000), gt=0, le=10_000_000)

    @field_validator("simulator_accounts")
    @classmethod
    def _well_formed(cls, value: str) -> str:
        for pair in filter(None, value.split(",")):
            if not all(ADDRESS.match(part) for part in pair.split(":")) or pair.count(":") != 1:
                raise ValueError("must be a comma list of <account address>:<api wallet address>")
        return value

    @property
    def accounts(self) -> list[tuple[str, str]]:
        """(account, API wallet) pairs, lower-case."""
        pairs = [pair.lower().split(":") for pair in filter(None, self.simulator_accounts.split(","))]
        return [(account, wallet) for account, wallet in pairs]


def load_settings() -> SimulatorSettings:
    """The settings, or the end of the process with one line per wrong variable (exit code 2)."""
    try:
        return SimulatorSettings()
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            name = str(problem["loc"][0]).upper()
            message = problem["msg"].removeprefix("Value error, ")
            sys.stderr.write(f"simulator: {name}: {message} (got {str(problem['input'])[:80]!r})\n")
        raise SystemExit(2) from None
