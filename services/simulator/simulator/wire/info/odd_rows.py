"""Rows that a client doesn't know, as they come with each of the exchange's changes: it must read on around them."""

from collections.abc import Callable
from typing import Any, Final

Body = dict[str, Any]

NEW_KEY: Final = {"announcedYesterday": {"value": None}}
OTHER_COIN: Final = "@107"


def _position(content: Body) -> Body:
    """A closed position of another kind that is still listed."""
    row = {
        "coin": "xyz:GOLD",
        "szi": "0.0",
        "leverage": {"type": "portfolio", "value": None},
        "entryPx": None,
        "positionValue": "0.0",
        "unrealizedPnl": "0.0",
        "returnOnEquity": None,
        "liquidationPx": None,
        "marginUsed": "0.0",
        "maxLeverage": None,
        "cumFunding": {"allTime": "0.0", "sinceOpen": "0.0", "sinceChange": "0.0"},
    }
    rows = [{"type": "twoWay", "position": row | NEW_KEY}, *content["assetPositions"]]
    return content | {"assetPositions": rows} | NEW_KEY


def _balance(content: Body) -> Body:
    row = {"coin": "+92260", "total": "3.0", "hold": "0.0", "entryNtl": "1.5"} | NEW_KEY
    return content | {"balances": [row, *content["balances"]]}


def _open_order(content: list[Body]) -> list[Body]:
    row = {
        "coin": OTHER_COIN,
        "side": "A",
        "limitPx": None,
        "sz": "0.0",
        "oid": 1,
        "timestamp": 1,
        "triggerCondition": None,
        "isTrigger": False,
        "triggerPx": None,
        "children": None,
        "isPositionTpsl": False,
        "reduceOnly": False,
        "orderType": "Twap Slice",
        "origSz": "0.0",
        "tif": "Later",
        "cloid": None,
    }
    return [row | NEW_KEY, *content]


def _fill(content: list[Body]) -> list[Body]:
    """A row older than all others, so that a client that pages by time goes on."""
    first_ms = min((row["time"] for row in content), default=1)
    row = {
        "coin": OTHER_COIN,
        "px": None,
        "sz": "0.25",
        "side": "A",
        "time": first_ms,
        "startPosition": "0.25",
        "dir": "Spot Dust Conversion",
        "closedPnl": "0.0",
        "hash": "0x" + "0" * 64,
        "oid": 2,
        "crossed": True,
        "fee": "0.0",
        "tid": 3,
        "feeToken": "HYPE",
        "twapId": None,
    }
    return [row | NEW_KEY, *content]


def _ended_orders(content: list[Body]) -> list[Body]:
    """Every ended order but the filled ones under a status of the exchange's own."""
    return [
        row | {"status": "internalCancel" if row["status"] not in ("open", "triggered", "filled") else row["status"]}
        for row in content
    ]


def _order_status(content: Body) -> Body:
    order = content.get("order")
    if not isinstance(order, dict):
        return content
    [altered] = _ended_orders([order])
    return content | {"order": altered} | NEW_KEY


def _ledger(content: list[Body]) -> list[Body]:
    first_ms = min((row["time"] for row in content), default=1)
    row = {"time": first_ms, "hash": "0x" + "0" * 64, "delta": {"type": "announcedYesterday", "amount": "5.0"}}
    return [row, *content]


def _meta(content: Body) -> Body:
    slots = [slot | NEW_KEY for slot in content["universe"]]
    return content | {"universe": slots} | NEW_KEY


_ALTER: Final[dict[str, Callable[[Any], Any]]] = {
    "clearinghouseState": _position,
    "spotClearinghouseState": _balance,
    "openOrders": _open_order,
    "frontendOpenOrders": _open_order,
    "userFills": _fill,
    "userFillsByTime": _fill,
    "historicalOrders": _ended_orders,
    "orderUpdates": _ended_orders,
    "orderStatus": _order_status,
    "userNonFundingLedgerUpdates": _ledger,
    "meta": _meta,
}
KINDS: Final = tuple(sorted(_ALTER.keys() - {"orderUpdates"}))
"""The types of /info that can have such rows; orderUpdates is a stream, userFills is both."""


def with_odd_rows(kind: str, content: Any) -> Any:
    """The answer with a row, a key or a status that no client knows; types without such rows are unchanged."""
    alter = _ALTER.get(kind)
    return content if alter is None else alter(content)
