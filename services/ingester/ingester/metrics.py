"""The ingester's metrics."""

from prometheus_client import Counter, Gauge

FRAMES = Counter("aicoin_ingester_frames", "Frames received, by channel.", ["channel"])
UNREADABLE_FRAMES = Counter("aicoin_ingester_unreadable_frames", "Frames skipped because they could not be read.")
DISCONNECTIONS = Counter("aicoin_ingester_disconnections", "Ends of the market connection.")
CONNECTED = Gauge("aicoin_ingester_connected", "1 while the market connection is open.")
SNAPSHOTS = Counter("aicoin_ingester_snapshots", "Snapshots published.")
MISSED_CYCLES = Counter("aicoin_ingester_missed_cycles", "Cycles without a snapshot.")
MARKET_AGE_MS = Gauge("aicoin_ingester_market_age_ms", "Wall time since the most silent monitored stream was received.")
COMPLETE_SERIES = Gauge("aicoin_ingester_complete_series", "Candle series without a gap; there are six for each coin.")
CAPTURE_LOST = Counter("aicoin_ingester_capture_lost", "Messages that the recording could not take.")
