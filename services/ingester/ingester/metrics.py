"""The ingester's metrics."""

from prometheus_client import Counter, Gauge

FRAMES = Counter("aicoin_ingester_frames", "Frames received.", ["channel"])
UNREADABLE_FRAMES = Counter("aicoin_ingester_unreadable_frames", "Frames skipped because they could not be read.")
DISCONNECTIONS = Counter("aicoin_ingester_disconnections", "Ends of the market connection.")
SNAPSHOTS = Counter("aicoin_ingester_snapshots", "Snapshots published.")
MISSED_CYCLES = Counter("aicoin_ingester_missed_cycles", "Cycles without a snapshot.")
MARKET_AGE_MS = Gauge("aicoin_ingester_market_age_ms", "Wall time since the newest frame.")
