"""What a request holds beside its messages: the roster's choices in the words of a provider. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from common.trading.roster import Contender, Thinking

OFF: Final = "off"
OPTIONAL: Final = ("temperature", "seed")
JSON_MODE: Final = "response_format"


@dataclass(frozen=True, slots=True)
class RequestForm:
    """What a provider's request can hold.

    `fixed` stands in every request. `thinking` maps each choice that the provider offers to the fields that say so.
    `thinking_budget` names the field that bounds thinking where it lies outside `max_tokens`; elsewhere `max_tokens`
    covers both. `unknown` are parameters of the roster that the provider doesn't know, `not_thinking` those that it
    doesn't take together with thinking.
    """

    fixed: Mapping[str, Any]
    thinking: Mapping[Thinking, Mapping[str, Any]]
    thinking_budget: str | None = None
    unknown: frozenset[str] = field(default_factory=frozenset)
    not_thinking: frozenset[str] = field(default_factory=frozenset)


def parameter_problem(contender: Contender, form: RequestForm) -> str | None:
    """Why a contender can't be asked as its row of the roster says, and what is allowed; None when it can."""
    if contender.thinking not in form.thinking:
        return f"thinking: {contender.thinking!r} is not offered; choose from {', '.join(form.thinking)}"
    for name in OPTIONAL:
        if getattr(contender, name) is None:
            continue
        if name in form.unknown:
            return f"{name}: the provider takes none; leave it out"
        if name in form.not_thinking and contender.thinking != OFF:
            return f'{name}: the provider takes none from a model that thinks; leave it out, or set thinking = "off"'
    if contender.thinking_budget is not None and contender.thinking == OFF:
        return 'thinking_budget: thinking is "off"; leave it out, or choose another thinking'
    return None


def request_parameters(
    contender: Contender, form: RequestForm, provider_model: str, *, max_answer_tokens: int, max_thinking_tokens: int
) -> dict[str, Any]:
    """The request's fields beside its messages, for a contender without a `parameter_problem`."""
    fields = {"model": provider_model, **form.fixed, **form.thinking[contender.thinking]}
    is_thinking = contender.thinking != OFF
    fields["max_tokens"] = max_answer_tokens
    if is_thinking and form.thinking_budget is not None:
        fields[form.thinking_budget] = max_thinking_tokens
    elif is_thinking:
        fields["max_tokens"] += max_thinking_tokens
    if contender.response_format and not (is_thinking and JSON_MODE in form.not_thinking):
        fields[JSON_MODE] = {"type": "json_object"}
    chosen = {name: getattr(contender, name) for name in OPTIONAL}
    return fields | {name: value for name, value in chosen.items() if value is not None}


def canonical_json(parameters: Mapping[str, Any]) -> str:
    """One text for equal parameters: names in order, without blanks."""
    return json.dumps(parameters, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
