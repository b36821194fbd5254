"""The /info types about accounts: state, orders, fills, portfolio, ledgers."""

from decimal import Decimal
from itertools import groupby
from typing import Any

from simulator.exchange.state.account import Account, figures, total_usd
from simulator.exchange.trading.margin import available_usd, hold_usd
from simulator.exchange.world import World
from simulator.numbers import number_text, truncated_text
from simulator.wire.requests import ADDRESS, BadRequest
from simulator.wire.rows import (
    ZERO_HASH,
    basic_order,
    clearinghouse_state,
    fill_row,
    frontend_order,
    leverage_row,
    rows_in_range,
    slice_row,
    twap_event,
)

Body = dict[str, Any]

MAX_FILLS = 2_000
MAX_ROWS = 500
SPANS_MS = {"day": 86_400_000, "week": 7 * 86_400_000, "month": 30 * 86_400_000, "allTime": None}


def user_of(body: Body) -> str:
    """The lower-case address a request is about."""
    user = body["user"]
    if not isinstance(user, str) or not ADDRESS.fullmatch(user):
        raise BadRequest
    return user.lower()


def account_of(world: World, body: Body) -> Account:
    user = user_of(body)
    return world.exchange.accounts.get(user) or Account(user)


def state(world: World, user: str, now_ms: int | None = None) -> Body:
    """clearinghouseState at a wall time; without one as of the last step."""
    account = world.exchange.accounts.get(user)
    time_ms = world.time_ms if now_ms is None else world.stamp_ms(now_ms)
    return clearinghouse_state(account, world.exchange.marks(), time_ms)


def spot_state(world: World, body: Body, now_ms: int) -> Any:
    """The spot balances; where perpetuals have no balance of their own, also what positions and orders hold of it."""
    account = account_of(world, body)
    outcomes = [_balance(name, amount, Decimal(0)) for name, amount in account.outcomes.items()]
    if not account.is_pooled:
        usdc = [_balance("USDC", account.spot_usd, Decimal(0), token=0)] if account.spot_usd else []
        return {"balances": usdc + outcomes}
    total = total_usd(account)
    hold = min(total, hold_usd(world.exchange, account))
    return {
        "balances": [_balance("USDC", total, hold, token=0), *outcomes],
        "tokenToAvailableAfterMaintenance": [[0, truncated_text(total - hold, 8)]],
    }


def _balance(coin: str, total: Decimal, hold: Decimal, **token: int) -> Body:
    amounts = {"total": truncated_text(total, 8), "hold": truncated_text(hold, 8), "entryNtl": "0.0"}
    return {"coin": coin, **token} | amounts


def active_asset_data(world: World, user: str, name: str) -> Body:
    """What a user could trade of a coin, with the default leverage for a user that has set none."""
    exchange = world.exchange
    account = exchange.accounts.get(user) or Account(user)
    market = world.market.coins[name]
    coin = market.coin
    setting, held = account.leverage_of(coin), account.positions.get(name)
    free = max(Decimal(0), available_usd(exchange, account))
    step = coin.lot
    closing = abs(held.size) if held else Decimal(0)
    open_size = (free * setting.value / market.mark_price).quantize(step, rounding="ROUND_DOWN")
    sides = [open_size + (2 * closing if held and (held.size > 0) != is_buy else 0) for is_buy in (True, False)]
    isolated = held.raw_usd if held and not held.is_cross else None
    return {
        "user": user,
        "coin": name,
        "leverage": leverage_row(setting.value, setting.is_cross, isolated),
        "maxTradeSzs": [number_text(size) for size in sides],
        "availableToTrade": [truncated_text(size * market.mark_price / setting.value) for size in sides],
        "markPx": market.mark_text,
    }


def _asset_data(world: World, body: Body, now_ms: int) -> Any:
    if body["coin"] not in world.market.coins:
        raise BadRequest
    return active_asset_data(world, user_of(body), body["coin"])


def open_orders(world: World, user: str) -> list[Body]:
    return [basic_order(order) for order in world.exchange.open_of(user)]


def frontend_open_orders(world: World, user: str) -> list[Body]:
    live = world.exchange.orders
    return [frontend_order(order, live) for order in world.exchange.open_of(user)]


def user_fills(world: World, user: str) -> list[Body]:
    """Newest first."""
    return [fill_row(fill) for fill in reversed(world.histories.fills.get(user, []))][:MAX_FILLS]


def _fills(world: World, body: Body, now_ms: int) -> Any:
    rows = user_fills(world, user_of(body))
    return _merged(rows) if body.get("aggregateByTime") else rows


def _fills_by_time(world: World, body: Body, now_ms: int) -> Any:
    rows = rows_in_range(list(reversed(user_fills(world, user_of(body)))), body, MAX_FILLS)
    return _merged(rows) if body.get("aggregateByTime") else rows


def _merged(rows: list[Body]) -> list[Body]:
    """The fills of one order at one time and price merged into one."""
    merged = []
    for _, group in groupby(rows, key=lambda row: (row["oid"], row["time"], row["px"], row["crossed"])):
        parts = list(group)
        whole = dict(parts[0])
        for name in ("sz", "fee", "closedPnl"):
            whole[name] = number_text(sum((Decimal(part[name]) for part in parts), Decimal(0)))
        merged.append(whole)
    return merged


def _twap_fills(world: World, body: Body, now_ms: int) -> Any:
    fills = [fill for fill in world.histories.fills.get(user_of(body), []) if fill.twap_id is not None]
    return [slice_row(fill) for fill in reversed(fills)][:MAX_FILLS]


def _twap_fills_by_time(world: World, body: Body, now_ms: int) -> Any:
    fills = world.histories.fills.get(user_of(body), [])
    slices = {fill.tid: fill for fill in fills if fill.twap_id is not None}
    rows = [fill_row(fill) for fill in slices.values()]
    return [slice_row(slices[row["tid"]]) for row in rows_in_range(rows, body, MAX_FILLS)]


def _twap_history(world: World, body: Body, now_ms: int) -> Any:
    rows = world.histories.twap_events.get(user_of(body), [])
    return [twap_event(twap, at_ms) for twap, at_ms in reversed(rows)]


def _order_status(world: World, body: Body, now_ms: int) -> Any:
    user, oid = user_of(body), body["oid"]
    if isinstance(oid, bool) or not isinstance(oid, int | str):
        raise BadRequest
    if isinstance(oid, str):
        oid = world.exchange.cloids.get((user, oid.lower()), -1)
    order = world.exchange.orders.get(oid) or world.histories.orders.get(oid)
    if order is None or order.account != user:
        return {"status": "unknownOid"}
    row = frontend_order(order, world.exchange.orders)
    return {"status": "order", "order": {"order": row, "status": order.status, "statusTimestamp": order.status_ms}}


def _history(world: World, body: Body, now_ms: int) -> Any:
    events = world.histories.order_events.get(user_of(body), [])
    live = world.exchange.orders
    return [
        {"order": frontend_order(order, live), "status": status, "statusTimestamp": at}
        for order, status, at in reversed(events[-MAX_FILLS:])
    ]


def _portfolio(world: World, body: Body, now_ms: int) -> Any:
    """Sampled equity and profit per span; the last point is the current one."""
    account = account_of(world, body)
    value = figures(account, world.exchange.marks()).account_value + account.spot_usd
    now = world.market.time_ms
    samples = [*world.histories.equity.get(account.address, []), (now, value, account.paid_in_usd, account.volume_usd)]
    rows: list[Any] = []
    for prefix in ("", "perp"):
        for span, length in SPANS_MS.items():
            kept = [sample for sample in samples if length is None or sample[0] >= now - length]
            first = kept[0]
            row = {
                "accountValueHistory": [[at, number_text(round(usd, 6))] for at, usd, _, _ in kept],
                "pnlHistory": [
                    [at, number_text(round((usd - paid) - (first[1] - first[2]), 6))] for at, usd, paid, _ in kept
                ],
                "vlm": number_text(round(kept[-1][3] - first[3], 6)),
            }
            rows.append([span if not prefix else f"perp{span[0].upper()}{span[1:]}", row])
    return rows


def _funding(world: World, body: Body, now_ms: int) -> Any:
    rows = [row | {"hash": ZERO_HASH} for row in world.histories.fundings.get(user_of(body), [])]
    return rows_in_range(rows, body, MAX_ROWS)


def _ledger(world: World, body: Body, now_ms: int) -> Any:
    rows = [row | {"hash": ZERO_HASH} for row in world.histories.ledger.get(user_of(body), [])]
    return rows_in_range(rows, body, MAX_ROWS)


ANSWERS = {
    "clearinghouseState": lambda world, body, now_ms: state(world, user_of(body), now_ms),
    "spotClearinghouseState": spot_state,
    "activeAssetData": _asset_data,
    "openOrders": lambda world, body, now_ms: open_orders(world, user_of(body)),
    "frontendOpenOrders": lambda world, body, now_ms: frontend_open_orders(world, user_of(body)),
    "orderStatus": _order_status,
    "historicalOrders": _history,
    "userFills": _fills,
    "userFillsByTime": _fills_by_time,
    "userTwapSliceFills": _twap_fills,
    "userTwapSliceFillsByTime": _twap_fills_by_time,
    "twapHistory": _twap_history,
    "userFunding": _funding,
    "userNonFundingLedgerUpdates": _ledger,
    "portfolio": _portfolio,
}
