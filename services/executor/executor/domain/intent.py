"""An intent: what the executor does with one approval, how far it has come, and how it ended. Pure.

An intent's status moves only as `common.trading.orders.TRANSITIONS` allows. The tables' updates take the statuses they
may start from out of that table, so that a late or repeated step changes no row: a step of the intent's own life starts
from an unfinished status (`predecessors`), a correction by late fills from a final one (`corrected_to`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

from common.events import Event, OrderIntent, RiskApproved
from common.trading.instruments import Symbol
from common.trading.orders import UNFINISHED, IntentKind, IntentStatus, OrderRole
from executor.domain.order import SignedAction

EXPIRY_MARGIN_MS: Final = 5_000
"""How long past an action's expiry the exchange may still carry it out; an order unknown after that never arrived."""


class IllegalTransition(Exception):
    """A status that an intent can't have after the one it has."""


def check_transition(current: IntentStatus, following: IntentStatus) -> None:
    """Raises IllegalTransition unless the intent is unfinished and the transition table allows the step."""
    if current not in predecessors(following):
        raise IllegalTransition(f"an intent that is {current} can't become {following}")


def predecessors(following: IntentStatus) -> list[IntentStatus]:
    """The unfinished statuses from which the transition table leads to this one."""
    return [status for status in UNFINISHED if status.may_become(following)]


def corrected_to(following: IntentStatus) -> list[IntentStatus]:
    """The final statuses that late fills may correct to this one."""
    return [status for status in IntentStatus if status.is_final and status.may_become(following)]


@dataclass(frozen=True, slots=True)
class Intent:
    """One stored intent. `first_sent_ms` None means that not one byte of it has left.

    `market_ms` is the market time of its approval, `expires_after_ms` the exchange's; all others are wall times.
    """

    intent_id: str
    model: str
    intent_kind: IntentKind
    decision_id: str
    cycle_id: str | None
    order: OrderIntent
    status: IntentStatus
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

    @property
    def void_after_ms(self) -> int:
        """From then on, by the exchange's clock, an exchange that doesn't know an entry's orders never will."""
        return (self.expires_after_ms or self.nonce or 0) + EXPIRY_MARGIN_MS

    def sent(self, action: SignedAction) -> "Intent":
        """The intent as SENT, with the bytes that it goes out as."""
        check_transition(self.status, IntentStatus.SENT)
        return replace(
            self,
            status=IntentStatus.SENT,
            nonce=action.nonce,
            signed_action=action.body,
            expires_after_ms=action.expires_after_ms,
        )


@dataclass(frozen=True, slots=True)
class OrderResult:
    """What became of one order: its id on the exchange and its final status, as far as they are known."""

    order_id: int | None = None
    final_status: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an intent ended: `orders` by client order id, `events` to publish. `reason` is a CancelReason, or the
    exchange's own words."""

    status: IntentStatus
    reason: str | None = None
    filled_size_coin: Decimal = Decimal(0)
    average_price: Decimal | None = None
    orders: Mapping[str, OrderResult] = field(default_factory=dict)
    events: Sequence[Event[Any]] = ()


def intent_from(event: Event[RiskApproved], now_ms: int) -> Intent:
    """The intent as which an approval is stored."""
    data = event.data
    return Intent(
        intent_id=event.id,
        model=data.model,
        intent_kind=data.intent_kind,
        decision_id=data.decision_id,
        cycle_id=event.cycle_id,
        order=data.intent,
        status=IntentStatus.STORED,
        nonce=None,
        signed_action=None,
        expires_after_ms=None,
        first_sent_ms=None,
        filled_size_coin=Decimal(0),
        market_ms=event.time_ms,
        created_ms=now_ms,
        updated_ms=now_ms,
    )
