"""Client order ids: functions of the intent and the order's role, so that a repeat is the same order."""

import hashlib

from common.events import OrderRole


def client_order_id(intent_id: str, role: OrderRole, attempt: int = 0) -> str:
    """128 bits as 0x-hex; `attempt` tells apart orders of one role that replace one another."""
    suffix = f"|{attempt}" if attempt else ""
    return "0x" + hashlib.sha256(f"{intent_id}|{role.value}{suffix}".encode()).hexdigest()[:32]
