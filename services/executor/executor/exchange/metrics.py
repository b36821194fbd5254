"""Metrics of the requests to the exchange."""

from prometheus_client import Counter

WEIGHT_SPENT = Counter("aicoin_executor_request_weight", "Request weight spent at the exchange.")
