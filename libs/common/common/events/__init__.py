"""Every event of the arena as a frozen fact: envelope, payloads, catalogue, codec."""

from common.events.account import (
    AccountLedger,
    AccountOrder,
    AccountPosition,
    AccountSums,
    AccountUpdated,
    ForeignPosition,
    LedgerKind,
)
from common.events.control import AlertSeverity, Command, ControlCommand, SystemAlert
from common.events.decision import (
    Action,
    AgentDecision,
    Decision,
    Invalidation,
    Outcome,
    Prompt,
    TokenUsage,
)
from common.events.envelope import Event, Payload, derive, derived_id, external_id, originate
from common.events.market import (
    BookSummary,
    CandleSeries,
    CoinSnapshot,
    MarketSnapshot,
    MarketTick,
    Sentiment,
    TradeFlow,
)
from common.events.orders import (
    Leg,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    OrderRole,
)
from common.events.push import Channel, WsPush
from common.events.verdict import OrderIntent, RiskApproved, RiskDenied, RuleResult

__all__ = [
    "AccountLedger",
    "AccountOrder",
    "AccountPosition",
    "AccountSums",
    "AccountUpdated",
    "Action",
    "AgentDecision",
    "AlertSeverity",
    "BookSummary",
    "CandleSeries",
    "Channel",
    "CoinSnapshot",
    "Command",
    "ControlCommand",
    "Decision",
    "Event",
    "ForeignPosition",
    "Invalidation",
    "LedgerKind",
    "Leg",
    "MarketSnapshot",
    "MarketTick",
    "OrderAccepted",
    "OrderCancelled",
    "OrderFilled",
    "OrderIntent",
    "OrderRejected",
    "OrderRole",
    "Outcome",
    "Payload",
    "Prompt",
    "RiskApproved",
    "RiskDenied",
    "RuleResult",
    "Sentiment",
    "SystemAlert",
    "TokenUsage",
    "TradeFlow",
    "WsPush",
    "derive",
    "derived_id",
    "external_id",
    "originate",
]
