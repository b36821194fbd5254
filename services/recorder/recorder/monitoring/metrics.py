"""The recorder's metrics."""

from prometheus_client import Counter

EVENTS = Counter("aicoin_recorder_events", "Events stored.")
GAPS = Counter("aicoin_recorder_sequence_gaps", "Missing sequence numbers found.", ["stream"])
