"""The launcher's settings, from the environment and `.env`."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NoReturn

from dotenv import dotenv_values
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

EXIT_BAD_SETTINGS = 2
ROOT = Path(__file__).parents[3]


class LocalSettings(BaseSettings):
    """Where things listen (loopback) and where data lies. A given REDIS_URL or DATABASE_URL is used instead of ours."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    aicoin_data_dir: Path = Path(".aicoin")
    gateway_port: int = Field(8080, ge=1, le=65535)
    simulator_port: int = Field(3001, ge=1, le=65535)
    redis_port: int = Field(6380, ge=1, le=65535)
    postgres_port: int = Field(5433, ge=1, le=65535)
    metrics_base_port: int = Field(9100, ge=1, le=65500)
    redis_url: str | None = None
    database_url: str | None = None
    hyperliquid_env: Literal["paper", "testnet", "mainnet"] = "paper"
    deepseek_api_key: str | None = Field(None, repr=False)
    qwen_api_key: str | None = Field(None, repr=False)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what the caller gives: it has merged environment and `.env` already."""
        return (init_settings,)

    @property
    def data_dir(self) -> Path:
        return self.aicoin_data_dir.resolve()

    @property
    def gateway_url(self) -> str:
        return f"http://127.0.0.1:{self.gateway_port}"

    @property
    def simulator_url(self) -> str:
        return f"http://127.0.0.1:{self.simulator_port}"

    @property
    def needs_simulator(self) -> bool:
        """On paper for the exchange, elsewhere never: without real models nothing real is traded."""
        return self.hyperliquid_env == "paper"


def full_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """`.env` of the working folder under the real environment; empty values count as not set."""
    given = {name: value for name, value in dotenv_values(".env").items() if value}
    return given | {name: value for name, value in environ.items() if value}


def load_settings(environment: Mapping[str, str]) -> LocalSettings:
    """The settings, or the end of the process with one line per wrong variable."""
    known = {name: environment[name.upper()] for name in LocalSettings.model_fields if name.upper() in environment}
    try:
        return LocalSettings(**known)  # type: ignore[arg-type]
    except ValidationError as error:
        refuse([_line(problem) for problem in error.errors(include_url=False)])


def _line(problem: Any) -> str:
    name = str(problem["loc"][0]).upper()
    return f"{name}: {problem['msg'][:1].lower()}{problem['msg'][1:]} (got {str(problem['input'])[:60]!r})"


def refuse(problems: list[str]) -> NoReturn:
    """Ends the process: one line per problem, exit code 2."""
    for problem in problems:
        sys.stderr.write(f"aicoin: {problem}\n")
    raise SystemExit(EXIT_BAD_SETTINGS)
