"""What the executor means to do with one approval, and how that ended. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from common.events import Event, IntentKind, OrderIntent, OrderRole, RiskApproved
from common.trading.instruments import Symbol
from executor.domain.order import Prepared

SETTLE_MS = 5_000
"""How long after an action's expiry the exchange's not knowing it means that it never will."""
UNFINISHED = ["STORED", "SENT", "IN_FLIGHT"]
UNKNOWN = ["SENT", "IN_FLIGHT"]


@dataclass(frozen=True, slots=True)
class Intent:
    """One stored intent. `first_sent_ms` None means that not one byte of it has left.

    `market_ms` is the market time of its approval, all other times are wall times.
    """

    intent_id: str
    model: str
    intent_kind: IntentKind
    decision_id: str
    cycle_id: str | None
    order: OrderIntent
    status: str
    nonce: int | None
    signed_action: bytes | None
    expires_after_ms: int | None
    first_sent_ms: int | None
    filled_size_coin: Decimal
    market_ms: int
    created_ms: int
    updated_ms: int

    @property
    def is_entry(self) -> bool:
        return self.intent_kind is IntentKind.ENTRY

    @property
    def symbol(self) -> Symbol:
        return self.order.symbol

    @property
    def primary_role(self) -> OrderRole:
        return OrderRole.ENTRY if self.is_entry else OrderRole.EXIT

    def signed(self, prepared: Prepared) -> "Intent":
        """The intent with the bytes that it goes out as."""
        return replace(
            self, nonce=prepared.nonce, signed_action=prepared.body, expires_after_ms=prepared.expires_after_ms
        )

    @property
    def void_after_ms(self) -> int:
        """From then on an exchange that doesn't know the intent's orders never will."""
        return (self.expires_after_ms or self.created_ms) + SETTLE_MS


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an intent ended: `orders` gives (order id, final status) by client order id, `events` what to tell."""

    status: str
    reason: str | None = None
    filled_size_coin: Decimal = Decimal(0)
    average_price: Decimal | None = None
    orders: Mapping[str, tuple[int | None, str | None]] | None = None
    events: Sequence[Event[Any]] = ()


def fresh_intent(event: Event[RiskApproved], now_ms: int) -> Intent:
    """The intent as which an approval is stored."""
    data = event.data
    return Intent(
        intent_id=event.id,
        model=data.model,
        intent_kind=data.intent_kind,
        decision_id=data.decision_id,
        cycle_id=event.cycle_id,
        order=data.intent,
        status="STORED",
        nonce=None,
        signed_action=None,
        expires_after_ms=None,
        first_sent_ms=None,
        filled_size_coin=Decimal(0),
        market_ms=event.time_ms,
        created_ms=now_ms,
        updated_ms=now_ms,
    )
