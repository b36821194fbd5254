"""One answer to one decision, strictly: the whole text is one JSON object of the decision format, or a reason."""

import json
import math
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NoReturn

from pydantic import ValidationError

from common.agent.providers.port import storable
from common.events import Action, Decision, Invalidation
from common.trading.instruments import Symbol

MAX_ANSWER_CHARACTERS: Final = 20_000
MAX_REASONING_CHARACTERS: Final = 4_000
MAX_NUMBER_DIGITS: Final = 30
MAX_PRICE_USD: Final = Decimal(1_000_000_000)
MAX_DROPPED_KEYS: Final = 20
MAX_KEY_CHARACTERS: Final = 60

REQUIRED_KEYS: Final = ("action", "symbol", "leverage", "position_size_percent", "confidence", "reasoning")
OPTIONAL_KEYS: Final = ("stop_loss", "take_profit", "invalidation_condition")
ENTRIES: Final = (Action.LONG, Action.SHORT)


class InvalidAnswer(Exception):
    """An answer that is no decision. `code` names the rule, `reason` says to the model what to change."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code, self.reason = code, reason


@dataclass(frozen=True, slots=True)
class Parsed:
    """A valid decision, and the answer's keys that are unknown or that its action does not use."""

    decision: Decision
    dropped_keys: tuple[str, ...]


def parse_answer(text: str, coins: Collection[Symbol]) -> Parsed:
    """The decision in `text`, on one of the arena's `coins`. Raises InvalidAnswer."""
    answer = _object(text)
    missing = [key for key in REQUIRED_KEYS if key not in answer]
    if missing:
        raise InvalidAnswer("MISSING_KEY", f"these keys are missing: {', '.join(missing)}; all six are always present")
    action = _action(answer["action"])
    is_entry = action in ENTRIES
    unused = [] if is_entry else [key for key in OPTIONAL_KEYS if answer.get(key) is not None]
    unknown = [key for key in answer if key not in REQUIRED_KEYS and key not in OPTIONAL_KEYS]
    decision = Decision(
        action=action,
        symbol=_symbol(answer["symbol"], action, coins),
        leverage=_leverage(answer["leverage"], is_entry),
        position_size_percent=_percent(
            "position_size_percent", answer["position_size_percent"], may_be_null=not is_entry
        ),
        confidence=_percent("confidence", answer["confidence"], may_be_null=False),
        reasoning=_reasoning(answer["reasoning"]),
        stop_loss=_price("stop_loss", answer.get("stop_loss")) if is_entry else None,
        take_profit=_price("take_profit", answer.get("take_profit")) if is_entry else None,
        invalidation_condition=_invalidation(answer.get("invalidation_condition")) if is_entry else None,
    )
    dropped = [storable(key)[:MAX_KEY_CHARACTERS] for key in unknown + unused]
    return Parsed(decision, tuple(dropped[:MAX_DROPPED_KEYS]))


def _object(text: str) -> dict[str, Any]:
    if not text.strip():
        raise InvalidAnswer("EMPTY_ANSWER", "the answer is empty; answer with one JSON object")
    if len(text) > MAX_ANSWER_CHARACTERS:
        raise InvalidAnswer("TOO_LONG", f"the answer has {len(text)} characters, more than {MAX_ANSWER_CHARACTERS}")
    try:
        value = json.loads(text, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_unique_keys)
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise InvalidAnswer(
            "NOT_JSON", f"the whole answer must be one JSON object, without fences or prose: {error}"
        ) from None
    if not isinstance(value, dict):
        raise InvalidAnswer("NOT_ONE_OBJECT", f"the answer is a JSON {_kind(value)}, not one object")
    return value


def _no_constant(name: str) -> NoReturn:
    raise InvalidAnswer("NOT_FINITE", f"{name} is not a number")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise InvalidAnswer("REPEATED_KEY", f"the key {storable(key)[:MAX_KEY_CHARACTERS]!r} is repeated")
        found[key] = value
    return found


def _kind(value: object) -> str:
    names: dict[type, str] = {bool: "boolean", int: "number", Decimal: "number", str: "string", list: "array"}
    return "null" if value is None else names.get(type(value), "object")


def _action(value: object) -> Action:
    if not isinstance(value, str) or value not in Action.__members__:
        raise InvalidAnswer("BAD_ACTION", f"action must be one of {', '.join(Action)}")
    return Action(value)


def _symbol(value: object, action: Action, coins: Collection[Symbol]) -> Symbol | None:
    if isinstance(value, str) and value in coins:
        return Symbol(value)
    if action is Action.HOLD and (value is None or _is_zero(value)):
        return None
    raise InvalidAnswer("BAD_SYMBOL", f"symbol must be one of {', '.join(coins)}")


def _is_zero(value: object) -> bool:
    return type(value) is int and value == 0


def _leverage(value: object, is_entry: bool) -> int:
    if not is_entry and (value is None or _is_zero(value)):
        return 0
    if type(value) is not int or not 1 <= value <= 20:
        raise InvalidAnswer("BAD_LEVERAGE", "leverage must be a JSON integer from 1 to 20")
    return value


def _number(key: str, value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise InvalidAnswer("BAD_NUMBER", f"{key} must be a JSON number, not a {_kind(value)}")
    number = Decimal(value)
    digits = number.as_tuple().digits
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or len(digits) > MAX_NUMBER_DIGITS or abs(exponent) > MAX_NUMBER_DIGITS:
        raise InvalidAnswer("BAD_NUMBER", f"{key} has more than {MAX_NUMBER_DIGITS} digits")
    return number


def _percent(key: str, value: object, *, may_be_null: bool) -> Decimal:
    if value is None and may_be_null:
        return Decimal(0)
    number = _number(key, value)
    if not 0 <= number <= 100:
        raise InvalidAnswer("OUT_OF_RANGE", f"{key} must lie between 0 and 100")
    return number


def _price(key: str, value: object) -> Decimal | None:
    if value is None:
        return None
    number = _number(key, value)
    if not 0 < number <= MAX_PRICE_USD:
        raise InvalidAnswer("OUT_OF_RANGE", f"{key} must be a positive price, or null")
    return number


def _reasoning(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InvalidAnswer("BAD_REASONING", "reasoning must be a text that is not empty")
    return storable(value)[:MAX_REASONING_CHARACTERS]


def _invalidation(value: object) -> Invalidation | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise InvalidAnswer("BAD_INVALIDATION", "invalidation_condition must be an object or null")
    number = float(_number("invalidation_condition.value", value.get("value")))
    try:
        condition = Invalidation.model_validate({**value, "value": number}, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InvalidAnswer("BAD_INVALIDATION", f"invalidation_condition: {storable(place)}: {first['msg']}") from None
    if not math.isfinite(condition.value):
        raise InvalidAnswer("NOT_FINITE", "invalidation_condition.value is not finite")
    return condition
