"""Settings of the kill switch: of each account only its address and a key; nothing of Redis or PostgreSQL."""

from pathlib import Path
from typing import Any, Final

from pydantic import Field, SecretStr, create_model
from pydantic_settings import BaseSettings, SettingsConfigDict

from common.trading.roster import Roster
from executor.config import ADDRESS_PATTERN, API_URLS, URL_PATTERN, Environment, account_variable, key_variable
from executor.exchange.client import ExchangeConfig
from executor.exchange.keys import read_key

ACTION_LIFE_MS: Final = 10_000


def kill_key_variable(contender_id: str) -> str:
    return f"HYPERLIQUID_KILL_KEY_{contender_id.upper()}"


class KillSettings(BaseSettings):
    """The kill switch signs with an API wallet of its own, and with the executor's where there is none.

    `kill_settings` adds the variables of each contender; this class alone has none.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    hyperliquid_env: Environment = "paper"
    hyperliquid_api_url: str | None = Field(None, pattern=URL_PATTERN)
    simulator_url: str = Field("http://127.0.0.1:3001", pattern=URL_PATTERN)
    exchange_timeout_s: float = Field(3.0, gt=0, le=60)

    def address_of(self, model: str) -> str:
        """Raises ValueError naming the variable."""
        name = account_variable(model)
        address: str | None = getattr(self, name.lower())
        if address is None:
            raise ValueError(f"{name}: not set; give the account's address")
        return address.lower()

    def key_of(self, model: str) -> tuple[str, str]:
        """The key and the variable that it comes from. Raises ValueError naming the variable."""
        for name in (kill_key_variable(model), key_variable(model)):
            key = read_key(name, getattr(self, name.lower()), getattr(self, f"{name.lower()}_file"))
            if key is not None:
                return key, name
        raise ValueError(f"{kill_key_variable(model)}: not set; give the key of an API wallet of {model}'s account")

    def exchange_config(self) -> ExchangeConfig:
        url = self.hyperliquid_api_url or API_URLS.get(self.hyperliquid_env, self.simulator_url)
        return ExchangeConfig(url=url, timeout_s=self.exchange_timeout_s, action_life_ms=ACTION_LIFE_MS)


def kill_settings(roster: Roster) -> type[KillSettings]:
    """The kill switch's settings for a roster."""
    fields: dict[str, Any] = {}
    for contender_id in roster.ids:
        fields[account_variable(contender_id).lower()] = (str | None, Field(None, pattern=ADDRESS_PATTERN))
        for key in (kill_key_variable(contender_id).lower(), key_variable(contender_id).lower()):
            fields[key] = (SecretStr | None, None)
            fields[f"{key}_file"] = (Path | None, None)
    return create_model(KillSettings.__name__, __base__=KillSettings, **fields)
