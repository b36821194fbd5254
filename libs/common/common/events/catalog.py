"""The single list of streams: one event type each, with its producers, consumers, key and retention."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from common.events.account import AccountLedger, AccountUpdated
from common.events.control import ControlCommand, SystemAlert
from common.events.decision import AgentDecision
from common.events.envelope import Payload
from common.events.market import MarketSnapshot, MarketTick
from common.events.orders import OrderAccepted, OrderCancelled, OrderFilled, OrderRejected
from common.events.push import WsPush
from common.events.verdict import RiskApproved, RiskDenied
from common.trading.durations import DAY_MS, HOUR_MS

DEAD_SUFFIX: Final = ".dead"

AGENT: Final = "agent"
"""Stands for every agent: `agent-<id>` for each contender of the roster."""
SERVICES: Final = ("ingester", AGENT, "risk", "executor", "recorder", "gateway", "notifier")

LEASED: Final = ("risk", "executor")
"""Services of which one process at a time is the owner."""


def services_of(contenders: Sequence[str]) -> tuple[str, ...]:
    """The names of all services of an arena with these contenders (ids), in the order in which they are listed."""
    agents = tuple(f"{AGENT}-{contender}" for contender in contenders)
    return tuple(name for role in SERVICES for name in (agents if role == AGENT else (role,)))


def role_of(service: str) -> str:
    """The name under which the catalog lists a service: its own, or AGENT for each of the agents."""
    return AGENT if service.startswith(f"{AGENT}-") else service


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """One stream.

    `key` is the payload's field by which it could be sharded. `retention_ms` trims by age, never past the slowest
    group; `hard_cap_entries` trims regardless, with an alert. `deduplicated` streams drop an id published within 48 h;
    the others carry states where only the latest counts and whose ids would fill the memory. `readers` read the stream
    without a group.
    """

    payload: type[Payload]
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    key: str | None
    retention_ms: int
    hard_cap_entries: int
    deduplicated: bool = True
    readers: tuple[str, ...] = ()

    @property
    def type(self) -> str:
        return self.payload.TYPE


_RISK_RECORDER = ("risk", "recorder")

CATALOG: Final[dict[str, StreamSpec]] = {
    spec.type: spec
    for spec in (
        # Streams are read in this order: in one batch a command comes before what it may stop.
        StreamSpec(ControlCommand, ("gateway",), ("risk", "executor", "recorder"), None, 2 * DAY_MS, 10_000),
        StreamSpec(MarketTick, ("ingester",), _RISK_RECORDER, "symbol", HOUR_MS // 4, 300_000, deduplicated=False),
        StreamSpec(MarketSnapshot, ("ingester",), (AGENT, *_RISK_RECORDER), None, 6 * HOUR_MS, 2_000),
        StreamSpec(AgentDecision, (AGENT,), _RISK_RECORDER, "model", 2 * DAY_MS, 20_000),
        StreamSpec(RiskApproved, ("risk",), ("executor", "recorder"), "model", 2 * DAY_MS, 20_000, readers=("risk",)),
        StreamSpec(RiskDenied, ("risk",), ("recorder",), "model", 2 * DAY_MS, 20_000),
        StreamSpec(OrderAccepted, ("executor",), _RISK_RECORDER, "model", 2 * DAY_MS, 50_000),
        StreamSpec(OrderRejected, ("executor",), _RISK_RECORDER, "model", 2 * DAY_MS, 50_000),
        StreamSpec(OrderCancelled, ("executor",), _RISK_RECORDER, "model", 2 * DAY_MS, 50_000),
        StreamSpec(OrderFilled, ("executor",), (*_RISK_RECORDER, "notifier"), "model", 2 * DAY_MS, 50_000),
        StreamSpec(AccountLedger, ("executor",), ("recorder",), "model", 2 * DAY_MS, 20_000),
        StreamSpec(AccountUpdated, ("executor",), _RISK_RECORDER, "model", HOUR_MS, 50_000),
        StreamSpec(SystemAlert, (*SERVICES, "alertmanager"), ("recorder", "notifier"), None, 2 * DAY_MS, 10_000),
        StreamSpec(WsPush, ("ingester", "recorder"), (), "channel", HOUR_MS, 60_000, readers=("gateway", "recorder")),
    )
}


def streams_read_by(service: str) -> tuple[str, ...]:
    """The streams in which `service` has a consumer group, in catalog order."""
    return tuple(name for name, spec in CATALOG.items() if role_of(service) in spec.consumers)
