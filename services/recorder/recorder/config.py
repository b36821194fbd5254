"""Settings of the recorder."""

from pydantic import Field

from common.runtime.database import DatabaseUrl
from common.runtime.settings import ServiceSettings


class RecorderSettings(ServiceSettings):
    """How often an unchanged account is recorded and the streams are searched for gaps; how long texts are kept."""

    database_url: DatabaseUrl
    snapshot_interval_s: int = Field(300, ge=10, le=3_600)
    gap_check_interval_s: float = Field(2.0, ge=0.5, le=60)
    record_keep_days: int = Field(
        0,
        ge=0,
        le=36_500,
        description="Days for which prompts, snapshots, answers and account states are kept; 0: for ever.",
    )
