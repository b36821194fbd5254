"""Answers about a dex of a builder, of which this exchange has none: nothing of the main one stands in them."""

from typing import Any, Final

from simulator.exchange.world import World
from simulator.wire.info.account_info import user_of
from simulator.wire.requests import BadRequest
from simulator.wire.rows import clearinghouse_state

Body = dict[str, Any]

MAIN: Final = (None, "", "ALL_DEXS")
"""The names of the main dex, and of all together."""
NO_META: Final[Body] = {"universe": [], "marginTables": [], "collateralToken": 0}


def names_other_dex(request: Body) -> bool:
    """Whether a request or a subscription is about a builder's dex. Raises BadRequest for what isn't a name."""
    dex = request.get("dex")
    if dex is not None and not isinstance(dex, str):
        raise BadRequest
    return dex not in MAIN


def _state(world: World, body: Body, now_ms: int) -> Any:
    user_of(body)
    return clearinghouse_state(None, {}, world.stamp_ms(now_ms))


def _no_orders(world: World, body: Body, now_ms: int) -> Any:
    user_of(body)
    return []


ANSWERS = {
    "meta": lambda world, body, now_ms: NO_META,
    "metaAndAssetCtxs": lambda world, body, now_ms: [NO_META, []],
    "allMids": lambda world, body, now_ms: {},
    "perpsAtOpenInterestCap": lambda world, body, now_ms: [],
    "clearinghouseState": _state,
    "openOrders": _no_orders,
    "frontendOpenOrders": _no_orders,
    "perpDexStatus": lambda world, body, now_ms: {"totalNetDeposit": "0.0"},
}
