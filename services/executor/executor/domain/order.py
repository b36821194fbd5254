"""One order: what is asked for, the ids it goes by, and what the tables know of it. Pure."""

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from common.events import OrderRole
from common.trading.instruments import Symbol

DUPLICATE_NONCE: Final = "duplicate nonce"
"""In the answer to bytes that have arrived before: it doesn't say what became of them."""


@dataclass(frozen=True, slots=True)
class OrderSpec:
    """One order to place. `trigger_price` makes it a market trigger of `kind` sl or tp; `tif` holds otherwise."""

    symbol: Symbol
    is_buy: bool
    size_coin: Decimal
    price: Decimal
    client_order_id: str
    reduce_only: bool
    trigger_price: Decimal | None = None
    kind: str = ""
    tif: str = "Ioc"


@dataclass(frozen=True, slots=True)
class SignedAction:
    """A signed action: the exact bytes to send, with their nonce.

    After `expires_after_ms`, by the exchange's clock, they are given up. The exchange itself refuses them then, unless
    they can only close or cancel: those carry no end, as they do no harm when they arrive late.
    """

    body: bytes
    nonce: int
    expires_after_ms: int


class SendPurpose(StrEnum):
    """What an action in the send log is for."""

    ORDERS = "orders"
    RESEND = "resend"
    LEVERAGE = "leverage"
    PROTECT = "protect"
    FLATTEN = "flatten"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order as the tables have it. `final_status` None means that it may still be open."""

    intent_id: str
    cycle_id: str | None
    role: OrderRole
    spec: OrderSpec
    order_id: int | None
    void_after_ms: int
    final_status: str | None

    @property
    def client_order_id(self) -> str:
        return self.spec.client_order_id


@dataclass(frozen=True, slots=True)
class FillTotal:
    """What an intent's own order has been filled with in all, from the exchange's record."""

    intent_id: str
    size_coin: Decimal
    average_price: Decimal


def client_order_id(intent_id: str, role: OrderRole, attempt: int = 0) -> str:
    """128 bits as 0x-hex, a function of intent and role, so that a repeat is the same order.

    `attempt` distinguishes orders of one role that replace one another.
    """
    suffix = f"|{attempt}" if attempt else ""
    return "0x" + hashlib.sha256(f"{intent_id}|{role.value}{suffix}".encode()).hexdigest()[:32]
