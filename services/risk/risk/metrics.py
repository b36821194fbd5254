"""All of risk's own metrics."""

from typing import Final

from common.runtime.metrics.series import UNKNOWN, Scope, counter, gauge
from common.trading.orders import IntentKind
from risk.gate.rules.table import RULES

LIMITS: Final = (
    "daily_loss",
    "drawdown",
    "open_positions",
    "gross_exposure",
    "daily_trades",
    "orders_per_minute",
    "stops_per_day",
)

APPROVED = counter("aicoin_risk_approvals", "Approved intents.", model=Scope.CONTENDER, intent_kind=IntentKind)
DENIED = counter(
    "aicoin_risk_denials",
    "Denied decisions, by the first failing rule.",
    model=Scope.CONTENDER,
    code=[rule.code for rule in RULES],
)
RESERVED = gauge(
    "aicoin_risk_reservations", "Approved intents that no account state covers yet.", model=Scope.CONTENDER
)
TRADING_STATE = gauge("aicoin_risk_trading_state", "0 active, 1 reducing, 2 halted.", model=Scope.CONTENDER)
EQUITY_USD = gauge("aicoin_risk_equity_usd", "Balance and unrealized P&L.", UNKNOWN, model=Scope.CONTENDER)
BALANCE_USD = gauge("aicoin_risk_balance_usd", "The account's cash.", UNKNOWN, model=Scope.CONTENDER)
POSITIONS = gauge("aicoin_risk_open_positions", "Open positions.", UNKNOWN, model=Scope.CONTENDER)
ACCOUNT_AGE_S = gauge(
    "aicoin_risk_account_age_seconds", "Since the newest account state was received.", UNKNOWN, model=Scope.CONTENDER
)
DRAWDOWN = gauge(
    "aicoin_risk_drawdown_ratio", "How far equity lies below its high-water mark.", UNKNOWN, model=Scope.CONTENDER
)
DISK_FREE = gauge("aicoin_risk_disk_free_percent", "Free share of the disk with the arena's data.", UNKNOWN)
LIMIT_USED = gauge(
    "aicoin_risk_limit_used_ratio",
    "How much of a limit is used: 1 at the limit; what is left to 1 is the distance.",
    UNKNOWN,
    model=Scope.CONTENDER,
    limit=LIMITS,
)
