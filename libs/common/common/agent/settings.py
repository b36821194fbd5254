"""Settings that both agents have; the limits are risk's own, told to the model so that it can comply."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from common.runtime.settings import ServiceSettings


def _sendable(value: SecretStr) -> SecretStr:
    """A key travels in a header: anything else than visible ASCII is a slip of the hand when it was pasted."""
    text = value.get_secret_value()
    if not (text.isascii() and text.isprintable() and " " not in text):
        raise ValueError("holds a blank or a character that no key has; copy it again")
    return value


ApiKey = Annotated[SecretStr, AfterValidator(_sendable)]
"""A provider's key as a setting."""


class AgentSettings(ServiceSettings):
    """`decision_deadline_s` bounds everything about one decision: calls, re-ask, retries."""

    hyperliquid_env: Literal["paper", "testnet", "mainnet"] = "paper"
    simulator_url: str = Field("http://127.0.0.1:3001", pattern=r"^https?://")
    decision_interval_s: int = Field(60, ge=5, le=86_400)
    decision_deadline_s: float = Field(45.0, ge=1, le=600)
    max_answer_tokens: int = Field(2_000, ge=100, le=32_000)
    daily_cost_cap_usd: Decimal = Field(Decimal(20), ge=0)
    position_size_basis: Literal["margin", "notional"] = "margin"
    max_position_size_percent: Decimal = Field(Decimal(20), gt=0, le=100)
    max_leverage: int = Field(20, ge=1, le=50)
    max_open_positions: int = Field(3, ge=1, le=6)
    min_confidence: Decimal = Field(Decimal(60), ge=0, le=100)
    max_daily_trades: int = Field(50, ge=0)
    max_daily_loss_percent: Decimal = Field(Decimal(10), gt=0, le=100)
    stop_loss_percent: Decimal = Field(Decimal(5), gt=0, lt=100)
    take_profit_percent: Decimal = Field(Decimal(10), gt=0)
    min_liquidation_distance_ratio: Decimal = Field(Decimal("1.5"), ge=1)
    slippage_allowance_percent: Decimal = Field(Decimal(1), ge=0, le=20)
