"""The ingester's metrics."""

from common.runtime.metrics.series import UNKNOWN, Scope, counter, gauge

FRAMES = counter("aicoin_ingester_frames", "Frames received, by channel.", channel=Scope.OWN)
UNREADABLE_FRAMES = counter("aicoin_ingester_unreadable_frames", "Frames skipped because they could not be read.")
DISCONNECTIONS = counter("aicoin_ingester_disconnections", "Ends of the market connection.")
CONNECTED = gauge("aicoin_ingester_connected", "1 while the market connection, a WebSocket, is open.")
SNAPSHOTS = counter("aicoin_ingester_snapshots", "Snapshots published.")
CYCLE_OVERDUE_S = gauge("aicoin_ingester_cycle_overdue_seconds", "Since a cycle is due whose snapshot is missing.")
MISSED_CYCLES = counter("aicoin_ingester_missed_cycles", "Cycles without a snapshot.")
MARKET_AGE_S = gauge(
    "aicoin_ingester_market_age_seconds",
    "Since the market's time moved, or the most silent monitored stream was received: the longer of the two.",
    UNKNOWN,
)
COMPLETE_SERIES = gauge("aicoin_ingester_complete_series", "Candle series without a gap; there are six for each coin.")
CAPTURE_LOST = counter("aicoin_ingester_capture_lost", "Messages that the recording could not take.")
