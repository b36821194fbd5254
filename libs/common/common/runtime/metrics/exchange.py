"""Metrics of the requests to the exchange, of the services that ask it: ingester and executor."""

from common.runtime.metrics.series import counter, gauge

REQUESTS = counter(
    "aicoin_exchange_requests",
    "HTTP requests to the exchange; refused: a status other than 200, unanswered: no whole answer came.",
    result=("answered", "refused", "unanswered"),
)


def result_of(status: int) -> str:
    """How a request with an answer of this HTTP status counts."""
    return "answered" if status == 200 else "refused"


WEIGHT_SPENT = counter("aicoin_request_weight", "Request weight spent at the exchange.")
WEIGHT_LIMIT = gauge("aicoin_request_weight_limit", "Request weight that the service may spend a minute.")
