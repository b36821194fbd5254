"""Risk's settings: the addresses of its stores, and every limit."""

from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from common.runtime.database import DatabaseUrl
from common.runtime.settings import ServiceSettings, refuse_start
from common.trading.limits import Limits
from common.trading.roster import Roster


class RiskSettings(ServiceSettings, Limits):
    """Variable names are the field names in capitals; the limits keep the names they have in Limits."""

    database_url: DatabaseUrl
    hyperliquid_env: Literal["paper", "testnet", "mainnet"] = "paper"
    aicoin_data_dir: Path = Field(Path(".aicoin"), description="A folder on the disk whose room is watched.")
    disk_low_percent: Decimal = Field(
        Decimal(10), ge=0, le=90, description="An alert says so when less of the disk is free."
    )

    @model_validator(mode="after")
    def _require_cap_on_mainnet(self) -> "RiskSettings":
        if self.hyperliquid_env == "mainnet" and self.max_notional_usd is None:
            raise ValueError("MAX_NOTIONAL_USD: not set; on mainnet a dollar cap per order is required")
        return self

    def limits(self, roster: Roster) -> Limits:
        """The limits alone, with the allowed coins of the roster; a coin that it lacks ends the start."""
        limits = Limits(**{name: getattr(self, name) for name in Limits.model_fields})
        try:
            return limits.for_coins(roster.coins)
        except ValueError as error:
            refuse_start("risk", [str(error)])
