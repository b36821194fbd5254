"""The launcher's settings, from the environment and `.env`."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NoReturn

from dotenv import dotenv_values
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from redis import Redis

EXIT_BAD_SETTINGS = 2
ROOT = Path(__file__).parents[3]
SECRET_WORDS = ("KEY", "TOKEN", "URL", "PASSWORD")
OTHERS = 0o077
"""The rights of a file's group and of everybody else."""
FORBIDDEN_IN_PATHS = ("%", ";", "\n")


class LocalSettings(BaseModel):
    """Where things listen (loopback) and where data lies. A configured REDIS_URL or DATABASE_URL replaces the store."""

    model_config = ConfigDict(frozen=True)

    aicoin_data_dir: Path = Path(".aicoin")
    gateway_port: int = Field(8080, ge=1, le=65535)
    simulator_port: int = Field(3001, ge=1, le=65535)
    simulator_services_port: int = Field(3002, ge=1, le=65535)
    redis_port: int = Field(6380, ge=1, le=65535)
    postgres_port: int = Field(5433, ge=1, le=65535)
    metrics_base_port: int = Field(9100, ge=1, le=65500)
    redis_url: str | None = Field(None, pattern=r"^(rediss?|unix)://", repr=False)
    database_url: str | None = Field(None, pattern=r"^postgres(ql)?://", repr=False)
    hyperliquid_env: Literal["paper", "testnet", "mainnet"] = "paper"

    @field_validator("aicoin_data_dir")
    @classmethod
    def _can_stand_in_a_configuration_file(cls, value: Path) -> Path:
        if any(sign in str(ROOT / value) for sign in FORBIDDEN_IN_PATHS):
            raise ValueError("must not contain a percent sign, a semicolon or a line break")
        return value

    @field_validator("redis_url")
    @classmethod
    def _is_accepted_by_redis_client(cls, value: str) -> str:
        """Parsed by the client itself, whose error message may hold the password and is dropped."""
        try:
            Redis.from_url(value).connection_pool.make_connection()
        except (TypeError, ValueError):
            raise ValueError("can't be read; it must be redis://[user][:password@]host:port/database") from None
        return value

    @field_validator("database_url")
    @classmethod
    def _is_accepted_by_libpq(cls, value: str) -> str:
        """Parsed by libpq itself, whose error message may hold the password and is dropped."""
        try:
            for port in str(conninfo_to_dict(value).get("port", 0)).split(","):
                int(port)
        except (ProgrammingError, ValueError):
            raise ValueError("can't be read; it must be postgresql://user:password@host:port/database") from None
        return value

    @property
    def data_dir(self) -> Path:
        """Absolute; a relative folder counts from the project's root."""
        return (ROOT / self.aicoin_data_dir).resolve()

    @property
    def gateway_url(self) -> str:
        return f"http://127.0.0.1:{self.gateway_port}"

    @property
    def simulator_url(self) -> str:
        """For programs of the user's own, which are guests of the exchange."""
        return f"http://127.0.0.1:{self.simulator_port}"

    @property
    def simulator_services_url(self) -> str:
        """For the arena's own services."""
        return f"http://127.0.0.1:{self.simulator_services_port}"

    @property
    def needs_simulator(self) -> bool:
        """On paper for the exchange, elsewhere never: without real models nothing real is traded."""
        return self.hyperliquid_env == "paper"


def full_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """`read_environment`, or the end of the process with one line: settings would be left out in silence.

    The file may hold keys: rights of others on it are taken away, and a line says so.
    """
    try:
        given = read_environment(environ)
        make_private(env_file(environ))
        return given
    except (OSError, ValueError) as error:
        refuse([str(error)])


def make_private(path: Path) -> None:
    """Leaves a file with secrets readable by its owner only; says what it did, or what it could not do."""
    try:
        mode = path.stat().st_mode
        if not mode & OTHERS:
            return
        path.chmod(mode & ~OTHERS)
        sys.stderr.write(f"aicoin: others could read {path.name}, which may hold keys; it is private now (chmod 600)\n")
    except FileNotFoundError:
        return
    except OSError as error:
        sys.stderr.write(f"aicoin: others can read {path}, which may hold keys; make it private: {error.strerror}\n")


def env_file(environ: Mapping[str, str]) -> Path:
    """The file with the settings: `.env`, or the one that AICOIN_ENV_FILE names."""
    return ROOT / (environ.get("AICOIN_ENV_FILE") or ".env")


def read_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The real environment over `.env` (AICOIN_ENV_FILE names another file); empty values count as not set.

    Raises OSError or ValueError for a file that is named and does not exist, or can't be read.
    """
    named, path = environ.get("AICOIN_ENV_FILE"), env_file(environ)
    if named and not path.exists():
        raise ValueError(f"AICOIN_ENV_FILE: {path} does not exist; name the file with the settings, or unset it")
    try:
        given = {name: value for name, value in dotenv_values(path, interpolate=False).items() if value}
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} can't be read: {error}") from None
    return given | {name: value for name, value in environ.items() if value}


def load_settings(environment: Mapping[str, str]) -> LocalSettings:
    """The settings, or the end of the process with one line per wrong variable."""
    known = {name: environment[name.upper()] for name in LocalSettings.model_fields if name.upper() in environment}
    try:
        return LocalSettings(**known)
    except ValidationError as error:
        refuse([_line(problem) for problem in error.errors(include_url=False)])


def _line(problem: Any) -> str:
    name = str(problem["loc"][0]).upper()
    shown = "" if name.endswith(SECRET_WORDS) else f" (got {str(problem['input'])[:60]!r})"
    message = problem["msg"].removeprefix("Value error, ")
    return f"{name}: {message[:1].lower()}{message[1:]}{shown}"


def refuse(problems: list[str]) -> NoReturn:
    """Ends the process: one line per problem, exit code 2."""
    for problem in problems:
        sys.stderr.write(f"aicoin: {problem}\n")
    raise SystemExit(EXIT_BAD_SETTINGS)
