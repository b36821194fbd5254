"""Settings from the environment: frozen, read once, and a wrong one fails the start with the variable's name."""

import errno
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from redis.asyncio import Redis

EXIT_BAD_SETTINGS = 2
SECRET_FILES = Path("/run/secrets")
"""Where a container finds settings as files, each by its name in small letters; what the environment has wins."""
PRIVATE = ("KEY", "TOKEN", "PASSWORD", "SECRET", "URL")
"""Words in a variable's name whose value is never shown, whatever its type."""


class ServiceSettings(BaseSettings):
    """What every service needs; each subclass adds its own. Variable names are the field names in capitals."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    redis_url: str = Field("redis://127.0.0.1:6380/0", pattern=r"^(rediss?|unix)://")
    bind_host: str = "127.0.0.1"
    metrics_port: int = Field(ge=0, le=65535)
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    instance: str = Field(
        default_factory=socket.gethostname,
        min_length=1,
        description="Name of this replica, the same after a restart; by default that of the host or the container.",
    )

    @field_validator("redis_url")
    @classmethod
    def _is_a_redis_address(cls, value: str) -> str:
        """Tries the address on the client itself; its own error text may hold the password."""
        try:
            Redis.from_url(value).connection_pool.make_connection()  # type: ignore[no-untyped-call]
        except (TypeError, ValueError):
            raise ValueError("can't be read; it must be redis://[user][:password@]host:port/database") from None
        return value


S = TypeVar("S", bound=BaseSettings)


def load_settings(service: str, settings: type[S]) -> S:
    """The settings, or the end of the process with one line per wrong variable on stderr (exit code 2)."""
    folder = SECRET_FILES if SECRET_FILES.is_dir() else None
    try:
        return settings(_secrets_dir=folder)
    except ValidationError as error:
        refuse_start(service, [describe(settings, problem) for problem in error.errors(include_url=False)])


def refuse_start(service: str, problems: list[str]) -> NoReturn:
    """Ends the process with one line per problem; each names the variable and what to do."""
    for problem in problems:
        sys.stderr.write(f"{service}: {problem}\n")
    raise SystemExit(EXIT_BAD_SETTINGS)


def refuse_address(service: str, variable: str, host: str, port: int, error: OSError) -> NoReturn:
    """Ends the process by an address that can't be listened at: by BIND_HOST's name where the host is what is wrong."""
    is_host = isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL
    remedy = "name an address of this machine" if is_host else "choose another port"
    name = "BIND_HOST" if is_host else variable
    refuse_start(service, [f"{name}: {host}:{port} can't be used: {error.strerror}; {remedy}"])


def folder_problem(variable: str, folder: Path) -> str | None:
    """Makes the folder; why files can't be written in it, naming the variable, or None."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return f"{variable}: {folder} can't be written: {error.strerror}; name a folder that can"
    return None


def describe(settings: type[BaseSettings], problem: Any) -> str:
    """One line for one validation problem: variable, what is wrong, and the value unless it may be a secret."""
    name = str(problem["loc"][0]).upper() if problem["loc"] else ""
    if problem["type"] == "missing":
        return f"{name}: not set; give it in the environment or in .env"
    message: str = problem["msg"].removeprefix("Value error, ")
    if not name:
        return message
    field = settings.model_fields.get(name.lower())
    is_secret = field is None or SecretStr.__name__ in repr(field.annotation) or any(word in name for word in PRIVATE)
    shown = "" if is_secret else f" (got {str(problem.get('input'))[:80]!r})"
    return f"{name}: {message[:1].lower()}{message[1:]}{shown}"
