"""The notifier's own metrics."""

from prometheus_client import Counter

MESSAGES = Counter(
    "aicoin_notifier_messages", "Messages by result: accepted by their service, or given up.", ["result"]
)
DEADMAN_PINGS = Counter(
    "aicoin_notifier_deadman_pings",
    "Pings of the dead man's switch by result; withheld: not all was well.",
    ["result"],
)
for _result in ("accepted", "given_up"):
    MESSAGES.labels(_result)
for _result in ("answered", "failed", "withheld"):
    DEADMAN_PINGS.labels(_result)
