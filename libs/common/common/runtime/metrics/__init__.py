"""The runtime's own metrics, which every service has."""

from typing import Final

from common.runtime.metrics.series import UNKNOWN, Scope, counter, gauge, histogram

LATENCIES_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)

READY = gauge("aicoin_ready", "1 while every condition of the service's readiness holds.")
REDIS_UP = gauge("aicoin_redis_up", "1 while Redis answers the service.", UNKNOWN)
LOOP_DELAY_S = gauge("aicoin_loop_delay_seconds", "How late the service's event loop was at its last check.")
EVENTS_HANDLED = counter("aicoin_events_handled", "Events acknowledged.", stream=Scope.STREAM)
EVENTS_PUBLISHED = counter("aicoin_events_published", "Events published, repeats excluded.")
EVENTS_REPEATED = counter("aicoin_events_repeated", "Outputs dropped because their id had been published before.")
COMMITS_REFUSED = counter("aicoin_commits_refused", "Commits of which some entries were no longer pending.")
HANDLER_FAILURES = counter("aicoin_handler_failures", "A handler's own errors.", stream=Scope.STREAM)
DEAD_LETTERS = counter("aicoin_dead_letters", "Entries moved to a dead-letter stream.", stream=Scope.STREAM)
OUTAGES_SEEN = counter("aicoin_outages", "Times the consumer loop paused because a dependency was unavailable.")
REBUILDS = counter("aicoin_rebuilds", "Times the service dropped its state and loaded it again.")
LEASE_HELD = gauge("aicoin_lease_held", "1 while this instance owns the service's lease, or needs none.")
EVENT_AGE_S = histogram(
    "aicoin_event_age_seconds",
    "From the making of a batch's last event to its commit here: how far a stage lies behind the one before.",
    LATENCIES_S,
    stream=Scope.STREAM,
)
