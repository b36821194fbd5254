"""The notifier's own metrics."""

from common.runtime.metrics.series import counter

MESSAGES = counter(
    "aicoin_notifier_messages",
    "Messages: accepted by their service, or given up.",
    result=("accepted", "given_up"),
)
DEADMAN_PINGS = counter(
    "aicoin_notifier_deadman_pings",
    "Pings of the dead man's switch; withheld: not all was well.",
    result=("answered", "failed", "withheld"),
)
