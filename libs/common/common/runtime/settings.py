"""Settings from the environment: frozen, read once, and a wrong one fails the start with the variable's name."""

import sys
from typing import Any, NoReturn, TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

EXIT_BAD_SETTINGS = 2


class ServiceSettings(BaseSettings):
    """What every service needs; each subclass adds its own. Variable names are the field names in capitals."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    redis_url: str = Field("redis://127.0.0.1:6380/0", pattern=r"^(rediss?|unix)://")
    bind_host: str = "127.0.0.1"
    metrics_port: int = Field(ge=0, le=65535)
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    instance: str = Field("1", min_length=1)


S = TypeVar("S", bound=BaseSettings)


def load_settings(service: str, settings: type[S]) -> S:
    """The settings, or the end of the process with one line per wrong variable on stderr (exit code 2)."""
    try:
        return settings()
    except ValidationError as error:
        refuse_start(service, [describe(settings, problem) for problem in error.errors(include_url=False)])


def refuse_start(service: str, problems: list[str]) -> NoReturn:
    """Ends the process with one line per problem; each names the variable and what to do."""
    for problem in problems:
        sys.stderr.write(f"{service}: {problem}\n")
    raise SystemExit(EXIT_BAD_SETTINGS)


def describe(settings: type[BaseSettings], problem: Any) -> str:
    """One line for one validation problem: variable, what is wrong, and the value unless it may be a secret."""
    name = str(problem["loc"][0]).upper() if problem["loc"] else ""
    if problem["type"] == "missing":
        return f"{name}: not set; give it in the environment or in .env"
    message: str = problem["msg"].removeprefix("Value error, ")
    if not name:
        return message
    field = settings.model_fields.get(name.lower())
    is_secret = field is None or SecretStr in (field.annotation, *getattr(field.annotation, "__args__", ()))
    shown = "" if is_secret or "URL" in name else f" (got {str(problem.get('input'))[:80]!r})"
    return f"{name}: {message[:1].lower()}{message[1:]}{shown}"
