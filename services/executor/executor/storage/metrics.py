"""Metrics of the executor's tables."""

from prometheus_client import Gauge

OUTBOX = Gauge("aicoin_executor_outbox_events", "Events written but not yet published, at the last look.")
