"""The recorder's metrics."""

from typing import Final

from common.events.catalog import CATALOG
from common.runtime.metrics.series import UNKNOWN, Scope, counter, gauge, histogram
from common.runtime.rights.tables import TABLES

VIEWS: Final = ("api_", "trade_statistics")
SIZED: Final = [name for tables in TABLES.values() for name in tables if not name.startswith(VIEWS)]
EVENTS = counter("aicoin_recorder_events", "Events stored.")
GAPS = counter("aicoin_recorder_sequence_gaps", "Missing sequence numbers found.", stream=CATALOG)
TRADE_LOSS = histogram(
    "aicoin_recorder_trade_loss_ratio",
    "Loss of each trade that closed, as a share of the account's equity; a gain counts as 0.",
    (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
    model=Scope.CONTENDER,
)
RESIDUAL_USD = gauge(
    "aicoin_recorder_residual_usd", "Cash that no recorded row explains.", UNKNOWN, model=Scope.CONTENDER
)
TABLE_BYTES = gauge(
    "aicoin_database_table_bytes",
    "Size of a table with its indexes.",
    UNKNOWN,
    table=SIZED,
)
DATABASE_BYTES = gauge("aicoin_database_bytes", "Size of the database.", UNKNOWN)
