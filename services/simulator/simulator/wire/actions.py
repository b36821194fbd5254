"""POST /exchange: who signed, may they, and the action itself; answers in Hyperliquid's three families."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from simulator.coins import BY_ASSET, Coin
from simulator.exchange import errors
from simulator.exchange.errors import ActionError, OrderError
from simulator.exchange.exchange import Request
from simulator.exchange.orders import Order
from simulator.keys import AGENT_LIFE_MS, Agent, NonceError
from simulator.signing import USER_SIGNED, UnreadableSignature, l1_signers, user_signer
from simulator.wire.formats import parse_number, text
from simulator.wire.info import BadRequest
from simulator.world import World

TIFS = ("Gtc", "Ioc", "Alo", "FrontendMarket")
CLOID = re.compile(r"^0x[0-9a-fA-F]{32}$")
SCHEDULE_VOLUME_USD = 1_000_000
MILLION = Decimal(1_000_000)
MAX_ORDERS = 1_000


def execute(world: World, body: Any, now_ms: int) -> dict[str, Any]:
    """Carries out one signed action. Raises BadRequest for what can't be read as one (HTTP 422)."""
    if not isinstance(body, dict) or not isinstance(body.get("action"), dict) or not isinstance(body.get("nonce"), int):
        raise BadRequest
    action = body["action"]
    kind = action.get("type")
    if not isinstance(body.get("signature"), dict) or kind not in (*_L1, *USER_SIGNED):
        raise BadRequest
    try:
        if kind in USER_SIGNED:
            return _user_signed(world, body, now_ms)
        signer, account = _l1_account(world, body, now_ms)
        _admit(world, body, signer, now_ms)
        _subject(world, account).requests_used += len(action.get("orders") or action.get("cancels") or [1])
        return _L1[kind](world, account, action, now_ms)
    except (ActionError, NonceError) as refusal:
        return {"status": "err", "response": str(refusal)}
    except (KeyError, TypeError, ValueError, AttributeError, UnreadableSignature) as error:
        raise BadRequest from error


def _subject(world: World, account: str) -> Any:
    return world.exchange.accounts[account]


def _l1_account(world: World, body: dict[str, Any], now_ms: int) -> tuple[str, str]:
    """(signer, account it acts for): the key itself or, as an API wallet, its master."""
    signers = l1_signers(body)
    for signer in signers:
        master = world.keys.master_of(signer, now_ms)
        if master is not None:
            return signer, _acting_as(world, master, body)
        if signer in world.exchange.accounts:
            return signer, _acting_as(world, signer, body)
    raise ActionError(f"User or API Wallet {signers[0]} does not exist.")


def _acting_as(world: World, account: str, body: dict[str, Any]) -> str:
    vault = body.get("vaultAddress")
    if vault is not None:
        raise ActionError(f"Vault not registered: {str(vault).lower()}")
    return account


def _admit(world: World, body: dict[str, Any], signer: str, now_ms: int) -> None:
    """Admission comes before business: a rejected order still burns its nonce."""
    world.keys.spend(signer, body["nonce"], now_ms)
    expires = body.get("expiresAfter")
    if expires is not None and expires < now_ms:
        raise ActionError("Action already expired")


def _default() -> dict[str, Any]:
    return {"status": "ok", "response": {"type": "default"}}


def _statuses(kind: str, statuses: list[Any]) -> dict[str, Any]:
    return {"status": "ok", "response": {"type": kind, "data": {"statuses": statuses}}}


# Orders.


def _parse_order(wire: dict[str, Any]) -> Request:
    coin = BY_ASSET.get(wire["a"])
    if coin is None:
        raise OrderError(f"Asset {wire['a']} is not tradable.")
    price, size, cloid = parse_number(wire["p"]), parse_number(wire["s"]), wire.get("c")
    if price is None or size is None or not isinstance(wire["b"], bool) or not isinstance(wire["r"], bool):
        raise BadRequest
    if cloid is not None and not CLOID.match(cloid):
        raise BadRequest
    request = Request(coin, wire["b"], price, size, wire["r"], cloid=cloid.lower() if cloid else None)
    kind = wire["t"]
    if "limit" in kind:
        if kind["limit"]["tif"] not in TIFS:
            raise BadRequest
        request.tif = kind["limit"]["tif"]
        return request
    trigger = kind["trigger"]
    if trigger["tpsl"] not in ("tp", "sl") or not isinstance(trigger["isMarket"], bool):
        raise BadRequest
    request.trigger_price = parse_number(trigger["triggerPx"])
    request.trigger_is_market, request.trigger_kind = trigger["isMarket"], trigger["tpsl"]
    if request.trigger_price is None:
        raise BadRequest
    return request


def _order(world: World, account: str, action: dict[str, Any], now_ms: int) -> dict[str, Any]:
    orders, grouping = action["orders"], action["grouping"]
    if not orders:
        return _statuses("order", [{"error": "Order batch is empty."}])
    if (action.get("builder") or {}).get("f", 0) > 0:
        raise ActionError("Builder fee has not been approved.")
    if grouping == "na":
        return _statuses("order", [_place_one(world, account, wire, now_ms) for wire in orders])
    if grouping == "normalTpsl":
        return _statuses("order", _place_bracket(world, account, orders, now_ms))
    if grouping == "positionTpsl":
        return _statuses("order", [_place_position_trigger(world, account, wire, now_ms) for wire in orders])
    raise BadRequest


def _refusal(error: OrderError, asset: Any) -> dict[str, str]:
    return {"error": f"{error} asset={asset}"}


def _place_one(world: World, account: str, wire: dict[str, Any], now_ms: int) -> Any:
    try:
        order = world.exchange.place(account, _parse_order(wire), now_ms)
    except OrderError as error:
        return _refusal(error, wire["a"])
    return _status(order)


def _status(order: Order) -> dict[str, Any]:
    """`filled` with what was filled when nothing rests, else `resting`."""
    reference: dict[str, Any] = {"oid": order.oid}
    if order.cloid:
        reference["cloid"] = order.cloid
    if order.filled and not order.is_open:
        average = order.filled_usd / order.filled
        price = format(round(average, 8).normalize(), "f")
        return {"filled": {"totalSz": text(order.filled), "avgPx": price} | reference}
    return {"resting": reference}


def _place_bracket(world: World, account: str, orders: list[dict[str, Any]], now_ms: int) -> list[Any]:
    """An entry and its children. They are noted before the entry matches, so that its outcome settles them."""
    requests = []
    for wire in orders:
        try:
            requests.append(_parse_order(wire))
        except OrderError as error:
            return [_refusal(error, wire["a"])]
    if requests[0].trigger_price is not None or not all(r.trigger_price and r.reduce_only for r in requests[1:]):
        return [{"error": f"Main order cannot be trigger order. asset={orders[0]['a']}"}]
    exchange = world.exchange
    for wire, request in zip(orders[1:], requests[1:], strict=True):
        if not _is_sane_child(world, request):
            return [_refusal(OrderError(errors.BAD_TRIGGER), wire["a"])]
    try:
        parent = exchange.place(account, requests[0], now_ms)
    except OrderError as error:
        return [_refusal(error, orders[0]["a"])] + ["waitingForFill"] * 0
    statuses: list[Any] = [_status(parent)]
    if not parent.is_open and parent.status != "filled":
        return statuses + [{"error": f"{errors.GONE} asset={wire['a']}"} for wire in orders[1:]]
    for request in requests[1:]:
        exchange.place(account, request, now_ms, parent=parent)
        statuses.append("waitingForFill" if parent.is_open else "waitingForTrigger")
    return statuses


def _is_sane_child(world: World, request: Request) -> bool:
    """A bracket's trigger must not be reached already."""
    mark = world.market.coins[request.coin.name].mark_price
    assert request.trigger_price is not None  # noqa: S101 - the caller has looked
    rises = request.is_buy == (request.trigger_kind == "sl")
    return mark < request.trigger_price if rises else mark > request.trigger_price


def _place_position_trigger(world: World, account: str, wire: dict[str, Any], now_ms: int) -> Any:
    try:
        request = _parse_order(wire)
        if request.trigger_price is None:
            raise OrderError("positionTpsl orders must be trigger orders.")
        held = abs(world.exchange.accounts[account].position_size(request.coin.name))
        request.size, request.reduce_only = held, True
        order = world.exchange.place(account, request, now_ms)
    except OrderError as error:
        return _refusal(error, wire["a"])
    order.is_position_tpsl = True
    return _status(order)


# Cancelling and changing.


def _cancel(world: World, account: str, action: dict[str, Any], now_ms: int) -> dict[str, Any]:
    return _statuses("cancel", [_cancel_one(world, account, row["o"], row["a"], now_ms) for row in action["cancels"]])


def _cancel_by_cloid(world: World, account: str, action: dict[str, Any], now_ms: int) -> dict[str, Any]:
    statuses = []
    for row in action["cancels"]:
        oid = world.exchange.cloids.get((account, row["cloid"].lower()), -1)
        statuses.append(_cancel_one(world, account, oid, row["asset"], now_ms))
    return _statuses("cancel", statuses)


def _cancel_one(world: World, account: str, oid: int, asset: int, now_ms: int) -> Any:
    try:
        world.exchange.cancel(account, oid, now_ms)
    except OrderError as error:
        return _refusal(error, asset)
    return "success"


def _replace(world: World, account: str, wanted: Any, wire: dict[str, Any], now_ms: int) -> Any:
    """Cancel and place anew: a new oid, the queue place is lost."""
    oid = world.exchange.cloids.get((account, wanted.lower()), -1) if isinstance(wanted, str) else wanted
    try:
        world.exchange.cancel(account, oid, now_ms)
    except OrderError:
        return {"error": "Cannot modify canceled or filled order"}
    return _place_one(world, account, wire, now_ms)


def _modify(world: World, account: str, action: dict[str, Any], now_ms: int) -> dict[str, Any]:
    status = _replace(world, account, action["oid"], action["order"], now_ms)
    if isinstance(status, dict) and "error" in status:
        raise ActionError(status["error"])
    return _default()


def _batch_modify(world: World, account: str, action: dict[str, Any], now_ms: int) -> dict[str, Any]:
    rows = action["modifies"]
    return _statuses("order", [_replace(world, account, row["oid"], row["order"], now_ms) for row in rows])


def _schedule_cancel(world: World, account: str, action: dict[str, Any], now_ms: int) -> dict[str, Any]:
    traded = world.exchange.accounts[account].volume_usd
    if traded < SCHEDULE_VOLUME_USD:
        raise ActionError(
            "Cannot set scheduled cancel time until enough volume traded. "
            f"Required: ${SCHEDULE_VOLUME_USD}. Traded: ${round(traded, 2)}."
        )
    raise ActionError("Scheduled cancels are not simulated yet.")


# Settings and transfers.


def _coin(action: dict[str, Any]) -> Coin:
    coin = BY_ASSET.get(action["asset"])
    if coin is None:
        raise ActionError(f"Asset {action['asset']} is not tradable.")
    return coin


def _update_leverage(world: World, account: str, action: dict[str, Any], now_ms: int) -> dict[str, Any]:
    world.exchange.set_leverage(account, _coin(action), int(action["leverage"]), bool(action["isCross"]))
    return _default()


def _update_margin(world: World, account: str, action: dict[str, Any], now_ms: int) -> dict[str, Any]:
    world.exchange.move_isolated_margin(account, _coin(action), Decimal(int(action["ntli"])) / MILLION)
    return _default()


def _noop(world: World, account: str, action: dict[str, Any], now_ms: int) -> dict[str, Any]:
    return _default()


def _not_here(world: World, account: str, action: dict[str, Any], now_ms: int) -> dict[str, Any]:
    raise ActionError(f"{action['type']} is not available on this exchange.")


def _user_signed(world: World, body: dict[str, Any], now_ms: int) -> dict[str, Any]:
    """Always applies to the recovered signer; an API wallet can't use these."""
    signer, action = user_signer(body), body["action"]
    if signer not in world.exchange.accounts:
        raise ActionError(f"Must deposit before performing actions. User: {signer}")
    world.keys.spend(signer, body["nonce"], now_ms)
    kind = action["type"]
    if kind == "approveAgent":
        address, name = action["agentAddress"].lower(), action.get("agentName") or ""
        world.keys.approve(Agent(address, signer, name, now_ms + AGENT_LIFE_MS))
        return _default()
    if kind == "usdSend":
        return _send(world, signer, action, now_ms)
    if kind == "usdClassTransfer":
        return _default()
    raise ActionError(f"{kind} is not available on this exchange.")


def _send(world: World, signer: str, action: dict[str, Any], now_ms: int) -> dict[str, Any]:
    amount, target = parse_number(action["amount"]), action["destination"].lower()
    sender = world.exchange.accounts[signer]
    from simulator.exchange.account import figures

    if amount is None or amount <= 0 or amount > figures(sender, world.exchange.marks()).withdrawable:
        raise ActionError("Insufficient balance for transfer.")
    sender.raw_usd -= amount
    world.exchange.deposit(target, amount, now_ms)
    world.exchange.changes.accounts.add(signer)
    return _default()


Handler = Callable[[World, str, dict[str, Any], int], dict[str, Any]]
_L1: dict[str, Handler] = {
    "order": _order,
    "cancel": _cancel,
    "cancelByCloid": _cancel_by_cloid,
    "modify": _modify,
    "batchModify": _batch_modify,
    "updateLeverage": _update_leverage,
    "updateIsolatedMargin": _update_margin,
    "scheduleCancel": _schedule_cancel,
    "noop": _noop,
    "setReferrer": _not_here,
    "createSubAccount": _not_here,
    "subAccountTransfer": _not_here,
    "vaultTransfer": _not_here,
    "evmUserModify": _not_here,
    "twapOrder": _not_here,
    "twapCancel": _not_here,
}
