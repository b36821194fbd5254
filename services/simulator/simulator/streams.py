"""WebSocket subscriptions: who wants what, and the messages that a step or an action makes for them. No I/O."""

import json
from collections.abc import Iterable
from typing import Any

from simulator.coins import COINS
from simulator.exchange.exchange import Changes
from simulator.market.candles import INTERVALS_MS, STORED
from simulator.market.coin import Trade
from simulator.wire import info
from simulator.wire.rows import ZERO_HASH, basic_order, clearinghouse_state, fill_row
from simulator.world import World

Key = tuple[str, ...]
LONG_CANDLE_MS = 1_000
PACE_MS = {
    "l2Book": 500,
    "activeAssetCtx": 1_000,
    **dict.fromkeys(("clearinghouseState", "openOrders", "activeAssetData"), 5_000),
}

COIN_TYPES = ("l2Book", "bbo", "trades", "activeAssetCtx")
USER_TYPES = (
    *("orderUpdates", "userEvents", "userFills", "userFundings", "userNonFundingLedgerUpdates"),
    *("clearinghouseState", "openOrders", "notification", "webData2", "webData3", "twapStates", "spotState"),
)


class InvalidSubscription(Exception):
    """Not a subscription that exists."""


def key_of(subscription: Any) -> Key:
    """What identifies a subscription. Raises InvalidSubscription."""
    if not isinstance(subscription, dict):
        raise InvalidSubscription
    kind = subscription.get("type")
    if kind == "allMids":
        return ("allMids",)
    if kind in COIN_TYPES and subscription.get("coin") in COINS:
        return (kind, subscription["coin"])
    if kind == "candle" and subscription.get("coin") in COINS and subscription.get("interval") in INTERVALS_MS:
        return (kind, subscription["coin"], subscription["interval"])
    user = subscription.get("user")
    if isinstance(user, str) and len(user) == 42:
        if kind in USER_TYPES:
            return (kind, user.lower())
        if kind == "activeAssetData" and subscription.get("coin") in COINS:
            return (kind, user.lower(), subscription["coin"])
    raise InvalidSubscription


def echoed(subscription: dict[str, Any]) -> dict[str, Any]:
    """The subscription as the acknowledgement repeats it."""
    extra = {"nSigFigs": None, "mantissa": None} if subscription["type"] == "l2Book" else {}
    echo = extra | subscription
    if isinstance(echo.get("user"), str):
        echo["user"] = echo["user"].lower()
    return echo


def message(channel: str, data: Any) -> str:
    return json.dumps({"channel": channel, "data": data}, separators=(",", ":"))


def first_messages(world: World, key: Key, now_ms: int) -> list[str]:
    """What a new subscriber gets at once."""
    kind = key[0]
    time_ms = world.market.time_ms
    if kind == "allMids":
        return [message("allMids", {"mids": info.all_mids(world)})]
    if kind in COIN_TYPES or kind == "candle":
        return [market_message(world, key, time_ms)]
    user = key[1]
    if kind == "userFills":
        return [message(kind, {"user": user, "fills": info.user_fills(world, user), "isSnapshot": True})]
    if kind == "userFundings":
        rows = [_funding(row) for row in world.histories.fundings.get(user, [])]
        return [message(kind, {"user": user, "fundings": rows, "isSnapshot": True})]
    if kind == "userNonFundingLedgerUpdates":
        rows = [row | {"hash": ZERO_HASH} for row in world.histories.ledger.get(user, [])]
        return [message(kind, {"user": user, "nonFundingLedgerUpdates": rows, "isSnapshot": True})]
    return _state_messages(world, key)


def _state_messages(world: World, key: Key) -> list[str]:
    kind, user = key[0], key[1]
    if kind == "clearinghouseState":
        account = world.exchange.accounts.get(user)
        state = clearinghouse_state(account, world.exchange.marks(), world.market.time_ms)
        return [message(kind, {"dex": "", "user": user, "clearinghouseState": state})]
    if kind == "openOrders":
        return [message(kind, {"dex": "", "user": user, "orders": info.frontend_open_orders(world, user)})]
    if kind == "activeAssetData":
        return [message(kind, info.active_asset_data(world, user, key[2]))]
    return []


def market_message(world: World, key: Key, time_ms: int) -> str:
    """The current state of one market subscription."""
    kind, name = key[0], key[1]
    market = world.market.coins[name]
    if kind == "l2Book":
        return message(kind, info.book(market, time_ms))
    if kind == "bbo":
        tops = [
            {"px": row[0]["px"], "sz": row[0]["sz"], "n": row[0]["n"]}
            for row in info.book(market, time_ms, 1)["levels"]
        ]
        return message(kind, {"coin": name, "time": time_ms, "bbo": tops})
    if kind == "trades":
        return message(kind, [info.trade_row(name, trade) for trade in market.trades[-20:]])
    if kind == "activeAssetCtx":
        return message(kind, {"coin": name, "ctx": info.context(world, name)})
    series = market.candles.read(key[2], 0, time_ms)
    return message("candle", info.candle_row(market.coin, key[2], series[-1]))


def _funding(row: dict[str, Any]) -> dict[str, Any]:
    delta = {name: value for name, value in row["delta"].items() if name != "type"}
    return {"time": row["time"]} | delta


class Pacer:
    """Remembers what was last sent of each market subscription, so that only changes go out, at the real one's pace."""

    def __init__(self) -> None:
        self._sent_ms: dict[Key, int] = {}
        self._last: dict[Key, Any] = {}

    def step_messages(
        self, world: World, wanted: Iterable[Key], trades: dict[str, list[Trade]], now_ms: int
    ) -> list[tuple[Key, str]]:
        """The messages of one market step for the subscriptions somebody has."""
        out: list[tuple[Key, str]] = []
        for key in wanted:
            kind = key[0]
            if kind == "allMids":
                out.append((key, message(kind, {"mids": info.all_mids(world)})))
            elif kind == "trades":
                rows = [info.trade_row(key[1], trade) for trade in trades.get(key[1], [])]
                if rows:
                    out.append((key, message(kind, rows)))
            elif kind == "bbo":
                market = world.market.coins[key[1]]
                tops = (market.bids[0].price, market.bids[0].size, market.asks[0].price, market.asks[0].size)
                if self._last.get(key) != tops:
                    self._last[key] = tops
                    out.append((key, market_message(world, key, now_ms)))
            elif kind == "candle":
                if key[2] not in STORED and not self._is_due(key, now_ms, LONG_CANDLE_MS):
                    continue
                if trades.get(key[1]) or key not in self._last:
                    self._last[key] = now_ms
                    out.append((key, market_message(world, key, now_ms)))
            elif kind in PACE_MS and self._is_due(key, now_ms, PACE_MS[kind]):
                if kind in ("l2Book", "activeAssetCtx"):
                    out.append((key, market_message(world, key, now_ms)))
                else:
                    out += [(key, text) for text in _state_messages(world, key)]
        return out

    def _is_due(self, key: Key, now_ms: int, every_ms: int) -> bool:
        if now_ms - self._sent_ms.get(key, 0) < every_ms:
            return False
        self._sent_ms[key] = now_ms
        return True


def change_messages(changes: Changes, wanted: set[Key], now_ms: int) -> list[tuple[Key, str]]:
    """The messages that an action or a step makes for its users' subscriptions."""
    out: list[tuple[Key, str]] = []
    for account in {order.account for _, order, _ in changes.updates}:
        key = ("orderUpdates", account)
        if key in wanted:
            rows = [
                {"order": _without_reduce_only(basic_order(order)), "status": status, "statusTimestamp": now_ms}
                for owner, order, status in changes.updates
                if owner == account
            ]
            out.append((key, message("orderUpdates", rows)))
    for account in {fill.account for fill in changes.fills}:
        fills = [fill_row(fill) for fill in changes.fills if fill.account == account]
        if ("userFills", account) in wanted:
            out.append((("userFills", account), message("userFills", {"user": account, "fills": fills})))
        if ("userEvents", account) in wanted:
            out.append((("userEvents", account), message("user", {"fills": fills})))
    for account, row in changes.fundings:
        if ("userFundings", account) in wanted:
            data = {"user": account, "fundings": [_funding(row)]}
            out.append((("userFundings", account), message("userFundings", data)))
        if ("userEvents", account) in wanted:
            out.append((("userEvents", account), message("user", {"funding": _funding(row)})))
    return out


def _without_reduce_only(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "reduceOnly"}
