"""The messages of each subscription: the first ones, the current state, and those that changes cause. No I/O."""

from typing import Any

from simulator.exchange.order_status import CANCELS_BY_EXCHANGE
from simulator.exchange.state.deviations import ODD_ROWS
from simulator.exchange.state.exchange import Changes
from simulator.exchange.state.orders import Fill
from simulator.exchange.world import World
from simulator.numbers import number_text
from simulator.wire.info import account_info, market_info
from simulator.wire.info.odd_rows import with_odd_rows
from simulator.wire.info.web_data import web_data2, web_data3
from simulator.wire.rows import ZERO_HASH, basic_order, fill_row, slice_row, twap_event, twap_state
from simulator.wire.streams.subscriptions import Key, message, user_in

FAST_LEVELS = 5
STATE_TYPES = frozenset(
    {
        "clearinghouseState",
        "openOrders",
        "activeAssetData",
        "webData2",
        "webData3",
        "twapStates",
        "spotState",
        "allDexsClearinghouseState",
    }
)
HISTORY_SHOWN = 500


def first_messages(world: World, key: Key, now_ms: int) -> list[str]:
    """The messages that follow the acknowledgment of a new subscription."""
    kind = key[0]
    user = user_in(key)
    if user is None:
        return [market_message(world, key)]
    if kind == "userFills":
        return [message(kind, {"user": user, "fills": account_info.user_fills(world, user), "isSnapshot": True})]
    if kind == "userFundings":
        rows = [_funding(row) for row in world.histories.fundings.get(user, [])]
        return [message(kind, {"user": user, "fundings": rows[-HISTORY_SHOWN:], "isSnapshot": True})]
    if kind == "userNonFundingLedgerUpdates":
        rows = [row | {"hash": ZERO_HASH} for row in world.histories.ledger.get(user, [])]
        return [message(kind, {"user": user, "nonFundingLedgerUpdates": rows[-HISTORY_SHOWN:], "isSnapshot": True})]
    if kind == "userTwapSliceFills":
        rows = account_info.ANSWERS["userTwapSliceFills"](world, {"user": user}, now_ms)
        return [message(kind, {"user": user, "twapSliceFills": rows, "isSnapshot": True})]
    if kind == "userTwapHistory":
        rows = account_info.ANSWERS["twapHistory"](world, {"user": user}, now_ms)
        return [message(kind, {"user": user, "history": rows, "isSnapshot": True})]
    if kind == "userHistoricalOrders":
        rows = account_info.ANSWERS["historicalOrders"](world, {"user": user}, now_ms)
        return [message(kind, {"user": user, "orderHistory": rows, "isSnapshot": True})]
    return state_messages(world, key)


def state_messages(world: World, key: Key) -> list[str]:
    """The whole state, for subscriptions that repeat it; [] for those that only send changes."""
    kind, user = key[0], str(key[1])
    if kind == "clearinghouseState":
        return [message(kind, {"dex": "", "user": user, "clearinghouseState": account_info.state(world, user)})]
    if kind == "allDexsClearinghouseState":
        rows = [["", account_info.state(world, user)]]
        return [message(kind, {"user": user, "clearinghouseStates": rows})]
    if kind == "openOrders":
        orders = account_info.frontend_open_orders(world, user)
        return [message(kind, {"dex": "", "user": user, "orders": orders})]
    if kind == "activeAssetData":
        return [message(kind, account_info.active_asset_data(world, user, str(key[2])))]
    if kind == "spotState":
        state = account_info.spot_state(world, {"user": user}, world.market.time_ms)
        return [message(kind, {"user": user, "spotState": state})]
    if kind == "twapStates":
        running = [[twap.id, twap_state(twap)] for twap in world.exchange.twaps.values() if twap.account == user]
        return [message(kind, {"dex": "", "user": user, "states": running})]
    if kind in ("webData2", "webData3"):
        return [message(kind, web_data2(world, user) if kind == "webData2" else web_data3(world, user))]
    return []


def market_message(world: World, key: Key) -> str:
    """The current state of one market subscription."""
    kind = key[0]
    if kind == "allMids":
        return message(kind, {"mids": market_info.all_mids(world)})
    if kind == "allDexsAssetCtxs":
        return message(kind, {"ctxs": [["", market_info.contexts(world)]]})
    if kind == "assetCtxs":
        return message(kind, {"dex": "", "ctxs": market_info.contexts(world)})
    if kind == "fastAssetCtxs":
        return message(kind, market_info.fast_contexts(world))
    name = str(key[1])
    market = world.market.coins[name]
    if kind == "l2Book":
        return message(kind, _book(world, key))
    if kind == "bbo":
        tops = [side[0] if side else None for side in market_info.book(world, name, 1)["levels"]]
        return message(kind, {"coin": name, "time": world.time_ms, "bbo": tops})
    if kind == "trades":
        return message(kind, [market_info.trade_row(name, trade) for trade in market.trades[-20:]])
    if kind == "activeAssetCtx":
        return message(kind, {"coin": name, "ctx": market_info.context(world, name)})
    return message("candle", market_info.candle_row(market.coin, str(key[2]), market.candles.newest(str(key[2]))))


def _book(world: World, key: Key) -> dict[str, Any]:
    _, name, figures, mantissa, is_fast = key
    if figures is None:
        return market_info.book(world, name, FAST_LEVELS if is_fast else market_info.MAX_LEVELS)
    asked = {"coin": name, "nSigFigs": figures, "mantissa": mantissa}
    book: dict[str, Any] = market_info.aggregated_book(world, asked, 0)
    return book


def _funding(row: dict[str, Any]) -> dict[str, Any]:
    delta = {name: value for name, value in row["delta"].items() if name != "type"}
    return {"time": row["time"]} | delta


def change_messages(world: World, changes: Changes, subscribed: set[Key], now_ms: int) -> list[tuple[Key, str]]:
    """The messages that changes cause for the `subscribed` keys: those of the users concerned, and public trades."""
    touched = changes.accounts | {account for account, _, _ in changes.updates}
    touched |= {twap.account for twap in changes.twaps.values()}
    odd = {kind: _with_odd_rows(world, kind, touched) for kind in ("orderUpdates", "userFills")}
    out = [
        *_order_messages(changes, now_ms, odd["orderUpdates"]),
        *_fill_messages(changes.fills, odd["userFills"]),
        *_twap_messages(changes),
        *_cash_messages(changes),
    ]
    for key in subscribed:
        if key[0] in STATE_TYPES and key[1] in touched:
            out += [(key, text) for text in state_messages(world, key)]
    return [(key, text) for key, text in out if key in subscribed]


def _with_odd_rows(world: World, kind: str, users: set[str]) -> set[str]:
    """The users whose messages of this kind get rows and statuses that no client knows."""
    deviations, now_ms = world.exchange.deviations, world.market.time_ms
    if not deviations.reads:
        return set()
    return {user for user in users if any(each.kind == ODD_ROWS for each in deviations.of_read(kind, user, now_ms))}


def _order_messages(changes: Changes, now_ms: int, odd: set[str]) -> list[tuple[Key, str]]:
    """Updates of orders, and those that the exchange itself has cancelled."""
    out: list[tuple[Key, str]] = []
    for account in dict.fromkeys(account for account, _, _ in changes.updates):
        rows = [(order, status) for owner, order, status in changes.updates if owner == account]
        updates = [
            {"order": _without_reduce_only(basic_order(order)), "status": status, "statusTimestamp": now_ms}
            for order, status in rows
        ]
        updates = with_odd_rows("orderUpdates", updates) if account in odd else updates
        out.append((("orderUpdates", account), message("orderUpdates", updates)))
        ended = [{"coin": order.coin, "oid": order.oid} for order, status in rows if status in CANCELS_BY_EXCHANGE]
        if ended:
            out.append((("userEvents", account), message("user", {"nonUserCancel": ended})))
    return out


def _twap_messages(changes: Changes) -> list[tuple[Key, str]]:
    """New statuses of TWAPs."""
    out: list[tuple[Key, str]] = []
    for account in dict.fromkeys(twap.account for twap, _ in changes.twap_events):
        rows = [twap_event(twap, at_ms) for twap, at_ms in changes.twap_events if twap.account == account]
        out.append((("userTwapHistory", account), message("userTwapHistory", {"user": account, "history": rows})))
        out.append((("userEvents", account), message("user", {"twapHistory": rows})))
    return out


def _cash_messages(changes: Changes) -> list[tuple[Key, str]]:
    """Funding payments, liquidations and the other movements of an account's cash."""
    out: list[tuple[Key, str]] = []
    for account, row in changes.fundings:
        out.append((("userFundings", account), message("userFundings", {"user": account, "fundings": [_funding(row)]})))
        out.append((("userEvents", account), message("user", {"funding": _funding(row)})))
    for account, row in changes.liquidations:
        out.append((("userEvents", account), message("user", {"liquidation": row})))
    for account, row in changes.ledger:
        data = {"user": account, "nonFundingLedgerUpdates": [row | {"hash": ZERO_HASH}]}
        out.append((("userNonFundingLedgerUpdates", account), message("userNonFundingLedgerUpdates", data)))
    return out


def _fill_messages(fills: list[Fill], odd: set[str]) -> list[tuple[Key, str]]:
    out: list[tuple[Key, str]] = []
    for account in dict.fromkeys(fill.account for fill in fills):
        rows = [fill_row(fill) for fill in fills if fill.account == account]
        rows = with_odd_rows("userFills", rows) if account in odd else rows
        out.append((("userFills", account), message("userFills", {"user": account, "fills": rows})))
        out.append((("userEvents", account), message("user", {"fills": rows})))
    for account in dict.fromkeys(fill.account for fill in fills if fill.twap_id is not None):
        slices = [slice_row(fill) for fill in fills if fill.account == account and fill.twap_id is not None]
        data = {"user": account, "twapSliceFills": slices}
        out.append((("userTwapSliceFills", account), message("userTwapSliceFills", data)))
        out.append((("userEvents", account), message("user", {"twapSliceFills": slices})))
    return [*out, *_trade_messages(fills)]


def _trade_messages(fills: list[Fill]) -> list[tuple[Key, str]]:
    """The accounts' fills as public trades."""
    out: list[tuple[Key, str]] = []
    for coin in dict.fromkeys(fill.coin for fill in fills):
        trades = [_trade_of(fill) for fill in fills if fill.coin == coin and (fill.crossed or not fill.counterparty)]
        out.append((("trades", coin), message("trades", trades)))
    return out


def _trade_of(fill: Fill) -> dict[str, Any]:
    """An account's fill as the public trades stream shows it; side is the aggressor's."""
    other = fill.counterparty or market_info.MAKER_PLACEHOLDER
    return {
        "coin": fill.coin,
        "side": "B" if fill.is_buy == fill.crossed else "A",
        "px": number_text(fill.price),
        "sz": number_text(fill.size),
        "time": fill.time_ms,
        "hash": fill_row(fill)["hash"],
        "tid": fill.tid,
        "users": [fill.account, other] if fill.is_buy else [other, fill.account],
    }


def _without_reduce_only(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "reduceOnly"}
