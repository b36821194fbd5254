"""Settings of the recorder."""

from dataclasses import dataclass
from typing import Final

from pydantic import Field

from common.runtime.database import DatabaseUrl
from common.runtime.settings import ServiceSettings

LONGEST: Final = 36_500


@dataclass(frozen=True, slots=True)
class KeepDays:
    """For how many days each kind of rows is kept; 0: for ever."""

    texts: int = 0
    decisions: int = 0
    prices: int = 0
    states: int = 0
    alerts: int = 0


class RecorderSettings(ServiceSettings):
    """How often an unchanged account is recorded and the streams are searched for gaps; how long rows are kept."""

    database_url: DatabaseUrl
    snapshot_interval_s: int = Field(300, ge=10, le=3_600)
    gap_check_interval_s: float = Field(2.0, ge=0.5, le=60)
    record_keep_days: int = Field(365, ge=0, le=LONGEST, description="Days of the record's texts; 0: for ever.")
    decision_keep_days: int = Field(365, ge=0, le=LONGEST, description="Days of decisions not traded; 0: for ever.")
    price_keep_days: int = Field(90, ge=0, le=LONGEST, description="Days of prices and market summaries; 0: for ever.")
    state_keep_days: int = Field(365, ge=0, le=LONGEST, description="Days of account states; 0: for ever.")
    alert_keep_days: int = Field(365, ge=0, le=LONGEST, description="Days of alerts; 0: for ever.")

    @property
    def keep_days(self) -> KeepDays:
        return KeepDays(
            texts=self.record_keep_days,
            decisions=self.decision_keep_days,
            prices=self.price_keep_days,
            states=self.state_keep_days,
            alerts=self.alert_keep_days,
        )
