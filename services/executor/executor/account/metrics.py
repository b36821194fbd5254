"""Metrics of the accounts."""

from prometheus_client import Counter, Gauge, Histogram

INTENTS = Counter("aicoin_executor_intents", "Intents that ended, by final status.", ["model", "status"])
IN_FLIGHT = Counter("aicoin_executor_in_flight", "Sends whose outcome was unknown.", ["model"])
FILLS = Counter("aicoin_executor_fills", "Fills published.", ["model", "role"])
UNPROTECTED = Gauge("aicoin_executor_unprotected_positions", "Positions whose stop is not confirmed.", ["model"])
EMERGENCY_CLOSES = Counter("aicoin_executor_emergency_closes", "Positions closed for want of a stop.", ["model"])
EXCHANGE_ERRORS = Counter("aicoin_executor_venue_errors", "Requests that the exchange did not answer.", ["model"])
SEND_S = Histogram("aicoin_executor_send_seconds", "From sending an action to its answer.", ["model"])
UNEXPLAINED = Gauge("aicoin_executor_unexplained_cash_usd", "Cash that no fill or movement explains.", ["model"])
ACTIONS_USED = Gauge("aicoin_executor_actions_used_ratio", "Used share of the account's actions.", ["model"])
CLOCK_OFF_S = Gauge("aicoin_executor_clock_off_seconds", "The exchange's clock less this machine's.", ["model"])
