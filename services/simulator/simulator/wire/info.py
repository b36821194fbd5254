"""POST /info: one function per type, in one table. An unknown type or a wrong field is a 422, as on the real one."""

from collections.abc import Callable
from typing import Any

from simulator.wire import info_account, info_market
from simulator.wire.requests import BadRequest
from simulator.wire.web_data import web_data2
from simulator.world import World

Answer = Callable[[World, dict[str, Any], int], Any]
ANSWERS: dict[str, Answer] = {
    **info_market.ANSWERS,
    **info_account.ANSWERS,
    "webData2": lambda world, body, now_ms: web_data2(world, info_account.user_of(body)),
}


def answer(world: World, body: Any, now_ms: int) -> Any:
    """The answer to one /info request. Raises BadRequest or Unsupported."""
    if not isinstance(body, dict) or not isinstance(body.get("type"), str) or body["type"] not in ANSWERS:
        raise BadRequest
    try:
        return ANSWERS[body["type"]](world, body, now_ms)
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise BadRequest from error
