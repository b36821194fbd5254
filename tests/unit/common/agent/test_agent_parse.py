"""Strict parsing: only one whole JSON object in the decision format is a decision."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.agent import parse
from common.agent.parse import InvalidAnswer, Leniency, Parsed
from common.events import Action
from common.runtime.roster import read_roster
from common.trading.instruments import Symbol

COINS = read_roster(None).coins
LONG: dict[str, Any] = {
    "action": "LONG",
    "symbol": "BTC",
    "leverage": 5,
    "position_size_percent": 10,
    "confidence": 70.5,
    "reasoning": "up",
}


def parse_answer(text: str, prompt: str = "") -> Parsed:
    return parse.parse_answer(text, COINS, prompt)


def code_of(text: str, prompt: str = "") -> str:
    """The code with which an answer is refused."""
    with pytest.raises(InvalidAnswer) as refused:
        parse_answer(text, prompt)
    return refused.value.code


def test_a_whole_decision_is_read() -> None:
    condition = {"timeframe": "15m", "indicator": "close", "op": "<", "value": 100.5}
    parsed = parse_answer(json.dumps(LONG | {"stop_loss": 99.5, "invalidation_condition": condition}))
    assert parsed.decision.action is Action.LONG
    assert str(parsed.decision.stop_loss) == "99.5"
    assert parsed.decision.invalidation_condition is not None
    assert parsed.dropped_keys == ()


def test_unknown_keys_are_dropped_and_named() -> None:
    assert parse_answer(json.dumps(LONG | {"mood": "good"})).dropped_keys == ("mood",)


@pytest.mark.parametrize(
    ("text", "leniencies"),
    [
        (json.dumps(LONG), ()),
        ("\ufeff" + json.dumps(LONG), (Leniency.BYTE_ORDER_MARK,)),
        ("```json\n" + json.dumps(LONG, indent=2) + "\n```\n", (Leniency.CODE_FENCE,)),
        ("\n```\r\n" + json.dumps(LONG) + "```", (Leniency.CODE_FENCE,)),
        ("\ufeff```JSON" + json.dumps(LONG) + "```", (Leniency.BYTE_ORDER_MARK, Leniency.CODE_FENCE)),
        (json.dumps(LONG | {"leverage": 5.0}), (Leniency.WHOLE_DECIMAL,)),
        (json.dumps(LONG).replace("5,", "0.5e1,", 1), (Leniency.WHOLE_DECIMAL,)),
        (json.dumps(LONG | {"reasoning": "```json {} ```"}), ()),
    ],
)
def test_what_leaves_nothing_to_guess_is_read_over(text: str, leniencies: tuple[Leniency, ...]) -> None:
    parsed = parse_answer(text)
    assert (parsed.decision.action, parsed.decision.leverage) == (Action.LONG, 5)
    assert parsed.leniencies == leniencies


@pytest.mark.parametrize("value", [0, None, 0.0, 5, "5", "N/A", [], {"a": 1}, -3, 10**20, True])
def test_a_hold_may_have_anything_in_the_fields_that_it_ignores(value: Any) -> None:
    ignored = dict.fromkeys(parse.HOLD_IGNORES, value)
    parsed = parse_answer(json.dumps({"action": "HOLD", "confidence": 40, "reasoning": "waits"} | ignored))
    decision = parsed.decision
    assert (decision.action, decision.symbol, decision.leverage, decision.position_size_percent) == ("HOLD", None, 0, 0)
    assert (decision.stop_loss, decision.take_profit, decision.invalidation_condition) == (None, None, None)
    is_nothing = value is None or (not isinstance(value, bool) and value == 0)
    assert parsed.leniencies == (() if is_nothing else (Leniency.UNUSED_FIELDS,))
    assert parsed.dropped_keys == (() if is_nothing else parse.HOLD_IGNORES)


def test_a_hold_needs_no_more_than_confidence_and_reasoning() -> None:
    hold = {"action": "HOLD", "confidence": 40, "reasoning": "waits", "symbol": "ETH"}
    parsed = parse_answer(json.dumps(hold))
    assert (parsed.decision.symbol, parsed.leniencies) == (Symbol.ETH, ())
    for missing in ("confidence", "reasoning"):
        assert code_of(json.dumps({key: each for key, each in hold.items() if key != missing})) == "MISSING_KEY"


def test_what_a_close_leaves_unused_may_have_any_form() -> None:
    parsed = parse_answer(json.dumps(LONG | {"action": "CLOSE", "stop_loss": "tight", "invalidation_condition": [1]}))
    assert parsed.decision.stop_loss is None
    assert parsed.dropped_keys == ("stop_loss", "invalidation_condition")
    assert parsed.leniencies == (Leniency.UNUSED_FIELDS,)


@pytest.mark.parametrize("action", ["LONG", "SHORT"])
@pytest.mark.parametrize(
    "change",
    [
        {"position_size_percent": 0.1},
        {"position_size_percent": 0.999},
        {"confidence": 0.7},
        {"confidence": 1},
        {"confidence": 1.0, "position_size_percent": 0.2},
    ],
)
def test_a_fraction_on_an_entry_is_asked_about(action: str, change: dict[str, Any]) -> None:
    with pytest.raises(InvalidAnswer, match="are these fractions"):
        parse_answer(json.dumps(LONG | change | {"action": action}))


@pytest.mark.parametrize(
    "change",
    [
        {"position_size_percent": 1},
        {"position_size_percent": 1.5, "confidence": 60.5},
        {"position_size_percent": 0},
        {"confidence": 0},
        {"action": "CLOSE", "confidence": 0.7, "position_size_percent": 0.5},
        {"action": "HOLD", "confidence": 0.7},
    ],
)
def test_what_is_no_fraction_of_an_entry_stands(change: dict[str, Any]) -> None:
    parse_answer(json.dumps(LONG | change))


EXAMPLE = LONG | {"stop_loss": 112000.0, "invalidation_condition": None}


@pytest.mark.parametrize(
    "answer",
    [
        json.dumps(EXAMPLE),
        json.dumps(EXAMPLE, indent=4),
        json.dumps(dict(reversed(EXAMPLE.items()))),
        json.dumps(EXAMPLE | {"leverage": 5.0, "confidence": 70.50, "stop_loss": 112000, "reasoning": " up\n"}),
        json.dumps({key: value for key, value in EXAMPLE.items() if value is not None} | {"mood": "good"}),
    ],
)
def test_an_example_of_the_prompt_is_no_decision(answer: str) -> None:
    prompt = f'Weigh {{risk}} first. Like this: {json.dumps(EXAMPLE)} or {{"action": ...}}'
    assert code_of(answer, prompt) == "EXAMPLE_COPIED"
    assert parse_answer(answer, "no example").decision.action is Action.LONG


def test_an_answer_that_resembles_an_example_is_a_decision() -> None:
    prompt = json.dumps(EXAMPLE)
    assert parse_answer(json.dumps(EXAMPLE | {"leverage": 4}), prompt).decision.leverage == 4


@pytest.mark.parametrize(
    ("added", "code"),
    [
        ({"Action": "HOLD"}, "REPEATED_KEY"),
        ({"stop_loss": 90, "stopLoss": 91}, "REPEATED_KEY"),
        ({"stop_loss": 90, " stop_loss": 91}, "REPEATED_KEY"),
        ({"stop_loss": 90, "stop-loss": 90}, "REPEATED_KEY"),
        ({"mood": 1, "Mood": 2}, "REPEATED_KEY"),
        ({"stopLoss": 91}, "MISSPELLED_KEY"),
        ({"Take Profit": 91}, "MISSPELLED_KEY"),
        ({"ｓtop_loss": 91}, "MISSPELLED_KEY"),
        ({"why": {"a": 1, "A": 2}}, "REPEATED_KEY"),
    ],
)
def test_keys_that_are_spelled_alike_are_refused(added: dict[str, Any], code: str) -> None:
    assert code_of(json.dumps(LONG | added)) == code


@pytest.mark.parametrize("action", ["HOLD", "CLOSE"])
def test_hold_and_close_may_leave_figures_at_zero_or_null(action: str) -> None:
    symbol = None if action == "HOLD" else "BTC"
    for empty in (0, None):
        answer = LONG | {"action": action, "symbol": symbol, "leverage": empty, "position_size_percent": empty}
        assert parse_answer(json.dumps(answer)).decision.leverage == 0


@pytest.mark.parametrize(
    "change",
    [
        {"action": "BUY"},
        {"action": None},
        {"symbol": "PEPE"},
        {"symbol": None},
        {"leverage": "5"},
        {"leverage": 5.5},
        {"leverage": True},
        {"leverage": None},
        {"position_size_percent": "10"},
        {"position_size_percent": -1},
        {"position_size_percent": 101},
        {"confidence": None},
        {"confidence": 101},
        {"reasoning": 5},
        {"stop_loss": "99"},
        {"stop_loss": -5},
        {"invalidation_condition": "never"},
        {"invalidation_condition": {"timeframe": "2m", "indicator": "close", "op": "<", "value": 1}},
    ],
)
def test_what_breaks_the_format_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidAnswer):
        parse_answer(json.dumps(LONG | change))


@pytest.mark.parametrize("missing", list(LONG))
def test_all_six_keys_must_be_there(missing: str) -> None:
    answer = {key: value for key, value in LONG.items() if key != missing}
    with pytest.raises(InvalidAnswer, match=missing):
        parse_answer(json.dumps(answer))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "LONG BTC",
        "[]",
        "null",
        "Here it is:\n```json\n" + json.dumps(LONG) + "\n```",
        "```json\n" + json.dumps(LONG) + "\n```\nGood luck!",
        2 * ("```json\n" + json.dumps(LONG) + "\n```\n"),
        "```json\n[" + json.dumps(LONG) + "]\n```",
        "```python\n" + json.dumps(LONG) + "\n```",
        "```json\n" + json.dumps(LONG),
        "\ufeff\ufeff" + json.dumps(LONG),
        json.dumps(LONG) + json.dumps(LONG),
        json.dumps(LONG) + " ok?",
        json.dumps(LONG)[:-1],
        json.dumps(LONG).replace("70.5", "NaN"),
        json.dumps(LONG).replace("70.5", "1e999"),
        '{"action":"HOLD",' + json.dumps(LONG)[1:],
        "[" * 100_000,
    ],
)
def test_anything_but_one_json_object_is_refused(text: str) -> None:
    with pytest.raises(InvalidAnswer):
        parse_answer(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from([*LONG, "stop_loss", "take_profit", "invalidation_condition", "x"]), json_values)
)
def test_no_answer_breaks_the_parser_and_what_passes_is_in_bounds(change: dict[str, Any]) -> None:
    try:
        decision = parse_answer(json.dumps(LONG | change)).decision
    except InvalidAnswer:
        return
    assert 0 <= decision.confidence <= 100
    assert 0 <= decision.position_size_percent <= 100
    assert decision.action is Action.HOLD or decision.symbol is not None
    assert isinstance(decision.leverage, int)


def test_only_the_arenas_coins_are_accepted() -> None:
    hype = json.dumps(LONG | {"symbol": "HYPE"})
    assert parse.parse_answer(hype, [Symbol.HYPE]).decision.symbol is Symbol.HYPE
    with pytest.raises(InvalidAnswer, match="symbol must be one of BTC, ETH"):
        parse_answer(hype)
