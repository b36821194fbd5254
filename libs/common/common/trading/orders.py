"""An order's life as types: sides, why an intent exists, how far it has come, and why it may end unsent."""

from enum import StrEnum
from typing import Final


class Side(StrEnum):
    """Direction of a position."""

    LONG = "LONG"
    SHORT = "SHORT"

    @property
    def sign(self) -> int:
        """+1 for a long, −1 for a short."""
        return 1 if self is Side.LONG else -1

    @property
    def opposite(self) -> "Side":
        return Side.SHORT if self is Side.LONG else Side.LONG


class OrderSide(StrEnum):
    """Direction of an order or a fill."""

    BUY = "BUY"
    SELL = "SELL"


def entry_side(side: Side) -> OrderSide:
    """The order side that opens or grows a position of `side`."""
    return OrderSide.BUY if side is Side.LONG else OrderSide.SELL


def exit_side(side: Side) -> OrderSide:
    """The order side that closes a position of `side`."""
    return OrderSide.SELL if side is Side.LONG else OrderSide.BUY


class OrderRole(StrEnum):
    """What an order is for; `unknown` marks an external one, which the arena did not place."""

    ENTRY = "entry"
    EXIT = "exit"
    STOP = "stop"
    TARGET = "target"
    FLATTEN = "flatten"
    UNKNOWN = "unknown"


PARENT_ROLES: Final = frozenset({OrderRole.ENTRY, OrderRole.EXIT})
"""The roles of orders that are an intent's own. Its stop and target follow from it, and so does FLATTEN, the
protector's close of what an entry has opened."""


class IntentKind(StrEnum):
    """Why an intent exists; with model and cycle it makes the intent unique."""

    ENTRY = "entry"
    EXIT = "exit"
    INVALIDATION = "invalidation"
    FLATTEN = "flatten"


class IntentStatus(StrEnum):
    """How far an intent has come.

    STORED: a row in PostgreSQL, no byte sent. SENT: its bytes may have left. IN_FLIGHT: sent, and the answer was lost
    or unreadable. The other four are final: PARTIAL and FILLED by what the exchange filled, REJECTED by the exchange,
    CANCELLED with nothing filled, by the exchange or unsent (see `CancelReason`). Only fills that the exchange reports
    late change a final one: where nothing had been filled it becomes PARTIAL.
    """

    STORED = "STORED"
    SENT = "SENT"
    IN_FLIGHT = "IN_FLIGHT"
    PARTIAL = "PARTIAL"
    FILLED = "FILLED"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"

    @property
    def is_final(self) -> bool:
        return self in _FINAL

    def may_become(self, following: "IntentStatus") -> bool:
        """Whether the transition table allows this step."""
        return following in TRANSITIONS[self]


_FINAL: Final = frozenset({IntentStatus.PARTIAL, IntentStatus.FILLED, IntentStatus.REJECTED, IntentStatus.CANCELLED})
TRANSITIONS: Final[dict[IntentStatus, frozenset[IntentStatus]]] = {
    # A STORED intent is filled or rejected without passing SENT when an earlier process sent it and died.
    IntentStatus.STORED: frozenset({IntentStatus.SENT}) | _FINAL,
    # An exit whose bytes expired without arriving is STORED again, to be signed again.
    IntentStatus.SENT: frozenset({IntentStatus.IN_FLIGHT, IntentStatus.STORED}) | _FINAL,
    IntentStatus.IN_FLIGHT: frozenset({IntentStatus.STORED}) | _FINAL,
    IntentStatus.PARTIAL: frozenset(),
    IntentStatus.FILLED: frozenset(),
    # The answer was wrong or late: fills came all the same.
    IntentStatus.REJECTED: frozenset({IntentStatus.PARTIAL}),
    IntentStatus.CANCELLED: frozenset({IntentStatus.PARTIAL}),
}
UNFINISHED: Final = tuple(status for status in IntentStatus if not status.is_final)
"""The outcome is not known yet."""
UNKNOWN_OUTCOME: Final = (IntentStatus.SENT, IntentStatus.IN_FLIGHT)
"""Bytes may have left, and the outcome is not known yet."""


class CancelReason(StrEnum):
    """Why the executor ended an intent or an order; any other reason is the exchange's own word."""

    EXPIRED_UNSENT = "EXPIRED_UNSENT"
    HALTED = "HALTED"
    FLATTENED = "FLATTENED"
    MAINNET_CAP = "MAINNET_CAP"
    ACTIONS_SHORT = "ACTIONS_SHORT"
    ACCOUNT_REFUSED = "ACCOUNT_REFUSED"
    OTHER_ACCOUNT = "OTHER_ACCOUNT"
    OUTSIDE_ENVELOPE = "OUTSIDE_ENVELOPE"
    NEVER_ARRIVED = "NEVER_ARRIVED"
    IOC_REMAINDER = "IOC_REMAINDER"

    @property
    def is_never_sent(self) -> bool:
        """Whether not one byte of the intent left, so that it does not count as a trade of the day."""
        return self in NEVER_SENT


NEVER_SENT: Final = frozenset(
    {
        CancelReason.EXPIRED_UNSENT,
        CancelReason.HALTED,
        CancelReason.FLATTENED,
        CancelReason.MAINNET_CAP,
        CancelReason.ACTIONS_SHORT,
        CancelReason.ACCOUNT_REFUSED,
        CancelReason.OTHER_ACCOUNT,
        CancelReason.OUTSIDE_ENVELOPE,
    }
)
