"""Settings of the ingester."""

from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from common.runtime.outside.urls import HttpOrigin, check_http_url
from common.runtime.settings import ServiceSettings
from common.trading.request_weight import GIVEN_PER_MINUTE, INGESTER_PER_MINUTE

API_URLS = {"testnet": "https://api.hyperliquid-testnet.xyz", "mainnet": "https://api.hyperliquid.xyz"}
SENTIMENT_OFF = "off"


class IngesterSettings(ServiceSettings):
    """`hyperliquid_api_url` overrides the environment's own; on paper it is the simulator's.

    `market_speed` is how many times as fast as the wall clock the paper market runs, and so its minutes' budgets.
    With `capture_dir` everything received is recorded there, in at most `capture_files` files of `capture_file_mb`.
    """

    hyperliquid_env: Literal["paper", "testnet", "mainnet"] = "paper"
    hyperliquid_api_url: HttpOrigin | None = None
    simulator_url: HttpOrigin = "http://127.0.0.1:3001"
    decision_interval_s: int = Field(60, ge=5, le=86_400)
    tick_interval_ms: int = Field(250, ge=100, le=5_000)
    history_weight_per_minute: int = Field(INGESTER_PER_MINUTE, ge=50, le=GIVEN_PER_MINUTE)
    market_speed: Decimal = Field(Decimal(1), gt=0, le=1_000)
    stall_limit_s: float = Field(15.0, ge=2, le=300)
    capture_dir: Path | None = None
    capture_file_mb: int = Field(64, ge=1, le=4_096)
    capture_files: int = Field(20, ge=1, le=10_000)
    sentiment_url: str = "https://api.alternative.me/fng/?limit=1"

    @field_validator("sentiment_url")
    @classmethod
    def _is_off_or_a_url(cls, value: str) -> str:
        return value if value == SENTIMENT_OFF else check_http_url(value)

    @property
    def history_weight(self) -> int:
        """Request weight of past candles for a minute of wall time."""
        return int(self.history_weight_per_minute * (self.market_speed if self.hyperliquid_env == "paper" else 1))

    @property
    def api_url(self) -> str:
        return self.hyperliquid_api_url or API_URLS.get(self.hyperliquid_env, self.simulator_url)

    @property
    def ws_url(self) -> str:
        return f"ws{self.api_url.removeprefix('http')}/ws"
