"""Settings of the kill switch: of each account only its address and a key; nothing of Redis or PostgreSQL."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from executor.config import ADDRESS, API_URLS
from executor.exchange.keys import read_key


class KillSettings(BaseSettings):
    """`hyperliquid_kill_key_*` are keys of API wallets of their own; the executor's do where there are none."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    hyperliquid_env: Literal["paper", "testnet", "mainnet"] = "paper"
    hyperliquid_api_url: str | None = Field(None, pattern=r"^https?://[^/]+$")
    simulator_url: str = Field("http://127.0.0.1:3001", pattern=r"^https?://[^/]+$")
    hyperliquid_account_address_deepseek: str | None = Field(None, pattern=ADDRESS)
    hyperliquid_account_address_qwen: str | None = Field(None, pattern=ADDRESS)
    hyperliquid_kill_key_deepseek: SecretStr | None = None
    hyperliquid_kill_key_deepseek_file: Path | None = None
    hyperliquid_kill_key_qwen: SecretStr | None = None
    hyperliquid_kill_key_qwen_file: Path | None = None
    hyperliquid_private_key_deepseek: SecretStr | None = None
    hyperliquid_private_key_deepseek_file: Path | None = None
    hyperliquid_private_key_qwen: SecretStr | None = None
    hyperliquid_private_key_qwen_file: Path | None = None
    exchange_timeout_s: float = Field(3.0, gt=0, le=60)

    @property
    def api_url(self) -> str:
        return self.hyperliquid_api_url or API_URLS.get(self.hyperliquid_env, self.simulator_url)

    def address_of(self, model: str) -> str:
        """Raises ValueError naming the variable."""
        address: str | None = getattr(self, f"hyperliquid_account_address_{model}")
        if address is None:
            raise ValueError(f"HYPERLIQUID_ACCOUNT_ADDRESS_{model.upper()}: not set; give the account's address")
        return address.lower()

    def key_of(self, model: str) -> tuple[str, str]:
        """The key and the variable that it comes from. Raises ValueError naming the variable."""
        for kind in ("kill", "private"):
            name = f"hyperliquid_{kind}_key_{model}"
            key = read_key(name.upper(), getattr(self, name), getattr(self, f"{name}_file"))
            if key is not None:
                return key, name.upper()
        raise ValueError(
            f"HYPERLIQUID_KILL_KEY_{model.upper()}: not set; give the key of an API wallet of {model}'s account"
        )
