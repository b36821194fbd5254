"""Risk's settings: the addresses of its stores, and every limit."""

from typing import Literal

from pydantic import model_validator

from common.runtime.database import DatabaseUrl
from common.runtime.settings import ServiceSettings
from common.trading.roster import Roster
from risk.limits import Limits


class RiskSettings(ServiceSettings, Limits):
    """Variable names are the field names in capitals; the limits keep the names they have in Limits."""

    database_url: DatabaseUrl
    hyperliquid_env: Literal["paper", "testnet", "mainnet"] = "paper"

    @model_validator(mode="after")
    def _require_cap_on_mainnet(self) -> "RiskSettings":
        if self.hyperliquid_env == "mainnet" and self.max_notional_usd is None:
            raise ValueError("MAX_NOTIONAL_USD: not set; on mainnet a dollar cap per order is required")
        return self

    def limits(self, roster: Roster) -> Limits:
        """The limits alone; where ALLOWED_SYMBOLS is not set, all coins of the roster are allowed."""
        values = {name: getattr(self, name) for name in Limits.model_fields}
        if "allowed_symbols" not in self.model_fields_set:
            values["allowed_symbols"] = ",".join(roster.coins)
        return Limits(**values)
