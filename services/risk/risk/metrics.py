"""All of risk's own metrics."""

from prometheus_client import Counter, Gauge

APPROVED = Counter("aicoin_risk_approvals", "Approved intents, by model and kind.", ["model", "intent_kind"])
DENIED = Counter("aicoin_risk_denials", "Denied decisions, by model and first failing rule.", ["model", "code"])
RESERVED = Gauge("aicoin_risk_reservations", "Approved intents that no account state covers yet.", ["model"])
TRADING_STATE = Gauge("aicoin_risk_trading_state", "0 active, 1 reducing, 2 halted.", ["model"])
DISK_FREE = Gauge("aicoin_risk_disk_free_percent", "Free share of the disk with the arena's data.")
