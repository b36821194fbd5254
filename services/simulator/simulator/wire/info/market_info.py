"""The /info types about the market: prices, books, trades, candles, funding."""

from decimal import Decimal
from typing import Any

from simulator.exchange.world import World
from simulator.market.candles import HOUR_MS, INTERVALS_MS, Candle
from simulator.market.coin_market import Level, Trade
from simulator.market.coins import Coin
from simulator.market.listing import spot_meta
from simulator.numbers import number_text
from simulator.wire.requests import BadRequest, Unsupported
from simulator.wire.rows import ZERO_HASH, rows_in_range

Body = dict[str, Any]

MAX_CANDLES = 5_000
MAX_ROWS = 500
MAX_LEVELS = 20
AUCTION_S = 31 * 3_600
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
OTHER_MIDS = {"@107": "38.52", "#92260": "0.41"}
"""A spot token's pair and one side of an outcome: traded on the real exchange, constant here."""
MAX_MARKET_ORDER_NTLS = [[25, "30000000.0"], [20, "5000000.0"], [10, "2000000.0"], [1, "500000.0"]]
"""[leverage limit, USD]: the largest market order of a coin with at least that limit. Source: Hyperliquid docs."""
MAKER_PLACEHOLDER = "0x" + "11" * 20
TAKER_PLACEHOLDER = "0x" + "22" * 20


def _float(value: float, decimals: int) -> str:
    return number_text(Decimal(repr(round(value, decimals))))


def _price(coin: Coin, price: float) -> str:
    return number_text(Decimal(repr(coin.round_price(price))))


def context(world: World, name: str) -> Body:
    """One coin's asset context."""
    market = world.market.coins[name]
    if market.reported_context is not None:
        mid = world.exchange.books.mid(name)
        return market.reported_context | {"midPx": None if mid is None else number_text(mid)}
    previous, day_usd, day_coin = world.market.day_figures(name)
    mid = world.exchange.books.mid(name)
    return {
        "funding": _float(market.funding_rate(), 10),
        "openInterest": _float(market.open_interest, market.coin.size_decimals),
        "prevDayPx": _price(market.coin, previous),
        "dayNtlVlm": _float(day_usd, 6),
        "premium": _float(market.last_premium, 10),
        "oraclePx": market.oracle_text,
        "markPx": market.mark_text,
        "midPx": None if mid is None else number_text(mid),
        "impactPxs": [_price(market.coin, price) for price in market.impact_prices()],
        "dayBaseVlm": _float(day_coin, market.coin.size_decimals),
    }


def contexts(world: World) -> list[Body]:
    listed = world.market.coins
    rows = world.market.listing.universe()
    return [context(world, row["name"]) if row["name"] in listed else dict(DELISTED_CTX) for row in rows]


def all_mids(world: World) -> dict[str, str]:
    """Mid prices, the last trade's where a side is empty; a token and an outcome stand among the coins."""
    mids = {name: world.exchange.books.mid(name) for name in world.market.coins}
    perps = {
        name: market.mid_text if (mid := mids[name]) is None else number_text(mid)
        for name, market in world.market.coins.items()
    }
    return perps | OTHER_MIDS


def fast_contexts(world: World) -> dict[str, Body]:
    """Mark and mid price of every coin."""
    mids = {name: world.exchange.books.mid(name) for name in world.market.coins}
    return {
        name: {"markPx": market.mark_text, "midPx": None if (mid := mids[name]) is None else number_text(mid)}
        for name, market in world.market.coins.items()
    }


def book(world: World, name: str, levels: int = MAX_LEVELS) -> Body:
    """A book snapshot, bids descending, asks ascending; the accounts' orders are merged into the market's levels."""
    sides = [_rows(world.exchange.books.view(name, is_buy)[:levels]) for is_buy in (True, False)]
    return {"coin": name, "time": world.time_ms, "levels": sides}


def _rows(levels: list[Level]) -> list[dict[str, Any]]:
    return [{"px": number_text(level.price), "sz": number_text(level.size), "n": level.count} for level in levels]


def aggregated_book(world: World, body: Body, now_ms: int) -> Any:
    """l2Book, grouped to `nSigFigs` figures and steps of `mantissa`. Raises Unsupported for other arguments."""
    name, figures, mantissa = body["coin"], body.get("nSigFigs"), body.get("mantissa")
    if not isinstance(name, str):
        raise BadRequest
    if figures not in (None, 2, 3, 4, 5) or mantissa not in (None, 1, 2, 5) or (mantissa and figures != 5):
        raise Unsupported
    if name not in world.market.coins:
        return None
    if figures is None:
        return book(world, name)
    sides = []
    for is_buy in (True, False):
        grouped: dict[Decimal, Level] = {}
        for level in world.exchange.books.view(name, is_buy):
            step = Decimal(1).scaleb(level.price.adjusted() - figures + 1) * (mantissa or 1)
            steps = level.price / step
            whole = steps.to_integral_value("ROUND_FLOOR" if is_buy else "ROUND_CEILING")
            into = grouped.setdefault(whole * step, Level(whole * step, Decimal(0), 0))
            into.size += level.size
            into.count += level.count
        sides.append(_rows(list(grouped.values())[:MAX_LEVELS]))
    bid, ask = (world.exchange.books.best(name, side) for side in (True, False))
    spread = number_text(ask - bid) if bid is not None and ask is not None else None
    return {"coin": name, "time": world.time_ms, "levels": sides, "spread": spread}


def candle_row(coin: Coin, interval: str, candle: Candle) -> Body:
    """One candle; T is its last millisecond, volume in coin."""
    return {
        "t": candle.open_ms,
        "T": candle.open_ms + INTERVALS_MS[interval] - 1,
        "s": coin.name,
        "i": interval,
        "o": _price(coin, candle.open),
        "c": _price(coin, candle.close),
        "h": _price(coin, candle.high),
        "l": _price(coin, candle.low),
        "v": _float(candle.volume, coin.size_decimals),
        "n": candle.count,
    }


def candles(world: World, body: Body, now_ms: int) -> Any:
    request = body["req"]
    coin, interval = request["coin"], request["interval"]
    if coin not in world.market.coins or interval not in INTERVALS_MS:
        raise Unsupported
    end = request.get("endTime")
    end = max(now_ms, world.market.time_ms) if end is None else int(end)
    market = world.market.coins[coin]
    found = market.candles.read(interval, int(request["startTime"]), end)
    return [candle_row(market.coin, interval, candle) for candle in found[-MAX_CANDLES:]]


def trade_row(coin: str, trade: Trade) -> Body:
    """A trade of the market's own flow; its two sides have placeholder addresses."""
    users = [TAKER_PLACEHOLDER, MAKER_PLACEHOLDER] if trade.side == "B" else [MAKER_PLACEHOLDER, TAKER_PLACEHOLDER]
    return {
        "coin": coin,
        "side": trade.side,
        "px": number_text(Decimal(repr(trade.price))),
        "sz": number_text(trade.size),
        "time": trade.time_ms,
        "hash": ZERO_HASH,
        "tid": trade.tid,
        "users": users,
    }


def recent_trades(world: World, body: Body, now_ms: int) -> Any:
    name = body["coin"]
    if name not in world.market.coins:
        return []
    return [trade_row(name, trade) for trade in reversed(world.market.coins[name].trades[-10:])]


def funding_history(world: World, body: Body, now_ms: int) -> Any:
    name = body["coin"]
    return rows_in_range(world.histories.rates[name], body, MAX_ROWS) if name in world.market.coins else []


def predicted_fundings(world: World, body: Body, now_ms: int) -> Any:
    next_hour = (world.market.time_ms // HOUR_MS + 1) * HOUR_MS
    return [
        [name, [["HlPerp", {"fundingRate": _float(market.funding_rate(), 10), "nextFundingTime": next_hour}]]]
        for name, market in world.market.coins.items()
    ]


def asset_limits(world: World, body: Body, now_ms: int) -> Any:
    return world.market.listing.margin_table(int(body["id"]))


def _auction(world: World) -> Body:
    """A deployment auction at rest: nothing can be deployed here."""
    start_s = world.market.time_ms // 1000 // AUCTION_S * AUCTION_S
    gas = {"startGas": "500.0", "currentGas": None, "endGas": "500.0"}
    return {"startTimeSeconds": start_s, "durationSeconds": AUCTION_S} | gas


def capped(world: World) -> list[str]:
    """The coins whose open interest is at its cap."""
    return [name for name in world.market.coins if world.exchange.is_capped(name)]


def _annotation(world: World, body: Body, now_ms: int) -> Any:
    """None: the exchange's own coins have no annotation."""
    if not isinstance(body["coin"], str):
        raise BadRequest
    return None


def _dex_limits(world: World, body: Body, now_ms: int) -> Any:
    """None: only builders' dexes have limits of their own."""
    if not isinstance(body["dex"], str):
        raise BadRequest
    return None


def _dex_status(world: World, body: Body, now_ms: int) -> Any:
    if not isinstance(body["dex"], str):
        raise BadRequest
    return {"totalNetDeposit": number_text(world.exchange.deposited - world.exchange.withdrawn)}


ANSWERS = {
    "meta": lambda world, body, now_ms: world.market.listing.meta(),
    "allPerpMetas": lambda world, body, now_ms: [world.market.listing.meta()],
    "spotMeta": lambda world, body, now_ms: spot_meta(),
    "metaAndAssetCtxs": lambda world, body, now_ms: [world.market.listing.meta(), contexts(world)],
    "spotMetaAndAssetCtxs": lambda world, body, now_ms: [spot_meta(), []],
    "perpDexs": lambda world, body, now_ms: [None],
    "perpsAtOpenInterestCap": lambda world, body, now_ms: capped(world),
    "allMids": lambda world, body, now_ms: all_mids(world),
    "l2Book": aggregated_book,
    "recentTrades": recent_trades,
    "candleSnapshot": candles,
    "fundingHistory": funding_history,
    "predictedFundings": predicted_fundings,
    "marginTable": asset_limits,
    "perpDeployAuctionStatus": lambda world, body, now_ms: _auction(world),
    "spotDeployState": lambda world, body, now_ms: {"states": [], "gasAuction": _auction(world)},
    "outcomeMeta": lambda world, body, now_ms: {"outcomes": [], "questions": []},
    "maxMarketOrderNtls": lambda world, body, now_ms: MAX_MARKET_ORDER_NTLS,
    "perpCategories": lambda world, body, now_ms: [],
    "perpAnnotation": _annotation,
    "perpConciseAnnotations": lambda world, body, now_ms: [],
    "perpDexLimits": _dex_limits,
    "perpDexStatus": _dex_status,
    "liquidatable": lambda world, body, now_ms: [],
    "vaultSummaries": lambda world, body, now_ms: [],
    "vaultDetails": lambda world, body, now_ms: None,
    "exchangeStatus": lambda world, body, now_ms: {
        "specialStatuses": None,
        "time": now_ms + world.exchange.deviations.skew_ms,
    },
}
