"""Subscriptions: parsing, the key that identifies one, and the form in which the acknowledgment repeats it."""

import json
from collections.abc import Container
from typing import Any

from simulator.market.candles import INTERVALS_MS
from simulator.wire.info.other_dexes import MAIN
from simulator.wire.requests import ADDRESS

Key = tuple[Any, ...]
"""(type, user or coin, …): what identifies a subscription."""

COIN_TYPES = ("bbo", "trades", "activeAssetCtx")
USER_TYPES = frozenset(
    {
        "orderUpdates",
        "userEvents",
        "userFills",
        "userFundings",
        "userNonFundingLedgerUpdates",
        "notification",
        "clearinghouseState",
        "openOrders",
        "webData2",
        "webData3",
        "twapStates",
        "spotState",
        "userTwapSliceFills",
        "userTwapHistory",
        "userHistoricalOrders",
        "allDexsClearinghouseState",
    }
)
ALL_TYPES = ("allMids", "allDexsAssetCtxs", "assetCtxs", "fastAssetCtxs")


class InvalidSubscription(Exception):
    """The exchange has no such subscription."""


def key_of(subscription: Any, coins: Container[str]) -> Key:
    """What identifies a subscription on an exchange that lists `coins`. Raises InvalidSubscription."""
    if not isinstance(subscription, dict) or not isinstance(subscription.get("type"), str):
        raise InvalidSubscription
    kind, coin, user = subscription["type"], subscription.get("coin"), subscription.get("user")
    if subscription.get("dex") not in MAIN:
        raise InvalidSubscription
    if kind in ALL_TYPES:
        return (kind,)
    listed = coin if isinstance(coin, str) and coin in coins else None
    key = None
    if listed is not None:
        key = _coin_key(subscription, listed)
    if key is None and isinstance(user, str) and ADDRESS.fullmatch(user):
        key = _user_key(kind, user.lower(), listed)
    if key is None:
        raise InvalidSubscription
    return key


def _coin_key(subscription: dict[str, Any], coin: str) -> Key | None:
    """None when the type isn't one of a coin's market. Raises InvalidSubscription."""
    kind, interval = subscription["type"], subscription.get("interval")
    if kind in COIN_TYPES:
        return (kind, coin)
    if kind == "l2Book":
        return _book_key(subscription)
    if kind == "candle" and isinstance(interval, str) and interval in INTERVALS_MS:
        return (kind, coin, interval)
    return None


def _user_key(kind: str, user: str, coin: str | None) -> Key | None:
    """None when the type isn't one of a user's."""
    if kind in USER_TYPES:
        return (kind, user)
    if kind == "activeAssetData" and coin is not None:
        return (kind, user, coin)
    return None


def _book_key(subscription: dict[str, Any]) -> Key:
    figures, mantissa = subscription.get("nSigFigs"), subscription.get("mantissa")
    if any(value is not None and type(value) is not int for value in (figures, mantissa)):
        raise InvalidSubscription
    if figures not in (None, 2, 3, 4, 5) or mantissa not in (None, 1, 2, 5) or (mantissa and figures != 5):
        raise InvalidSubscription
    return ("l2Book", subscription["coin"], figures, mantissa, bool(subscription.get("fast")))


def user_in(key: Key) -> str | None:
    """The user address of a subscription, or None for one about the market."""
    return key[1] if len(key) > 1 and isinstance(key[1], str) and key[1].startswith("0x") else None


def echoed(subscription: dict[str, Any]) -> dict[str, Any]:
    """The subscription as the acknowledgment repeats it: addresses lower-case, some fields added."""
    extra: dict[str, Any] = {}
    if subscription["type"] == "l2Book":
        extra = {"nSigFigs": None, "mantissa": None}
    if subscription["type"] == "userFills":
        extra = {"aggregateByTime": False}
    echo = subscription | {name: value for name, value in extra.items() if name not in subscription}
    if isinstance(echo.get("user"), str):
        echo["user"] = echo["user"].lower()
    return echo


def compact(content: Any) -> str:
    return json.dumps(content, separators=(",", ":"))


def message(channel: str, data: Any) -> str:
    return compact({"channel": channel, "data": data})
