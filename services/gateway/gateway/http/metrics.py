"""Metrics of the HTTP routes."""

from prometheus_client import Counter

REQUESTS = Counter("aicoin_gateway_requests", "REST requests, by route and status.", ["route", "status"])
