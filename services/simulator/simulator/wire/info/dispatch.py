"""POST /info: one function per type, in one table. An unknown type or a wrong field answers HTTP 422."""

from collections.abc import Callable
from typing import Any

from simulator.exchange.world import World
from simulator.wire.info import account_info, account_terms, market_info, other_dexes
from simulator.wire.info.read_faults import answer_with_faults
from simulator.wire.info.web_data import web_data2
from simulator.wire.requests import BadRequest

Answer = Callable[[World, dict[str, Any], int], Any]
ANSWERS: dict[str, Answer] = {
    **market_info.ANSWERS,
    **account_info.ANSWERS,
    **account_terms.ANSWERS,
    "webData2": lambda world, body, now_ms: web_data2(world, account_info.user_of(body)),
}


def answer_info(world: World, body: Any, now_ms: int) -> Any:
    """The answer to one /info request. Raises BadRequest or Unsupported."""
    if not isinstance(body, dict) or not isinstance(body.get("type"), str) or body["type"] not in ANSWERS:
        raise BadRequest
    answer = ANSWERS[body["type"]]
    if other_dexes.names_other_dex(body):
        answer = other_dexes.ANSWERS.get(body["type"], answer)
    try:
        if world.exchange.deviations.reads:
            return answer_with_faults(world, body, now_ms, answer)
        return answer(world, body, now_ms)
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise BadRequest from error
