"""The runtime's own metrics: the closed list every service has."""

from prometheus_client import Counter, Gauge, Histogram

EVENTS_HANDLED = Counter("aicoin_events_handled", "Events acknowledged, by stream.", ["stream"])
EVENTS_PUBLISHED = Counter("aicoin_events_published", "Events published, repeats excluded.")
EVENTS_REPEATED = Counter("aicoin_events_repeated", "Outputs dropped because their id had been published before.")
COMMITS_REFUSED = Counter("aicoin_commits_refused", "Commits of which some entries were no longer pending.")
HANDLER_FAILURES = Counter("aicoin_handler_failures", "A handler's own errors, by stream.", ["stream"])
DEAD_LETTERS = Counter("aicoin_dead_letters", "Events moved to a dead-letter stream, by stream.", ["stream"])
OUTAGES_SEEN = Counter("aicoin_outages", "Times the loop paused because a dependency was unavailable.")
REBUILDS = Counter("aicoin_rebuilds", "Times the service dropped its state and loaded it again.")
LEASE_HELD = Gauge("aicoin_lease_held", "1 while this instance owns the service's lease, or needs none.")
EVENT_AGE_S = Histogram(
    "aicoin_event_age_seconds",
    "From the making of a batch's last event to its commit here, by stream.",
    ["stream"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60),
)
