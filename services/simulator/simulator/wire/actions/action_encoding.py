"""The form in which the exchange hashes an action: fixed order of fields, numbers without trailing zeros, lower case.

The signature of any other form recovers an unknown address ("User or API Wallet 0x… does not exist").
Source: Hyperliquid docs, Signing; observed with reordered fields, trailing zeros and upper-case addresses.
"""

from decimal import Decimal, InvalidOperation
from typing import Any, Final

Action = dict[str, Any]

_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "order": ("type", "orders", "grouping", "builder"),
    "modify": ("type", "oid", "order"),
    "batchModify": ("type", "modifies"),
    "cancel": ("type", "cancels"),
    "cancelByCloid": ("type", "cancels"),
}
_ORDER: Final = ("a", "b", "p", "s", "r", "t", "c")
_TRIGGER: Final = ("isMarket", "triggerPx", "tpsl")


def canonical_action(action: Action) -> Action:
    """The action as the exchange hashes it. Actions that aren't about orders, and unreadable ones, are unchanged."""
    kind = action.get("type")
    fields = _FIELDS.get(kind) if isinstance(kind, str) else None
    if fields is None:
        return action
    arranged = _arranged(action, fields)
    if isinstance(arranged.get("orders"), list):
        arranged["orders"] = [_order(each) for each in arranged["orders"]]
    if "order" in arranged:
        arranged["order"] = _order(arranged["order"])
    if isinstance(arranged.get("modifies"), list):
        arranged["modifies"] = [_modify(each) for each in arranged["modifies"]]
    if isinstance(arranged.get("cancels"), list):
        arranged["cancels"] = [_cancel(each) for each in arranged["cancels"]]
    if isinstance(arranged.get("builder"), dict):
        arranged["builder"] = _lower(_arranged(arranged["builder"], ("b", "f")), "b")
    return _lower(arranged, "oid")


def _arranged(value: Action, fields: tuple[str, ...]) -> Action:
    """Known fields first, in the exchange's order, then whatever else there is."""
    return {name: value[name] for name in fields if name in value} | {
        name: each for name, each in value.items() if name not in fields
    }


def _order(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    arranged = _lower(_arranged(value, _ORDER), "c")
    for name in ("p", "s"):
        if name in arranged:
            arranged[name] = _number(arranged[name])
    kind = arranged.get("t")
    if isinstance(kind, dict) and isinstance(kind.get("trigger"), dict):
        trigger = _arranged(kind["trigger"], _TRIGGER)
        if "triggerPx" in trigger:
            trigger["triggerPx"] = _number(trigger["triggerPx"])
        arranged["t"] = {"trigger": trigger}
    return arranged


def _modify(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    arranged = _lower(_arranged(value, ("oid", "order")), "oid")
    return arranged | {"order": _order(arranged["order"])} if "order" in arranged else arranged


def _cancel(value: Any) -> Any:
    return _lower(_arranged(value, ("a", "o", "asset", "cloid")), "cloid") if isinstance(value, dict) else value


def _lower(arranged: Action, name: str) -> Action:
    value = arranged.get(name)
    if isinstance(value, str):
        arranged[name] = value.lower()
    return arranged


def _number(value: Any) -> Any:
    """ "0.10" as "0.1", "70000.0" as "70000"."""
    if not isinstance(value, str) or not ("." in value or "e" in value.lower()):
        return value
    try:
        number = Decimal(value)
        return format(number.normalize(), "f") if number.is_finite() and abs(number.adjusted()) < 40 else value
    except InvalidOperation:
        return value
