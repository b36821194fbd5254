"""Metrics of the accounts."""

from typing import Final

from common.runtime.metrics import LATENCIES_S
from common.runtime.metrics.series import UNKNOWN, Scope, counter, gauge, histogram
from common.trading.orders import IntentStatus, OrderRole

FINAL: Final = tuple(status for status in IntentStatus if status.is_final)

INTENTS = counter("aicoin_executor_intents", "Intents that ended.", model=Scope.CONTENDER, status=FINAL)
IN_FLIGHT = counter("aicoin_executor_in_flight", "Sends whose outcome was unknown.", model=Scope.CONTENDER)
FILLS = counter("aicoin_executor_fills", "Fills published.", model=Scope.CONTENDER, role=OrderRole)
UNPROTECTED = gauge(
    "aicoin_executor_unprotected_positions", "Positions whose stop is not confirmed.", model=Scope.CONTENDER
)
UNPROTECTED_S = counter(
    "aicoin_executor_unprotected_seconds", "Time in which a position had no confirmed stop.", model=Scope.CONTENDER
)
EMERGENCY_CLOSES = counter(
    "aicoin_executor_emergency_closes", "Positions closed for want of a stop.", model=Scope.CONTENDER
)
EXCHANGE_ERRORS = counter(
    "aicoin_executor_exchange_errors", "Steps that found no usable answer of the exchange.", model=Scope.CONTENDER
)
STREAM_CONNECTED = gauge(
    "aicoin_executor_stream_connected", "1 while the account's WebSocket is open.", model=Scope.CONTENDER
)
SEND_S = histogram(
    "aicoin_executor_send_seconds", "From sending an action to its answer.", LATENCIES_S, model=Scope.CONTENDER
)
EXECUTION_S = histogram(
    "aicoin_executor_execution_seconds", "From storing an intent to its end.", LATENCIES_S, model=Scope.CONTENDER
)
UNEXPLAINED = gauge(
    "aicoin_executor_unexplained_cash_usd", "Cash that no fill or movement explains.", model=Scope.CONTENDER
)
ACTIONS_USED = gauge(
    "aicoin_executor_actions_used_ratio", "Used share of the account's actions.", UNKNOWN, model=Scope.CONTENDER
)
CLOCK_OFF_S = gauge(
    "aicoin_executor_clock_off_seconds", "The exchange's clock less this machine's.", UNKNOWN, model=Scope.CONTENDER
)
WALLET_LEFT_S = gauge(
    "aicoin_executor_wallet_left_seconds",
    "Until the named API wallet expires; NaN on paper and for a wallet without a name.",
    UNKNOWN,
    model=Scope.CONTENDER,
)
