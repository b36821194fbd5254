"""What a request holds beside its messages, from the roster's row and the provider's form."""

from typing import Any

import pytest

from agent_deepseek.config import PROFILE as DEEPSEEK
from agent_openai.config import PROFILE as OPENAI
from agent_qwen.config import PROFILE as QWEN
from common.agent.providers.parameters import canonical_json, parameter_problem, request_parameters
from common.agent.providers.profile import Profile
from common.runtime.roster import read_roster
from common.trading.roster import Contender

JSON_MODE = {"response_format": {"type": "json_object"}}


def contender(**row: Any) -> Contender:
    """The first contender of the default roster, with another row."""
    first = read_roster(None).contenders[0]
    return Contender.model_validate(first.model_dump() | {"thinking": False} | row)


def parameters(profile: Profile, **row: Any) -> dict[str, Any]:
    return request_parameters(contender(**row), profile.form, "m", max_answer_tokens=500, max_thinking_tokens=1_000)


@pytest.mark.parametrize(
    ("profile", "row", "expected"),
    [
        (DEEPSEEK, {}, {"max_tokens": 500, "thinking": {"type": "disabled"}, **JSON_MODE}),
        (DEEPSEEK, {"thinking": True}, {"max_tokens": 1_500, "thinking": {"type": "enabled"}, **JSON_MODE}),
        (
            DEEPSEEK,
            {"thinking": "max"},
            {"max_tokens": 1_500, "thinking": {"type": "enabled"}, "reasoning_effort": "max", **JSON_MODE},
        ),
        (DEEPSEEK, {"thinking": "default"}, {"max_tokens": 1_500, **JSON_MODE}),
        (OPENAI, {"response_format": False}, {"max_tokens": 500}),
        (OPENAI, {"thinking": "low", "response_format": False}, {"max_tokens": 1_500, "reasoning_effort": "low"}),
        (OPENAI, {"temperature": 0, "seed": 7}, {"max_tokens": 500, "temperature": 0, "seed": 7, **JSON_MODE}),
        (QWEN, {}, {"max_tokens": 500, "enable_thinking": False, **JSON_MODE}),
        (QWEN, {"thinking": True}, {"max_tokens": 500, "enable_thinking": True, "thinking_budget": 1_000}),
    ],
)
def test_the_rosters_choices_in_the_providers_words(
    profile: Profile, row: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert parameters(profile, **row) == {"model": "m", **profile.form.fixed, **expected}


@pytest.mark.parametrize(
    ("profile", "row", "problem"),
    [
        (QWEN, {"thinking": "high"}, "thinking: 'high' is not offered; choose from off, on"),
        (
            DEEPSEEK,
            {"thinking": "medium"},
            "thinking: 'medium' is not offered; choose from off, on, low, high, max",
        ),
        (DEEPSEEK, {"seed": 1}, "seed: the provider takes none; leave it out"),
        (
            DEEPSEEK,
            {"thinking": True, "temperature": 1},
            "temperature: the provider takes none from a model that",
        ),
        (DEEPSEEK, {"thinking_budget": 500}, 'thinking_budget: thinking is "off"; leave it out'),
    ],
)
def test_what_a_provider_does_not_take_is_refused_with_what_it_takes(
    profile: Profile, row: dict[str, Any], problem: str
) -> None:
    assert str(parameter_problem(contender(**row), profile.form)).startswith(problem)


def test_what_a_provider_takes_is_no_problem() -> None:
    for profile, row in (
        (DEEPSEEK, {"temperature": 0.3}),
        (DEEPSEEK, {"thinking": "low", "thinking_budget": 500}),
        (QWEN, {"thinking": True, "temperature": 0.3, "seed": 7}),
        (OPENAI, {"thinking": "default", "seed": 7}),
    ):
        assert parameter_problem(contender(**row), profile.form) is None


def test_equal_parameters_are_one_text() -> None:
    assert canonical_json({"b": 1, "a": {"d": "多", "c": None}}) == '{"a":{"c":null,"d":"多"},"b":1}'
    assert canonical_json(parameters(QWEN)) == canonical_json(dict(reversed(parameters(QWEN).items())))
