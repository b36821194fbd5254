"""Settings of the executor: the keys stay in this process and are never printed."""

from decimal import Decimal
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from common.runtime.database import DatabaseUrl
from common.runtime.settings import ServiceSettings
from common.trading.symbols import MODELS
from executor.exchange.errors import NotAKey
from executor.exchange.keys import read_key, wallet_of
from executor.storage.confirmations import Confirmation, read_confirmation

MAINNET_HOST = "api.hyperliquid.xyz"
API_URLS = {"testnet": "https://api.hyperliquid-testnet.xyz", "mainnet": "https://api.hyperliquid.xyz"}
ADDRESS = r"^0x[0-9a-fA-F]{40}$"


class ExecutorSettings(ServiceSettings):
    """One account per model: an API wallet's key and the address of the account that it trades for."""

    hyperliquid_env: Literal["paper", "testnet", "mainnet"] = "paper"
    hyperliquid_api_url: str | None = Field(None, pattern=r"^https?://[^/]+$")
    simulator_url: str = Field("http://127.0.0.1:3001", pattern=r"^https?://[^/]+$")
    database_url: DatabaseUrl
    executor_data_dir: Path = Path(".aicoin/executor")
    hyperliquid_private_key: SecretStr | None = None
    hyperliquid_private_key_deepseek: SecretStr | None = None
    hyperliquid_private_key_deepseek_file: Path | None = None
    hyperliquid_private_key_qwen: SecretStr | None = None
    hyperliquid_private_key_qwen_file: Path | None = None
    hyperliquid_account_address_deepseek: str = Field(pattern=ADDRESS)
    hyperliquid_account_address_qwen: str = Field(pattern=ADDRESS)
    max_leverage: int = Field(20, ge=1)
    aicoin_arm_mainnet: str = ""
    aicoin_mainnet_cap_usd: Decimal | None = Field(None, gt=0)
    exchange_timeout_s: float = Field(10.0, gt=0, le=60)
    intent_life_s: float = Field(15.0, ge=5, le=60)
    request_weight_per_minute: int = Field(300, ge=120, le=720)
    state_interval_s: float = Field(4.5, ge=0.5, le=5)
    orders_interval_s: float = Field(10.0, ge=1, le=60)
    unprotected_limit_s: float = Field(10.0, ge=1, le=60)

    @field_validator("hyperliquid_private_key")
    @classmethod
    def _one_key_per_model(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            raise ValueError("one key can't trade two accounts; set HYPERLIQUID_PRIVATE_KEY_DEEPSEEK and _QWEN instead")
        return value

    @field_validator("hyperliquid_private_key_deepseek", "hyperliquid_private_key_qwen")
    @classmethod
    def _is_a_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            wallet_of(value.get_secret_value())
        return value

    @model_validator(mode="after")
    def _complete(self) -> "ExecutorSettings":
        self._check_url()
        addresses = {self.address_of(model) for model in MODELS}
        if len(addresses) < len(MODELS):
            raise ValueError("HYPERLIQUID_ACCOUNT_ADDRESS_QWEN: both models have the same account; give each its own")
        wallets = set()
        for model in MODELS:
            name = f"HYPERLIQUID_PRIVATE_KEY_{model.upper()}"
            try:
                wallet = wallet_of(self.key_of(model)).address.lower()
            except NotAKey as error:
                raise ValueError(f"{name}_FILE: {error}") from None
            if wallet in addresses:
                raise ValueError(
                    f"{name}: this is an account's own key, which can withdraw; approve an API wallet and give its key"
                )
            if wallet in wallets:
                raise ValueError(f"{name}: both models have the same key; approve one API wallet for each account")
            wallets.add(wallet)
        if self.hyperliquid_env == "mainnet":
            self._check_armed(addresses)
        return self

    def _check_url(self) -> None:
        """Paper never reaches a real exchange, testnet never the one with real money."""
        host = urlsplit(self.api_url).hostname or ""
        if self.hyperliquid_env == "paper" and host.endswith("hyperliquid.xyz"):
            raise ValueError("HYPERLIQUID_API_URL: is a real exchange, but HYPERLIQUID_ENV is paper; unset it")
        if self.hyperliquid_env == "testnet" and host == MAINNET_HOST:
            raise ValueError("HYPERLIQUID_API_URL: is real money, but HYPERLIQUID_ENV is testnet; unset it")
        if self.hyperliquid_env == "mainnet" and self.api_url != API_URLS["mainnet"]:
            raise ValueError(
                f"HYPERLIQUID_API_URL: HYPERLIQUID_ENV is mainnet, which is {API_URLS['mainnet']}; unset it"
            )

    def _check_armed(self, addresses: set[str]) -> None:
        armed = {address.strip().lower() for address in self.aicoin_arm_mainnet.split(",") if address.strip()}
        if armed != addresses:
            raise ValueError("AICOIN_ARM_MAINNET: must list exactly the account addresses that may trade real money")
        if self.aicoin_mainnet_cap_usd is None:
            raise ValueError("AICOIN_MAINNET_CAP_USD: not set; real money needs a cap in USD per order")
        if read_confirmation(self.executor_data_dir) != Confirmation(addresses, self.aicoin_mainnet_cap_usd):
            raise ValueError(
                f"AICOIN_MAINNET_CAP_USD: nobody has confirmed {self.aicoin_mainnet_cap_usd} USD per order for these "
                "accounts; run `aicoin arm-mainnet` and confirm it"
            )

    def key_of(self, model: str) -> str:
        """The API wallet's key. Raises ValueError naming the variable when there is none."""
        name = f"hyperliquid_private_key_{model}"
        key = read_key(name.upper(), getattr(self, name), getattr(self, f"{name}_file"))
        if key is None:
            raise ValueError(f"{name.upper()}: not set; give the API wallet's key, or its file in {name.upper()}_FILE")
        return key

    def address_of(self, model: str) -> str:
        address: str = getattr(self, f"hyperliquid_account_address_{model}")
        return address.lower()

    @property
    def api_url(self) -> str:
        return self.hyperliquid_api_url or API_URLS.get(self.hyperliquid_env, self.simulator_url)
