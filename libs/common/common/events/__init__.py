"""Every event of the arena as a frozen fact: envelope, payloads, catalog, codec."""

from common.events.account import (
    AccountLedger,
    AccountOrder,
    AccountPosition,
    AccountSums,
    AccountUpdated,
    ExternalPosition,
    LedgerKind,
    LeverageLimit,
)
from common.events.alerts import AlertCode
from common.events.control import AlertSeverity, Command, ControlCommand, SystemAlert
from common.events.decision import (
    Action,
    AgentDecision,
    ChatMessage,
    Decision,
    DecisionInputs,
    Invalidation,
    ModelCall,
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
from common.events.orders import OrderAccepted, OrderCancelled, OrderFilled, OrderRejected
from common.events.push import Channel, WsPush
from common.events.verdict import OrderIntent, RiskApproved, RiskDenied, RuleResult
from common.trading.orders import CancelReason, IntentKind, IntentStatus, OrderRole

__all__ = [
    "AccountLedger",
    "AccountOrder",
    "AccountPosition",
    "AccountSums",
    "AccountUpdated",
    "Action",
    "AgentDecision",
    "AlertCode",
    "AlertSeverity",
    "BookSummary",
    "CancelReason",
    "CandleSeries",
    "Channel",
    "ChatMessage",
    "CoinSnapshot",
    "Command",
    "ControlCommand",
    "Decision",
    "DecisionInputs",
    "Event",
    "ExternalPosition",
    "IntentKind",
    "IntentStatus",
    "Invalidation",
    "LedgerKind",
    "LeverageLimit",
    "MarketSnapshot",
    "MarketTick",
    "ModelCall",
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
