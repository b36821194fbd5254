"""Metrics of the executor's tables."""

from common.runtime.metrics.series import gauge

OUTBOX = gauge("aicoin_executor_outbox_events", "Events written but not yet published, at the last look.")
