"""One answer to one decision: the whole text is one JSON object of the decision format, or a reason why it is none.

Lenient where nothing is guessed: a byte order mark, one code fence around the object, a whole number written as 5.0,
whatever stands in the fields that a HOLD doesn't use. Each of these is a Leniency of the result. What could be meant in
two ways is refused, and the reason says what to answer instead.
"""

import json
import math
import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
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
KEYS: Final = (*REQUIRED_KEYS, *OPTIONAL_KEYS)
HOLD_IGNORES: Final = ("symbol", "leverage", "position_size_percent", *OPTIONAL_KEYS)
"""What a HOLD may have in any form, or not at all; a coin that it names is kept."""
ENTRIES: Final = (Action.LONG, Action.SHORT)

REFUSAL_CODES: Final = (
    "CUT_OFF",
    "TOO_LONG",
    "EMPTY_ANSWER",
    "NOT_JSON",
    "NOT_ONE_OBJECT",
    "REPEATED_KEY",
    "MISSING_KEY",
    "MISSPELLED_KEY",
    "NOT_FINITE",
    "BAD_NUMBER",
    "BAD_ACTION",
    "BAD_SYMBOL",
    "BAD_LEVERAGE",
    "BAD_REASONING",
    "BAD_INVALIDATION",
    "OUT_OF_RANGE",
    "FRACTION",
    "EXAMPLE_COPIED",
)
"""Every code of an InvalidAnswer."""

_WHITESPACE: Final = " \t\r\n"
_FENCED: Final = re.compile(r"```(?:json)?[ \t]*\r?\n?(?P<body>.*)```", re.DOTALL | re.IGNORECASE)


class Leniency(StrEnum):
    """What the parser read over in an answer that is a decision all the same."""

    BYTE_ORDER_MARK = "byte_order_mark"
    CODE_FENCE = "code_fence"
    WHOLE_DECIMAL = "whole_decimal"
    UNUSED_FIELDS = "unused_fields"


class InvalidAnswer(Exception):
    """An answer that is no decision. `code` names the rule, `reason` says to the model what to change."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code, self.reason = code, reason


@dataclass(frozen=True, slots=True)
class Parsed:
    """A valid decision, the answer's keys that are unknown or that its action does not use, and what was read over."""

    decision: Decision
    dropped_keys: tuple[str, ...] = ()
    leniencies: tuple[Leniency, ...] = ()


def parse_answer(text: str, coins: Collection[Symbol], prompt: str = "") -> Parsed:
    """The decision in `text`, on one of the arena's `coins`. Raises InvalidAnswer, also for an example of `prompt`."""
    if len(text) > MAX_ANSWER_CHARACTERS:
        raise InvalidAnswer("TOO_LONG", f"the answer has {len(text)} characters, more than {MAX_ANSWER_CHARACTERS}")
    body, leniencies = _unwrap(text)
    answer = _object(body)
    action = _checked_action(answer)
    if any(_is_same(answer, example) for example in _objects_in(prompt)):
        raise InvalidAnswer("EXAMPLE_COPIED", "that only shows the answer's form; answer with a decision of your own")
    decision = _hold(answer, coins) if action is Action.HOLD else _trade(answer, action, coins)
    if action is not Action.HOLD and isinstance(answer["leverage"], Decimal):
        leniencies.append(Leniency.WHOLE_DECIMAL)
    unused = _unused_keys(answer, decision)
    if unused:
        leniencies.append(Leniency.UNUSED_FIELDS)
    dropped = [storable(key)[:MAX_KEY_CHARACTERS] for key in [key for key in answer if key not in KEYS] + unused]
    return Parsed(decision, tuple(dropped[:MAX_DROPPED_KEYS]), tuple(leniencies))


def _unwrap(text: str) -> tuple[str, list[Leniency]]:
    """The text without a byte order mark and one code fence around all of it."""
    leniencies = []
    if text.startswith("\ufeff"):
        text = text[1:]
        leniencies.append(Leniency.BYTE_ORDER_MARK)
    fenced = _FENCED.fullmatch(text.strip(_WHITESPACE))
    if fenced is None:
        return text, leniencies
    return fenced["body"], [*leniencies, Leniency.CODE_FENCE]


def _hold(answer: dict[str, Any], coins: Collection[Symbol]) -> Decision:
    symbol = answer.get("symbol")
    return Decision(
        action=Action.HOLD,
        symbol=Symbol(symbol) if isinstance(symbol, str) and symbol in coins else None,
        leverage=0,
        position_size_percent=Decimal(0),
        confidence=_percent("confidence", answer["confidence"]),
        reasoning=_reasoning(answer["reasoning"]),
    )


def _unused_keys(answer: dict[str, Any], decision: Decision) -> list[str]:
    """The keys of the format that hold something which the decision, by its action, does without."""
    if decision.action in ENTRIES:
        return []
    if decision.action is Action.CLOSE:
        return [key for key in OPTIONAL_KEYS if answer.get(key) is not None]
    ignored = [key for key in HOLD_IGNORES if answer.get(key) is not None and not _is_zero(answer[key])]
    return [key for key in ignored if not (key == "symbol" and decision.symbol is not None)]


def _trade(answer: dict[str, Any], action: Action, coins: Collection[Symbol]) -> Decision:
    is_entry = action in ENTRIES
    decision = Decision(
        action=action,
        symbol=_symbol(answer["symbol"], coins),
        leverage=_leverage(answer["leverage"], is_entry),
        position_size_percent=_percent(
            "position_size_percent", answer["position_size_percent"], may_be_null=not is_entry
        ),
        confidence=_percent("confidence", answer["confidence"]),
        reasoning=_reasoning(answer["reasoning"]),
        stop_loss=_price("stop_loss", answer.get("stop_loss")) if is_entry else None,
        take_profit=_price("take_profit", answer.get("take_profit")) if is_entry else None,
        invalidation_condition=_invalidation(answer.get("invalidation_condition")) if is_entry else None,
    )
    if is_entry:
        _refuse_fractions(decision)
    return decision


def _refuse_fractions(decision: Decision) -> None:
    """A tenth written as 0.1 must neither trade at a hundredth of what was meant, nor be multiplied on a guess.

    A size of 1 is a percent that one may mean. A confidence of 1 is a fraction: no entry is meant with 1 percent.
    """
    size, confidence = decision.position_size_percent, decision.confidence
    fractions = {"position_size_percent": size} if 0 < size < 1 else {}
    if 0 < confidence <= 1:
        fractions["confidence"] = confidence
    if fractions:
        written = " and ".join(f"{key} {value}" for key, value in fractions.items())
        raise InvalidAnswer(
            "FRACTION", f"{written}: are these fractions? give percent, at least 1: for a tenth write 10, not 0.1"
        )


def _object(text: str) -> dict[str, Any]:
    if not text.strip():
        raise InvalidAnswer("EMPTY_ANSWER", "the answer is empty; answer with one JSON object")
    try:
        value = _load(text)
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise InvalidAnswer("NOT_JSON", f"the whole answer must be one JSON object, without prose: {error}") from None
    if not isinstance(value, dict):
        raise InvalidAnswer("NOT_ONE_OBJECT", f"the answer is a JSON {_kind(value)}, not one object")
    return value


def _load(text: str) -> Any:
    return json.loads(text, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_unique_keys)


def _no_constant(name: str) -> NoReturn:
    raise InvalidAnswer("NOT_FINITE", f"{name} is not a number")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The pairs as a dict. Two keys that differ only in case, spaces or punctuation could each be the one meant."""
    spellings = set()
    for key, _ in pairs:
        spelling = _spelling(key)
        if spelling in spellings:
            raise InvalidAnswer("REPEATED_KEY", f"the key {_shown(key)} is there more than once, spelled alike")
        spellings.add(spelling)
    return dict(pairs)


def _spelling(key: str) -> str:
    """What a key has in common with its misspellings: stop_loss, stopLoss and " Stop-Loss" are spelled alike."""
    folded = unicodedata.normalize("NFKC", key).casefold()
    return "".join(character for character in folded if character.isalnum()) or key


def _shown(key: str) -> str:
    return repr(storable(key)[:MAX_KEY_CHARACTERS])


_SPELLINGS: Final = {_spelling(key): key for key in KEYS}


def _refuse_misspelled(answer: dict[str, Any]) -> None:
    """A stop that is named stopLoss must not be dropped as an unknown key."""
    for key in answer:
        meant = _SPELLINGS.get(_spelling(key), key)
        if key != meant:
            raise InvalidAnswer("MISSPELLED_KEY", f"the key {_shown(key)} is not known; did you mean {meant!r}?")


def _objects_in(prompt: str) -> Iterator[dict[str, Any]]:
    """The JSON objects that stand in a prompt's text, outermost ones only."""
    decoder, at = json.JSONDecoder(parse_float=Decimal), prompt.find("{")
    while at >= 0:
        try:
            found, end = decoder.raw_decode(prompt, at)
        except (ValueError, RecursionError, ArithmeticError):
            end = at + 1
        else:
            yield found
        at = prompt.find("{", end)


def _is_same(answer: dict[str, Any], example: dict[str, Any]) -> bool:
    """Whether both state the same in the format's keys, however numbers are written and spaces set."""
    return all(_plain(answer.get(key)) == _plain(example.get(key)) for key in KEYS)


def _plain(value: Any) -> Any:
    return " ".join(value.split()) if isinstance(value, str) else value


def _kind(value: object) -> str:
    names: dict[type, str] = {bool: "boolean", int: "number", Decimal: "number", str: "string", list: "array"}
    return "null" if value is None else names.get(type(value), "object")


def _checked_action(answer: dict[str, Any]) -> Action:
    """The action of an answer that has all keys which this action needs."""
    _refuse_misspelled(answer)
    value = answer.get("action")
    needed = [key for key in REQUIRED_KEYS if value != Action.HOLD or key not in HOLD_IGNORES]
    missing = [key for key in needed if key not in answer]
    if missing:
        raise InvalidAnswer("MISSING_KEY", f"these keys are missing: {', '.join(missing)}; all six are always present")
    if not isinstance(value, str) or value not in Action.__members__:
        raise InvalidAnswer("BAD_ACTION", f"action must be one of {', '.join(Action)}")
    return Action(value)


def _symbol(value: object, coins: Collection[Symbol]) -> Symbol:
    if isinstance(value, str) and value in coins:
        return Symbol(value)
    raise InvalidAnswer("BAD_SYMBOL", f"symbol must be one of {', '.join(coins)}")


def _is_zero(value: object) -> bool:
    return type(value) in (int, Decimal) and value == 0


def _leverage(value: object, is_entry: bool) -> int:
    if not is_entry and (value is None or _is_zero(value)):
        return 0
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 1 <= value <= 20 or value != int(value):
        raise InvalidAnswer("BAD_LEVERAGE", "leverage must be a whole number from 1 to 20")
    return int(value)


def _number(key: str, value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise InvalidAnswer("BAD_NUMBER", f"{key} must be a JSON number, not a {_kind(value)}")
    number = Decimal(value)
    digits = number.as_tuple().digits
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or len(digits) > MAX_NUMBER_DIGITS or abs(exponent) > MAX_NUMBER_DIGITS:
        raise InvalidAnswer("BAD_NUMBER", f"{key} has more than {MAX_NUMBER_DIGITS} digits")
    return number


def _percent(key: str, value: object, *, may_be_null: bool = False) -> Decimal:
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
        raise InvalidAnswer("BAD_INVALIDATION", f"invalidation_condition: {_shown(place)}: {first['msg']}") from None
    if not math.isfinite(condition.value):
        raise InvalidAnswer("NOT_FINITE", "invalidation_condition.value is not finite")
    return condition
