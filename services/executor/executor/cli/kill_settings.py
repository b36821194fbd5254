"""What the kill switch is given: read from the environment alone, as far as it can be read.

A wrong variable keeps nothing else from working: it is a problem to be reported, after everything that can be closed
has been closed. Neither the roster nor any other file is read, but those that hold keys.
"""

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import SecretStr, TypeAdapter, ValidationError

from common.runtime.outside.urls import HttpOrigin
from executor.domain.variables import (
    ADDRESS_PATTERN,
    API_URLS,
    DATA_FOLDER,
    SECRET_FILES,
    account_variable,
    key_variable,
)
from executor.exchange.keys import read_key, wallet_address

ACTION_LIFE_MS: Final = 10_000
ORIGIN: Final[TypeAdapter[str]] = TypeAdapter(HttpOrigin)
TIMEOUT_S: Final = 3.0
ACCOUNT: Final = re.compile(r"HYPERLIQUID_ACCOUNT_ADDRESS_([A-Z][A-Z0-9_]*)")
SIMULATOR_URL: Final = "http://127.0.0.1:3001"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key, and the variable that it comes from."""

    variable: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class KillAccount:
    """One account and the keys that may sign for it, the kill switch's own first."""

    model: str
    address: str
    keys: tuple[SigningKey, ...]


@dataclass(frozen=True, slots=True)
class KillSettings:
    """The accounts that can be taken out of the market.

    `problems` say which can't, `notes` what else is wrong.
    """

    url: str
    timeout_s: float
    accounts: tuple[KillAccount, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]


def kill_key_variable(contender_id: str) -> str:
    return f"HYPERLIQUID_KILL_KEY_{contender_id.upper()}"


def variables_of(contender_ids: Sequence[str]) -> set[str]:
    """The names of every variable that is read, for these contenders."""
    names = {"HYPERLIQUID_ENV", "HYPERLIQUID_API_URL", "SIMULATOR_URL", "EXCHANGE_TIMEOUT_S", "EXECUTOR_DATA_DIR"}
    for contender_id in contender_ids:
        names.add(account_variable(contender_id))
        for key in (kill_key_variable(contender_id), key_variable(contender_id)):
            names |= {key, f"{key}_FILE"}
    return names


def data_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The executor's data folder, where the halt files are."""
    return Path(environ.get("EXECUTOR_DATA_DIR") or DATA_FOLDER)


def known_models(environ: Mapping[str, str] = os.environ) -> list[str]:
    """The contenders whose account is in the environment."""
    found = [ACCOUNT.fullmatch(name) for name, value in environ.items() if value]
    return sorted(match[1].lower() for match in found if match is not None)


def read_kill_settings(model: str | None, environ: Mapping[str, str] = os.environ) -> KillSettings:
    """The settings for one contender, or for all; never raises."""
    problems: list[str] = []
    notes: list[str] = []
    url = _url(environ, problems, notes)
    models = [each for each in known_models(environ) if model in (None, each)]
    if not models:
        name = account_variable(model or "<ID>")
        problems.append(f"{name}: not set; give the account's address")
    accounts = [_account(environ, each, problems, notes) for each in models]
    return KillSettings(
        url=url or "",
        timeout_s=_timeout_s(environ, notes),
        accounts=tuple(account for account in accounts if account is not None and url is not None),
        problems=tuple(problems),
        notes=tuple(notes),
    )


def _url(environ: Mapping[str, str], problems: list[str], notes: list[str]) -> str | None:
    """Where the exchange is; None, with a problem, when that is unknown."""
    world = environ.get("HYPERLIQUID_ENV") or "paper"
    for name in ("HYPERLIQUID_API_URL", "SIMULATOR_URL"):
        given = environ.get(name)
        if given and (name == "HYPERLIQUID_API_URL" or world == "paper"):
            with suppress(ValidationError):
                return ORIGIN.validate_python(given)
            notes.append(f"{name}: {given!r} is no address; it must be http://host:port or https://host")
    known = API_URLS.get(world, SIMULATOR_URL if world == "paper" else None)
    if known is None:
        problems.append(
            f"HYPERLIQUID_ENV: {world!r} is none of paper, testnet, mainnet; set it, or HYPERLIQUID_API_URL"
        )
    return known


def _timeout_s(environ: Mapping[str, str], notes: list[str]) -> float:
    given = environ.get("EXCHANGE_TIMEOUT_S")
    try:
        seconds = float(given) if given else TIMEOUT_S
    except ValueError:
        seconds = 0.0
    if 0 < seconds <= 60:
        return seconds
    notes.append(f"EXCHANGE_TIMEOUT_S: {given!r} is no number of seconds up to 60; {TIMEOUT_S:g} is taken")
    return TIMEOUT_S


def _account(environ: Mapping[str, str], model: str, problems: list[str], notes: list[str]) -> KillAccount | None:
    name = account_variable(model)
    address = environ[name].strip().lower()
    if not re.match(ADDRESS_PATTERN, address):
        problems.append(f"{name}: {address[:60]!r} is no address; it must be 0x and 40 hex digits")
        return None
    keys, found = [], []
    for variable in (kill_key_variable(model), key_variable(model)):
        try:
            key = _key(environ, variable, address)
        except ValueError as error:
            found.append(str(error))
            continue
        if key is not None:
            keys.append(SigningKey(variable, key))
    if not keys and not found:
        found = [f"{kill_key_variable(model)}: not set; give the key of an API wallet of {model}'s account"]
    (notes if keys else problems).extend(found)
    return KillAccount(model, address, tuple(keys)) if keys else None


def _key(environ: Mapping[str, str], variable: str, address: str) -> str | None:
    """None when it isn't set. Raises ValueError naming the variable."""
    value, path = environ.get(variable), environ.get(f"{variable}_FILE")
    secret = SECRET_FILES / variable.lower()
    file = Path(path) if path else secret if not value and secret.is_file() else None
    key = read_key(variable, SecretStr(value) if value else None, file)
    if key is None:
        return None
    try:
        wallet = wallet_address(key)
    except ValueError as error:
        raise ValueError(f"{variable}: {error}") from None
    if wallet == address:
        raise ValueError(f"{variable}: this is the account's own key; approve an API wallet and give its key")
    return key
