"""POST /info: one function per type, in one table. An unknown type or a wrong field is a 422, as on the real one."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from simulator.coins import COINS, Coin, margin_table, meta, spot_meta, universe
from simulator.exchange.account import Account, figures
from simulator.market.candles import INTERVALS_MS, Candle
from simulator.market.coin import CoinMarket, Trade
from simulator.wire.formats import round_price, text, truncated
from simulator.wire.requests import BadRequest
from simulator.wire.rows import (
    ZERO_HASH,
    basic_order,
    clearinghouse_state,
    fill_row,
    frontend_order,
    leverage_row,
)
from simulator.world import World

MAX_FILLS = 2_000
MAX_CANDLES = 5_000
MAX_ROWS = 500
DELISTED_CTX = {
    "funding": "0.0",
    "openInterest": "0.0",
    "prevDayPx": "1.0",
    "dayNtlVlm": "0.0",
    "premium": None,
    "oraclePx": "1.0",
    "markPx": "1.0",
    "midPx": None,
    "impactPxs": None,
    "dayBaseVlm": "0.0",
}
HOUSE = "0x" + "11" * 20
CROWD = "0x" + "22" * 20


def answer(world: World, body: Any, now_ms: int) -> Any:
    """The answer to one /info request. Raises BadRequest."""
    if not isinstance(body, dict) or body.get("type") not in _TYPES:
        raise BadRequest
    try:
        return _TYPES[body["type"]](world, body, now_ms)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadRequest from error


def _user(body: dict[str, Any]) -> str:
    user = body["user"]
    if not (isinstance(user, str) and len(user) == 42 and int(user, 16) >= 0):
        raise BadRequest
    return user.lower()


def _account(world: World, body: dict[str, Any]) -> Account | None:
    return world.exchange.accounts.get(_user(body))


def context(world: World, name: str) -> dict[str, Any]:
    """One coin's asset context."""
    market = world.market.coins[name]
    previous, day_usd, day_coin = world.market.day_figures(name)
    bid, ask = (text(Decimal(repr(round_price(market.coin, price)))) for price in market.impact_prices())
    return {
        "funding": text(Decimal(repr(round(market.funding_rate(), 10)))),
        "openInterest": text(Decimal(repr(round(market.open_interest, market.coin.size_decimals)))),
        "prevDayPx": text(Decimal(repr(round_price(market.coin, previous)))),
        "dayNtlVlm": text(Decimal(repr(round(day_usd, 6)))),
        "premium": text(Decimal(repr(round(market.last_premium, 10)))),
        "oraclePx": market.oracle_text,
        "markPx": market.mark_text,
        "midPx": market.mid_text,
        "impactPxs": [bid, ask],
        "dayBaseVlm": text(Decimal(repr(round(day_coin, market.coin.size_decimals)))),
    }


def _contexts(world: World) -> list[dict[str, Any]]:
    return [context(world, row["name"]) if row["name"] in COINS else dict(DELISTED_CTX) for row in universe()]


def all_mids(world: World) -> dict[str, str]:
    return {name: market.mid_text for name, market in world.market.coins.items()}


def book(market: CoinMarket, time_ms: int, levels: int = 20) -> dict[str, Any]:
    """A full book snapshot, bids descending, asks ascending."""
    sides = [
        [{"px": text(level.price), "sz": text(level.size), "n": level.count} for level in side[:levels]]
        for side in (market.bids, market.asks)
    ]
    return {"coin": market.coin.name, "time": time_ms, "levels": sides}


def candle_row(coin: Coin, interval: str, candle: Candle) -> dict[str, Any]:
    open_, close, high, low = (
        text(Decimal(repr(round_price(coin, price)))) for price in (candle.open, candle.close, candle.high, candle.low)
    )
    return {
        "t": candle.open_ms,
        "T": candle.open_ms + INTERVALS_MS[interval] - 1,
        "s": coin.name,
        "i": interval,
        "o": open_,
        "c": close,
        "h": high,
        "l": low,
        "v": text(Decimal(repr(round(candle.volume, coin.size_decimals)))),
        "n": candle.count,
    }


def trade_row(coin: str, trade: Trade) -> dict[str, Any]:
    users = [CROWD, HOUSE] if trade.side == "B" else [HOUSE, CROWD]
    return {
        "coin": coin,
        "side": trade.side,
        "px": text(Decimal(repr(trade.price))),
        "sz": text(trade.size),
        "time": trade.time_ms,
        "hash": ZERO_HASH,
        "tid": trade.tid,
        "users": users,
    }


def active_asset_data(world: World, user: str, name: str) -> dict[str, Any]:
    """What a user could trade of a coin; the default leverage of a fresh user shows here."""
    account = world.exchange.accounts.get(user) or Account(user)
    coin, market = COINS[name], world.market.coins[name]
    setting = account.leverage_of(coin)
    free = figures(account, world.exchange.marks()).withdrawable
    size = text((free * setting.value / market.mark_price).quantize(Decimal(1).scaleb(-coin.size_decimals)))
    return {
        "user": user,
        "coin": name,
        "leverage": leverage_row(setting.value, setting.is_cross),
        "maxTradeSzs": [size, size],
        "availableToTrade": [truncated(free), truncated(free)],
        "markPx": market.mark_text,
    }


def open_orders(world: World, user: str) -> list[dict[str, Any]]:
    return [basic_order(order) for order in world.exchange.orders.values() if order.account == user]


def frontend_open_orders(world: World, user: str) -> list[dict[str, Any]]:
    live = world.exchange.orders
    return [frontend_order(order, live) for order in live.values() if order.account == user]


def user_fills(world: World, user: str) -> list[dict[str, Any]]:
    """Newest first."""
    return [fill_row(fill) for fill in reversed(world.histories.fills.get(user, []))][:MAX_FILLS]


def _order_status(world: World, body: dict[str, Any], now_ms: int) -> Any:
    user, wanted = _user(body), body["oid"]
    if isinstance(wanted, str):
        wanted = world.exchange.cloids.get((user, wanted.lower()), -1)
    order = world.exchange.orders.get(wanted) or world.histories.orders.get(wanted)
    if order is None or order.account != user:
        return {"status": "unknownOid"}
    row = frontend_order(order, world.exchange.orders)
    return {"status": "order", "order": {"order": row, "status": order.status, "statusTimestamp": order.status_ms}}


def _candles(world: World, body: dict[str, Any], now_ms: int) -> Any:
    request = body["req"]
    coin, interval = request["coin"], request["interval"]
    if interval not in INTERVALS_MS:
        raise BadRequest
    if coin not in COINS:
        return []
    end = request.get("endTime")
    end = now_ms if end is None else int(end)
    found = world.market.coins[coin].candles.read(interval, int(request["startTime"]), end)
    return [candle_row(COINS[coin], interval, candle) for candle in found[-MAX_CANDLES:]]


def _within(rows: list[dict[str, Any]], body: dict[str, Any], most: int) -> list[dict[str, Any]]:
    """Rows of an inclusive time range, oldest first, one page."""
    start = int(body["startTime"])
    end = body.get("endTime")
    return [row for row in rows if start <= row["time"] and (end is None or row["time"] <= end)][:most]


def _book(world: World, body: dict[str, Any], now_ms: int) -> Any:
    market = world.market.coins.get(body["coin"])
    return None if market is None else book(market, world.market.time_ms)


def _role(world: World, body: dict[str, Any], now_ms: int) -> Any:
    user = _user(body)
    if user in world.exchange.accounts:
        return {"role": "user"}
    agent = world.keys.agents.get(user)
    return {"role": "agent", "data": {"user": agent.master}} if agent else {"role": "missing"}


def _rate_limit(world: World, body: dict[str, Any], now_ms: int) -> Any:
    account = _account(world, body) or Account("")
    cap = 10_000 + int(account.volume_usd)
    row = {"cumVlm": text(round(account.volume_usd, 2)), "nRequestsUsed": account.requests_used}
    return row | {"nRequestsCap": cap, "nRequestsSurplus": 0}


def _fees(world: World, body: dict[str, Any], now_ms: int) -> Any:
    _user(body)
    schedule = {
        "cross": "0.00045",
        "add": "0.00015",
        "spotCross": "0.0007",
        "spotAdd": "0.0004",
        "tiers": {"vip": [], "mm": []},
        "referralDiscount": "0.04",
        "stakingDiscountTiers": [],
    }
    return {
        "dailyUserVlm": [],
        "feeSchedule": schedule,
        "userCrossRate": "0.00045",
        "userAddRate": "0.00015",
        "userSpotCrossRate": "0.0007",
        "userSpotAddRate": "0.0004",
        "activeReferralDiscount": "0.0",
        "trial": None,
        "feeTrialReward": "0.0",
        "nextTrialAvailableTimestamp": None,
        "stakingLink": None,
        "activeStakingDiscount": {"bpsOfMaxSupply": "0.0", "discount": "0.0"},
    }


def _portfolio(world: World, body: dict[str, Any], now_ms: int) -> Any:
    account = _account(world, body)
    value = truncated(figures(account, world.exchange.marks()).account_value) if account else "0.0"
    row = {"accountValueHistory": [[now_ms, value]], "pnlHistory": [[now_ms, "0.0"]], "vlm": "0.0"}
    spans = ("day", "week", "month", "allTime", "perpDay", "perpWeek", "perpMonth", "perpAllTime")
    return [[span, row] for span in spans]


def _history(world: World, body: dict[str, Any], now_ms: int) -> Any:
    events = world.histories.order_events.get(_user(body), [])
    live = world.exchange.orders
    return [
        {"order": frontend_order(order, live), "status": status, "statusTimestamp": at}
        for order, status, at in reversed(events)
    ][:MAX_FILLS]


def _spot_state(world: World, body: dict[str, Any], now_ms: int) -> Any:
    _user(body)
    return {"balances": []}


def _predicted(world: World, body: dict[str, Any], now_ms: int) -> Any:
    next_hour = (now_ms // 3_600_000 + 1) * 3_600_000
    return [
        [
            name,
            [
                [
                    "HlPerp",
                    {
                        "fundingRate": text(Decimal(repr(round(market.funding_rate(), 10)))),
                        "nextFundingTime": next_hour,
                    },
                ]
            ],
        ]
        for name, market in world.market.coins.items()
    ]


def _agents(world: World, body: dict[str, Any], now_ms: int) -> Any:
    user = _user(body)
    return [
        {"name": agent.name, "address": agent.address, "validUntil": agent.valid_until_ms}
        for agent in world.keys.agents.values()
        if agent.master == user and agent.name
    ]


Answer = Callable[[World, dict[str, Any], int], Any]
_TYPES: dict[str, Answer] = {
    "meta": lambda world, body, now_ms: meta(),
    "spotMeta": lambda world, body, now_ms: spot_meta(),
    "metaAndAssetCtxs": lambda world, body, now_ms: [meta(), _contexts(world)],
    "spotMetaAndAssetCtxs": lambda world, body, now_ms: [spot_meta(), []],
    "allMids": lambda world, body, now_ms: all_mids(world),
    "l2Book": _book,
    "recentTrades": lambda world, body, now_ms: [
        trade_row(body["coin"], trade) for trade in reversed(world.market.coins[body["coin"]].trades[-10:])
    ],
    "candleSnapshot": _candles,
    "fundingHistory": lambda world, body, now_ms: _within(world.histories.rates[body["coin"]], body, MAX_ROWS),
    "predictedFundings": _predicted,
    "clearinghouseState": lambda world, body, now_ms: clearinghouse_state(
        _account(world, body), world.exchange.marks(), world.market.time_ms
    ),
    "spotClearinghouseState": _spot_state,
    "openOrders": lambda world, body, now_ms: open_orders(world, _user(body)),
    "frontendOpenOrders": lambda world, body, now_ms: frontend_open_orders(world, _user(body)),
    "orderStatus": _order_status,
    "historicalOrders": _history,
    "userFills": lambda world, body, now_ms: user_fills(world, _user(body)),
    "userFillsByTime": lambda world, body, now_ms: _within(
        list(reversed(user_fills(world, _user(body)))), body, MAX_FILLS
    ),
    "userFunding": lambda world, body, now_ms: _within(
        [row | {"hash": ZERO_HASH} for row in world.histories.fundings.get(_user(body), [])], body, MAX_ROWS
    ),
    "userNonFundingLedgerUpdates": lambda world, body, now_ms: _within(
        [row | {"hash": ZERO_HASH} for row in world.histories.ledger.get(_user(body), [])], body, MAX_ROWS
    ),
    "userFees": _fees,
    "userRateLimit": _rate_limit,
    "userRole": _role,
    "extraAgents": _agents,
    "activeAssetData": lambda world, body, now_ms: active_asset_data(world, _user(body), body["coin"]),
    "subAccounts": lambda world, body, now_ms: None,
    "referral": lambda world, body, now_ms: {"referredBy": None, "cumVlm": "0.0", "unclaimedRewards": "0.0"},
    "portfolio": _portfolio,
    "userVaultEquities": lambda world, body, now_ms: [],
    "maxBuilderFee": lambda world, body, now_ms: 0,
    "exchangeStatus": lambda world, body, now_ms: {"specialStatuses": None, "time": now_ms},
    "perpDexs": lambda world, body, now_ms: [None],
    "userAbstraction": lambda world, body, now_ms: "default",
    "perpsAtOpenInterestCap": lambda world, body, now_ms: [],
    "marginTable": lambda world, body, now_ms: margin_table(int(body["id"])),
}
