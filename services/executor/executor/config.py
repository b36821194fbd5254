"""Settings of the executor: the keys stay in this process and are never printed."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, create_model, field_validator, model_validator

from common.runtime.database import DatabaseUrl
from common.runtime.outside.urls import HttpOrigin
from common.runtime.settings import ServiceSettings
from common.trading.instruments import Symbol
from common.trading.limits import Limits
from common.trading.request_weight import EXECUTOR_LEAST_PER_MINUTE, EXECUTOR_PER_MINUTE, GIVEN_PER_MINUTE
from common.trading.roster import Roster
from executor.domain.envelope import Envelope
from executor.domain.variables import (
    ADDRESS_PATTERN,
    API_URLS,
    DATA_FOLDER,
    MAINNET_HOST,
    account_variable,
    key_variable,
)
from executor.exchange.errors import InvalidKey
from executor.exchange.http import ExchangeConfig
from executor.exchange.keys import check_key, read_key, wallet_address
from executor.exchange.universe import UNIVERSE_FILE
from executor.storage.confirmations import Confirmation, read_confirmation

Environment = Literal["paper", "testnet", "mainnet"]
LEAST_KEEP_DAYS: Final = 7
"""An approval or a command that is delivered again after that is too old to take effect."""
PrivateKey = Annotated[SecretStr, AfterValidator(check_key)]


class ExecutorSettings(ServiceSettings, Limits):
    """One account per contender: an API wallet's key and the address of the account that it trades for.

    `executor_settings` adds the variables of each contender; this class alone has none.
    """

    contenders: ClassVar[tuple[str, ...]] = ()
    coins: ClassVar[tuple[Symbol, ...]] = ()

    hyperliquid_env: Environment = "paper"
    hyperliquid_api_url: HttpOrigin | None = None
    simulator_url: HttpOrigin = "http://127.0.0.1:3001"
    database_url: DatabaseUrl
    executor_data_dir: Path = DATA_FOLDER
    hyperliquid_private_key: SecretStr | None = None
    aicoin_arm_mainnet: str = ""
    aicoin_mainnet_cap_usd: Decimal | None = Field(None, gt=0)
    exchange_timeout_s: float = Field(10.0, gt=0, le=60)
    intent_life_s: float = Field(15.0, ge=5, le=60)
    request_weight_per_minute: int = Field(EXECUTOR_PER_MINUTE, ge=EXECUTOR_LEAST_PER_MINUTE, le=GIVEN_PER_MINUTE)
    state_interval_s: float = Field(4.5, ge=0.5, le=5)
    orders_interval_s: float = Field(7.0, ge=1, le=60)
    unprotected_limit_s: float = Field(10.0, ge=1, le=60)
    execution_keep_days: int = Field(365, ge=0, le=36_500, description="Days of ended intents; 0: for ever.")

    @field_validator("hyperliquid_private_key")
    @classmethod
    def _one_key_per_contender(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            names = " and ".join(key_variable(each) for each in cls.contenders)
            raise ValueError(f"one key can't trade several accounts; set {names} instead")
        return value

    @field_validator("execution_keep_days")
    @classmethod
    def _outlives_every_repeat(cls, value: int) -> int:
        if 0 < value < LEAST_KEEP_DAYS:
            raise ValueError(f"must be 0, which keeps for ever, or at least {LEAST_KEEP_DAYS}")
        return value

    @model_validator(mode="after")
    def _check(self) -> "ExecutorSettings":
        self._check_coins()
        self._check_url()
        self._check_accounts()
        if self.hyperliquid_env == "mainnet":
            self._check_armed()
        return self

    def _check_coins(self) -> None:
        """Risk refuses a coin that the arena doesn't trade; here it would narrow the envelope in silence."""
        if self.coins:
            self._limits().for_coins(self.coins)

    def _limits(self) -> Limits:
        return Limits(**{name: getattr(self, name) for name in Limits.model_fields})

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

    def _check_accounts(self) -> None:
        """Every contender has an account and an API wallet of its own."""
        addresses: set[str] = set()
        for model in self.contenders:
            if self.address_of(model) in addresses:
                raise ValueError(
                    f"{account_variable(model)}: another contender has the same account; give each its own"
                )
            addresses.add(self.address_of(model))
        wallets: set[str] = set()
        for model in self.contenders:
            name = key_variable(model)
            try:
                wallet = wallet_address(self.key_of(model))
            except InvalidKey as error:
                raise ValueError(f"{name}_FILE: {error}") from None
            if wallet in addresses:
                raise ValueError(
                    f"{name}: this is an account's own key, which can withdraw; approve an API wallet and give its key"
                )
            if wallet in wallets:
                raise ValueError(f"{name}: another contender has the same key; approve one API wallet for each account")
            wallets.add(wallet)

    def _check_armed(self) -> None:
        """Real money needs the accounts' list, a cap, and a person's confirmation of both."""
        addresses = frozenset(self.address_of(model) for model in self.contenders)
        armed = {address.strip().lower() for address in self.aicoin_arm_mainnet.split(",") if address.strip()}
        if armed != addresses:
            raise ValueError("AICOIN_ARM_MAINNET: must list exactly the account addresses that may trade real money")
        if self.aicoin_mainnet_cap_usd is None:
            raise ValueError("AICOIN_MAINNET_CAP_USD: not set; real money needs a cap in USD per order")
        if read_confirmation(self.executor_data_dir) != Confirmation(addresses, self.aicoin_mainnet_cap_usd):
            raise ValueError(
                f"AICOIN_MAINNET_CAP_USD: {self.aicoin_mainnet_cap_usd} USD per order is not confirmed for these "
                "accounts; run `aicoin arm-mainnet` and confirm it"
            )

    def key_of(self, model: str) -> str:
        """The API wallet's key. Raises ValueError naming the variable when there is none."""
        name = key_variable(model)
        key = read_key(name, getattr(self, name.lower()), getattr(self, f"{name.lower()}_file"))
        if key is None:
            raise ValueError(f"{name}: not set; give the API wallet's key, or its file in {name}_FILE")
        return key

    def address_of(self, model: str) -> str:
        """The account's address, in lower case."""
        address: str = getattr(self, account_variable(model).lower())
        return address.lower()

    @property
    def envelope(self) -> Envelope:
        """What is signed at all: risk's own limits, kept once more."""
        limits = self._limits()
        return Envelope(frozenset(self.coins) & limits.symbols, limits)

    @property
    def api_url(self) -> str:
        return self.hyperliquid_api_url or API_URLS.get(self.hyperliquid_env, self.simulator_url)

    @property
    def weight_per_minute(self) -> int:
        """Request weight for a minute of wall time. On paper the exchange counts minutes of the market's time, which
        may run faster."""
        speed = self.market_speed if self.hyperliquid_env == "paper" else 1
        return int(self.request_weight_per_minute * speed)

    def exchange_config(self) -> ExchangeConfig:
        return ExchangeConfig(
            url=self.api_url,
            timeout_s=self.exchange_timeout_s,
            action_life_ms=round(self.intent_life_s * 1000),
            universe_file=self.executor_data_dir / UNIVERSE_FILE,
        )


S = TypeVar("S", bound=ExecutorSettings)


def with_contenders(settings: type[S], roster: Roster) -> type[S]:
    """The settings class with the key and the account of each contender as fields."""
    fields: dict[str, Any] = {}
    for contender_id in roster.ids:
        key = key_variable(contender_id).lower()
        fields[key] = (PrivateKey | None, None)
        fields[f"{key}_file"] = (Path | None, None)
        fields[account_variable(contender_id).lower()] = (str, Field(pattern=ADDRESS_PATTERN))
    complete = create_model(settings.__name__, __base__=settings, **fields)
    complete.contenders, complete.coins = roster.ids, roster.coins
    return complete


def executor_settings(roster: Roster) -> type[ExecutorSettings]:
    """The executor's settings for a roster."""
    return with_contenders(ExecutorSettings, roster)
