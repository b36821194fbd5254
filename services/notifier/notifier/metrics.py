"""The notifier's own metrics."""

from common.runtime.metrics.series import UNKNOWN, counter, gauge

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
CERTIFICATE_LEFT_S = gauge(
    "aicoin_notifier_certificate_left_seconds",
    "Until the certificate of `CERTIFICATE_URL` ends; NaN without the setting.",
    UNKNOWN,
)
