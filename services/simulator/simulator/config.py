"""Settings from the environment; an invalid one ends the start with its name."""

import re
import sys
from decimal import Decimal
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from simulator.exchange.state import account_modes
from simulator.market.coins import COINS
from simulator.market.listing import DEFAULT_LISTING, Listing

ADDRESS = re.compile(r"^0x[0-9a-fA-F]{40}$")


class SimulatorSettings(BaseSettings):
    """`simulator_accounts` is a comma list of account:api-wallet, each funded once with `paper_start_balance`.

    `simulator_coins` is a comma list of the coins that are listed, in any order.
    `simulator_account_mode` is the mode of accounts that are new: whether perpetuals and spot share one balance.
    `simulator_services_port` is a second listener, for the arena's own services; `simulator_port` is for guests then.
    `simulator_redated` moves a recording to the present, for programs that go by the wall clock.
    `simulator_market` auto is the source chosen at the first start: live where `simulator_upstream_url` answers then.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    bind_host: str = "127.0.0.1"
    simulator_port: int = Field(3001, ge=0, le=65535)
    simulator_services_port: int | None = Field(None, ge=0, le=65535)
    metrics_port: int = Field(9107, ge=0, le=65535)
    simulator_data_dir: Path = Path(".aicoin/simulator")
    simulator_seed: int = Field(1, ge=0)
    simulator_accounts: str = ""
    simulator_coins: str = ",".join(DEFAULT_LISTING.coins)
    simulator_rate_limits: bool = True
    simulator_control_port: int | None = Field(None, ge=0, le=65535)
    simulator_stepwise: bool = False
    simulator_market: Literal["auto", "synthetic", "capture", "live"] = "auto"
    simulator_market_path: Path | None = None
    simulator_redated: bool = False
    simulator_speed: float = Field(1.0, ge=1, le=1_000)
    simulator_upstream_url: str = Field("https://api.hyperliquid.xyz", pattern=r"^https?://[^/]+$")
    simulator_account_mode: account_modes.Setting = "standard"
    paper_start_balance: Decimal = Field(Decimal(10_000), gt=0, le=10_000_000)

    @field_validator("simulator_accounts")
    @classmethod
    def _well_formed(cls, value: str) -> str:
        for pair in filter(None, value.split(",")):
            if not all(ADDRESS.match(part) for part in pair.split(":")) or pair.count(":") != 1:
                raise ValueError("must be a comma list of <account address>:<api wallet address>")
        return value

    @field_validator("simulator_coins")
    @classmethod
    def _can_be_listed(cls, value: str) -> str:
        if not Listing.of(_names(value)).coins:
            raise ValueError(f"names no coin; choose from {', '.join(COINS)}")
        return value

    @field_validator("simulator_upstream_url")
    @classmethod
    def _has_host_and_port(cls, value: str) -> str:
        if not urlsplit(value).hostname or urlsplit(value).port == 0:
            raise ValueError("must be http(s)://host or http(s)://host:port")
        return value

    @model_validator(mode="after")
    def _speed_is_possible(self) -> "SimulatorSettings":
        if self.simulator_speed != 1 and self.simulator_market in ("auto", "live"):
            raise ValueError("SIMULATOR_SPEED: must be 1 unless SIMULATOR_MARKET is synthetic or capture")
        if self.simulator_market == "capture" and self.simulator_market_path is None:
            raise ValueError("SIMULATOR_MARKET_PATH: not set; name the files that SIMULATOR_MARKET=capture plays")
        if self.simulator_redated and (self.simulator_market != "capture" or self.simulator_speed != 1):
            raise ValueError("SIMULATOR_REDATED: needs SIMULATOR_MARKET=capture and SIMULATOR_SPEED=1")
        return self

    @property
    def listing(self) -> Listing:
        """The coins that are listed."""
        return Listing.of(_names(self.simulator_coins))

    @property
    def accounts(self) -> list[tuple[str, str]]:
        """(account, API wallet) pairs, lower-case."""
        pairs = [pair.lower().split(":") for pair in filter(None, self.simulator_accounts.split(","))]
        return [(account, wallet) for account, wallet in pairs]


def _names(value: str) -> list[str]:
    return [name.strip() for name in value.split(",") if name.strip()]


def load_settings() -> SimulatorSettings:
    """The settings, or the end of the process with one line per wrong variable (exit code 2)."""
    try:
        return SimulatorSettings()
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            message = problem["msg"].removeprefix("Value error, ")
            if not problem["loc"]:
                sys.stderr.write(f"simulator: {message}\n")
                continue
            name = str(problem["loc"][0]).upper()
            sys.stderr.write(f"simulator: {name}: {message} (got {str(problem['input'])[:80]!r})\n")
        raise SystemExit(2) from None
