"""Strict parsing: only one whole JSON object in the decision format is a decision."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.agent import parse
from common.agent.parse import InvalidAnswer, Parsed
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


def parse_answer(text: str) -> Parsed:
    return parse.parse_answer(text, COINS)


def test_a_whole_decision_is_read() -> None:
    condition = {"timeframe": "15m", "indicator": "close", "op": "<", "value": 100.5}
    parsed = parse_answer(json.dumps(LONG | {"stop_loss": 99.5, "invalidation_condition": condition}))
    assert parsed.decision.action is Action.LONG
    assert str(parsed.decision.stop_loss) == "99.5"
    assert parsed.decision.invalidation_condition is not None
    assert parsed.dropped_keys == ()


def test_unknown_keys_are_dropped_and_named() -> None:
    assert parse_answer(json.dumps(LONG | {"mood": "good"})).dropped_keys == ("mood",)


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
        "```json\n" + json.dumps(LONG) + "\n```",
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
