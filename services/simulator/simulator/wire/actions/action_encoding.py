"""The form in which the exchange hashes an action: its own order of fields, numbers without trailing zeros, lower case.

A client that signs another form signs for a stranger ("User or API Wallet 0x… does not exist"), here as there.
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


def canonical(action: Action) -> Action:
    """The action as it is hashed; what isn't about orders, or can't be read, stays as it came."""
    kind = action.get("type")
    fields = _FIELDS.get(kind) if isinstance(kind, str) else None
    if fields is None:
        return action
    made = _arranged(action, fields)
    if isinstance(made.get("orders"), list):
        made["orders"] = [_order(each) for each in made["orders"]]
    if "order" in made:
        made["order"] = _order(made["order"])
    if isinstance(made.get("modifies"), list):
        made["modifies"] = [_modify(each) for each in made["modifies"]]
    if isinstance(made.get("cancels"), list):
        made["cancels"] = [_cancel(each) for each in made["cancels"]]
    if isinstance(made.get("builder"), dict):
        made["builder"] = _lower(_arranged(made["builder"], ("b", "f")), "b")
    return _lower(made, "oid")


def _arranged(given: Action, fields: tuple[str, ...]) -> Action:
    """Known fields first, in the exchange's order, then whatever else there is."""
    return {name: given[name] for name in fields if name in given} | {
        name: value for name, value in given.items() if name not in fields
    }


def _order(given: Any) -> Any:
    if not isinstance(given, dict):
        return given
    made = _lower(_arranged(given, _ORDER), "c")
    for name in ("p", "s"):
        if name in made:
            made[name] = _number(made[name])
    kind = made.get("t")
    if isinstance(kind, dict) and isinstance(kind.get("trigger"), dict):
        trigger = _arranged(kind["trigger"], _TRIGGER)
        if "triggerPx" in trigger:
            trigger["triggerPx"] = _number(trigger["triggerPx"])
        made["t"] = {"trigger": trigger}
    return made


def _modify(given: Any) -> Any:
    if not isinstance(given, dict):
        return given
    made = _lower(_arranged(given, ("oid", "order")), "oid")
    return made | {"order": _order(made["order"])} if "order" in made else made


def _cancel(given: Any) -> Any:
    return _lower(_arranged(given, ("a", "o", "asset", "cloid")), "cloid") if isinstance(given, dict) else given


def _lower(made: Action, name: str) -> Action:
    value = made.get(name)
    if isinstance(value, str):
        made[name] = value.lower()
    return made


def _number(value: Any) -> Any:
    """ "0.10" as "0.1", "70000.0" as "70000"."""
    if not isinstance(value, str) or not ("." in value or "e" in value.lower()):
        return value
    try:
        number = Decimal(value)
        return format(number.normalize(), "f") if number.is_finite() and abs(number.adjusted()) < 40 else value
    except InvalidOperation:
        return value
