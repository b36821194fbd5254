"""L1 actions about orders: batches and brackets, cancels, modifications, TWAPs."""

import re
from decimal import Decimal
from typing import Any

from simulator.exchange import errors
from simulator.exchange.errors import ActionError, BatchError, OrderError
from simulator.exchange.order_status import OrderStatus
from simulator.exchange.state.fees import MAX_BUILDER_UNITS
from simulator.exchange.state.orders import Order, Request
from simulator.exchange.trading import order_close, order_entry, twap
from simulator.exchange.world import World
from simulator.market.coins import Coin
from simulator.numbers import number_text, parse_number, rounded_text
from simulator.wire.requests import BadRequest, default_response, statuses_response

TIFS = ("Gtc", "Ioc", "Alo", "FrontendMarket")
CLOID = re.compile(r"^0x[0-9a-fA-F]{32}$")
GROUPINGS = ("na", "normalTpsl", "positionTpsl")

Action = dict[str, Any]


def coin_of(world: World, asset: Any) -> Coin:
    """The listed coin of an asset id. Raises BadRequest for an unreadable id, BatchError for one that isn't listed."""
    if not isinstance(asset, int) or isinstance(asset, bool) or asset < 0:
        raise BadRequest
    coin = world.market.listing.by_asset.get(asset)
    if coin is None:
        raise BatchError("Trading is halted")
    return coin


def _number(value: Any) -> Decimal:
    number = parse_number(value)
    if number is None:
        raise BadRequest
    return number


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadRequest
    return value


def _cloid(value: Any) -> str | None:
    if value is not None and not (isinstance(value, str) and CLOID.match(value)):
        raise BadRequest
    return value.lower() if value else None


def parse(world: World, wire: dict[str, Any]) -> Request:
    """The order request of a wire order. Raises BadRequest for wrong types, BatchError for an unlisted asset."""
    coin, kind = coin_of(world, wire["a"]), wire["t"]
    request = Request(
        coin, _flag(wire["b"]), _number(wire["p"]), _number(wire["s"]), _flag(wire["r"]), cloid=_cloid(wire.get("c"))
    )
    if "limit" in kind:
        request.tif = kind["limit"]["tif"]
        if request.tif not in TIFS:
            raise BadRequest
        return request
    trigger = kind["trigger"]
    if trigger["tpsl"] not in ("tp", "sl"):
        raise BadRequest
    request.trigger_price, request.trigger_kind = _number(trigger["triggerPx"]), trigger["tpsl"]
    request.trigger_is_market = _flag(trigger["isMarket"])
    return request


def _refusal(error: Exception, asset: Any) -> dict[str, str]:
    return {"error": f"{error} asset={asset}"}


def _status(order: Order) -> dict[str, Any]:
    """The order's status in the response: `filled` with size and average price when nothing rests, else `resting`."""
    reference: dict[str, Any] = {"oid": order.oid}
    if order.cloid:
        reference["cloid"] = order.cloid
    if order.filled and not order.is_open:
        average = order.filled_usd / order.filled
        price = rounded_text(average, 8)
        return {"filled": {"totalSz": number_text(order.filled), "avgPx": price} | reference}
    return {"resting": reference}


def order(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    """Places a batch. One statically invalid order refuses the whole batch with one error."""
    wires, grouping = action["orders"], action["grouping"]
    is_priority = isinstance(grouping, dict) and isinstance(grouping.get("p"), int)
    if not is_priority and grouping not in GROUPINGS:
        raise BadRequest
    if not wires:
        return statuses_response("order", [{"error": errors.EMPTY}])
    builder = _builder(world, account, action.get("builder"))
    if builder is None:
        return statuses_response("order", [{"error": errors.NO_BUILDER}])
    requests = []
    for wire in wires:
        try:
            requests.append(parse(world, wire))
            requests[-1].builder, requests[-1].builder_units = builder
            order_entry.check_static(world.exchange, requests[-1])
        except BatchError as error:
            return statuses_response("order", [_refusal(error, wire["a"])])
    if grouping == "normalTpsl":
        return statuses_response("order", _bracket(world, account, wires, requests, now_ms))
    if grouping == "positionTpsl":
        if any(request.trigger_price is None for request in requests):
            return statuses_response("order", [{"error": errors.NO_CHILDREN}])
        return statuses_response(
            "order",
            [
                _place_position_trigger(world, account, wire, request, now_ms)
                for wire, request in zip(wires, requests, strict=True)
            ],
        )
    return statuses_response(
        "order",
        [_place_one(world, account, wire, request, now_ms) for wire, request in zip(wires, requests, strict=True)],
    )


def _builder(world: World, account: str, builder: Any) -> tuple[str | None, int] | None:
    """(builder, fee in tenths of a basis point) of an order's action; None when the account hasn't approved it."""
    if builder is None:
        return None, 0
    address, units = builder["b"].lower(), builder["f"]
    if not isinstance(units, int) or isinstance(units, bool) or units < 0:
        raise BadRequest
    agreed = world.exchange.owner(account).builders.get(address, 0)
    if units > min(agreed, MAX_BUILDER_UNITS):
        return None
    return (address, units) if units else (None, 0)


def _place_one(world: World, account: str, wire: Action, request: Request, now_ms: int) -> Any:
    try:
        return _status(order_entry.place(world.exchange, account, request, now_ms))
    except OrderError as error:
        return _refusal(error, wire["a"])


def _bracket(world: World, account: str, wires: list[Action], requests: list[Request], now_ms: int) -> list[Any]:
    """Places an entry and its reduce-only triggers; a stop that can't be placed refuses the group."""
    main, children = requests[0], requests[1:]
    if (error_text := _bracket_error(world, wires, main, children)) is not None:
        return [{"error": error_text}]
    try:
        parent = order_entry.place(world.exchange, account, main, now_ms)
    except OrderError as error:
        return [_refusal(error, wires[0]["a"])]
    found: list[Any] = [_status(parent)]
    if not parent.is_open and parent.status != OrderStatus.FILLED:
        return found + [{"error": f"{errors.GONE} asset={wire['a']}"} for wire in wires[1:]]
    for wire, child in zip(wires[1:], children, strict=True):
        try:
            order_entry.place(world.exchange, account, child, now_ms, parent=parent)
            found.append("waitingForFill" if parent.is_open else "waitingForTrigger")
        except OrderError as error:
            found.append(_refusal(error, wire["a"]))
    return found


def _bracket_error(world: World, wires: list[Action], main: Request, children: list[Request]) -> str | None:
    """Why the group is refused as a whole, before any of it is placed; None when it isn't."""
    if main.trigger_price is not None:
        return errors.MAIN_TRIGGER
    if not children or any(child.trigger_price is None or not child.reduce_only for child in children):
        return errors.NO_CHILDREN
    mark = world.market.coins[main.coin.name].mark_price
    for wire, child in zip(wires[1:], children, strict=True):
        if order_entry.is_badly_stopped(child, mark) or child.coin is not main.coin or child.is_buy == main.is_buy:
            return f"{errors.BAD_TRIGGER} asset={wire['a']}"
        if child.size == 0:
            return f"{errors.ZERO_SIZE} asset={wire['a']}"
    return None


def _place_position_trigger(world: World, account: str, wire: Action, request: Request, now_ms: int) -> Any:
    """Places a trigger that takes and follows the position's size; a size of its own is the most that it takes."""
    request.size_limit = request.size or None
    held = abs(world.exchange.accounts[account].position_size(request.coin.name))
    request.size = min(held, request.size_limit or held) or request.size
    request.reduce_only = True
    try:
        order_entry.place(world.exchange, account, request, now_ms, is_position_tpsl=True)
    except OrderError as error:
        return _refusal(error, wire["a"])
    return "waitingForTrigger"


def cancel(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    return _cancels(world, account, action, [(row["o"], row["a"]) for row in action["cancels"]], now_ms)


def cancel_by_cloid(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    rows = [(world.exchange.cloids.get((account, row["cloid"].lower()), -1), row["asset"]) for row in action["cancels"]]
    return _cancels(world, account, action, rows, now_ms)


def _cancels(world: World, account: str, action: Action, rows: list[tuple[Any, Any]], now_ms: int) -> dict[str, Any]:
    """Cancels a batch; an unreadable row refuses the batch before anything is cancelled.

    `f` marks a fast cancel, which leaves trigger orders alone; clients send it only when it is true.
    """
    is_fast = action.get("f")
    if is_fast not in (None, True) or not all(isinstance(part, int) for row in rows for part in row):
        raise BadRequest
    found = [_cancel_one(world, account, oid, asset, now_ms, is_fast=bool(is_fast)) for oid, asset in rows]
    return statuses_response("cancel", found)


def _cancel_one(world: World, account: str, oid: int, asset: int, now_ms: int, *, is_fast: bool) -> Any:
    found = world.exchange.orders.get(oid)
    named = world.market.listing.by_asset.get(asset)
    try:
        if found is not None and is_fast and found.is_trigger:
            raise OrderError(errors.GONE)
        if found is not None and named is not None and named.name != found.coin:
            raise OrderError(errors.GONE)
        order_close.cancel(world.exchange, account, oid, now_ms)
    except OrderError as error:
        return _refusal(error, asset)
    return "success"


def _order_reference(oid: Any) -> int | str:
    """The id by which a modification names its order: the exchange's or the client's. Raises BadRequest."""
    if isinstance(oid, bool) or not isinstance(oid, int | str):
        raise BadRequest
    return oid


def _replace(
    world: World, account: str, reference: int | str, wire: Action, request: Request, now_ms: int, *, always: bool
) -> Any:
    """Cancels an order and places its replacement, which gets a new oid and the last place in the queue.

    Unless `always` is set, only an order that comes to rest may replace it: Gtc becomes post-only.
    """
    if not always:
        if request.trigger_price is not None or request.tif not in ("Gtc", "Alo"):
            return {"error": errors.NOT_ALWAYS}
        request.tif = "Alo"
    oid = world.exchange.cloids.get((account, reference.lower()), -1) if isinstance(reference, str) else reference
    try:
        order_entry.check_static(world.exchange, request)
        order_close.cancel(world.exchange, account, oid, now_ms)
    except BatchError as error:
        return _refusal(error, wire["a"])
    except OrderError:
        return {"error": errors.NOT_MODIFIABLE}
    status = _place_one(world, account, wire, request, now_ms)
    if "error" in status:
        return {"error": f"Error placing new order during modify: {status['error']}"}
    return status


def modify(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    always = _flag(action.get("a", False))
    wire = action["order"]
    status = _replace(world, account, _order_reference(action["oid"]), wire, parse(world, wire), now_ms, always=always)
    if "error" in status:
        raise ActionError(status["error"])
    return default_response()


def batch_modify(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    """Replaces a batch of orders; the whole batch is parsed before any of it is executed."""
    always = _flag(action.get("a", False))
    rows = []
    for row in action["modifies"]:
        try:
            rows.append((_order_reference(row["oid"]), row["order"], parse(world, row["order"])))
        except BatchError as error:
            return statuses_response("order", [_refusal(error, row["order"]["a"])])
    return statuses_response(
        "order",
        [
            _replace(world, account, reference, wire, request, now_ms, always=always)
            for reference, wire, request in rows
        ],
    )


def twap_order(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    wire = action["twap"]
    if not isinstance(wire["m"], int) or isinstance(wire["m"], bool):
        raise BadRequest
    try:
        begun = twap.start(
            world.exchange,
            account,
            coin_of(world, wire["a"]),
            is_buy=_flag(wire["b"]),
            size=_number(wire["s"]),
            reduce_only=_flag(wire["r"]),
            minutes=wire["m"],
            randomize=_flag(wire["t"]),
            now_ms=now_ms,
        )
    except (OrderError, BatchError) as error:
        return _twap_status("twapOrder", {"error": str(error)})
    return _twap_status("twapOrder", {"running": {"twapId": begun.id}})


def twap_cancel(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    if not isinstance(action["t"], int) or isinstance(action["t"], bool):
        raise BadRequest
    try:
        twap.stop(world.exchange, account, action["t"], coin_of(world, action["a"]), now_ms)
    except (OrderError, BatchError) as error:
        return _twap_status("twapCancel", {"error": str(error)})
    return _twap_status("twapCancel", "success")


def _twap_status(kind: str, status: Any) -> dict[str, Any]:
    return {"status": "ok", "response": {"type": kind, "data": {"status": status}}}
