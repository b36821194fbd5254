"""10,000 generated answers: each is one decision or refused, and none trades that isn't exactly one decision."""

import json
import random
import re
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from common.agent.parse import InvalidAnswer, parse_answer
from common.events import Action, Decision
from common.runtime.roster import read_roster

ANSWERS: Final = 10_000
COINS: Final = read_roster(None).coins
TRADES: Final = (Action.LONG, Action.SHORT, Action.CLOSE)
ENTRY: Final = {
    "action": "LONG",
    "symbol": "BTC",
    "leverage": 5,
    "position_size_percent": 10,
    "confidence": 72,
    "reasoning": "why, in a few sentences",
    "stop_loss": 112000.0,
}
PROMPT: Final = f"Example JSON: {json.dumps(ENTRY)}"
KEYS: Final = (*ENTRY, "take_profit", "invalidation_condition")
NUMBERS: Final = ("0", "1", "5", "5.0", "0.1", "1e1", "72.5", "-3", "1e400", "NaN", "Infinity", '"5"', "9" * 40)
VALUES: Final = (
    *NUMBERS,
    *NUMBERS,
    "null",
    "true",
    "[]",
    "{}",
    '"BTC"',
    '"LONG"',
    '"ETH"',
    '"HOLD"',
    '"CLOSE"',
    '"x"',
    '""',
)
SPELLINGS: Final = ("Action", "stopLoss", " stop_loss", "stop-loss", "Leverage", "symbol ", "mood", "\\ud800", "")
REASONS: Final = ("it rises", "", "\ud83d", "```", "涨")
FENCES: Final = ("```json\n", "```", "\n```")
AROUND: Final = (*[""] * 3, "\ufeff", *FENCES, "Sure! ", " Good luck.", "[", "]", "{", "}", "\x00", "//")
SPELLED: Final = {re.sub(r"[\W_]", "", key): key for key in KEYS}


def member(rng: random.Random) -> str:
    key = rng.choice(KEYS) if rng.random() < 0.8 else rng.choice(SPELLINGS)
    value = rng.choice(VALUES) if rng.random() < 0.3 else json.dumps(ENTRY.get(key))
    return f'"{key}": {value}'


def decision_text(rng: random.Random) -> str:
    """A whole decision with a few of its members replaced, removed, repeated or respelled."""
    stated = {key: json.dumps(value) for key, value in ENTRY.items()}
    stated["action"] = json.dumps(rng.choice(list(Action)))
    stated["reasoning"] = json.dumps(rng.choice(REASONS))
    stated |= {rng.choice(KEYS): rng.choice(VALUES) for _ in range(rng.choice((0, 1, 2)))}
    members = [f'"{key}": {value}' for key, value in stated.items()]
    if rng.random() < 0.3:
        where = rng.randrange(len(members))
        members[where : where + rng.randrange(2)] = [member(rng)] * rng.randrange(2)
    rng.shuffle(members)
    return "{" + ", ".join(members) + "}"


def wrapped(rng: random.Random) -> str:
    if rng.random() < 0.3:
        return f"```json\n{decision_text(rng)}\n```"
    return rng.choice(AROUND) + decision_text(rng) + rng.choice(AROUND)


def cut(rng: random.Random) -> str:
    text = decision_text(rng)
    return text[: rng.randrange(len(text))]


def noise(rng: random.Random) -> str:
    pieces = [*AROUND, *VALUES, *(f'"{key}":' for key in KEYS), ",", "LONG BTC 5x", "\u2028", "\\u0000"]
    return "".join(rng.choices(pieces, k=rng.randrange(30)))


FORMS: Final[tuple[Callable[[random.Random], str], ...]] = (
    decision_text,
    decision_text,
    wrapped,
    wrapped,
    lambda rng: decision_text(rng) + rng.choice(("", "\n", ",")) + decision_text(rng),
    lambda rng: f"[{decision_text(rng)}]",
    lambda rng: json.dumps(ENTRY, indent=4) if rng.random() < 0.1 else decision_text(rng),
    lambda rng: rng.choice("[{") * rng.randrange(3_000),
    cut,
    noise,
)


def only_object(text: str) -> dict[str, Any]:
    """The one object that a text is but for a byte order mark and a fence, by json alone; asserts that there is one."""
    body = text.removeprefix("\ufeff").strip(" \t\r\n")
    if body.startswith("```"):
        body = re.sub(r"\A```(json|JSON)?\s*", "", body).removesuffix("```")
    pairs: list[tuple[str, Any]] = json.loads(body, object_pairs_hook=list)
    names = [re.sub(r"[\W_]", "", key).lower() for key, _ in pairs]
    assert len(names) == len(set(names)), text
    assert all(SPELLED.get(name, key) == key for name, (key, _) in zip(names, pairs, strict=True)), text
    return dict(pairs)


def check_trade(text: str, decision: Decision) -> None:
    """A trade says no more and no less than the text's one object."""
    stated = only_object(text)
    assert stated != ENTRY
    assert (decision.action, decision.symbol) == (stated["action"], stated["symbol"])
    for key in ("leverage", "position_size_percent", "confidence"):
        assert not isinstance(stated[key], str | bool), text
        assert float(getattr(decision, key)) == float(stated[key] or 0), text
    if decision.action is not Action.CLOSE:
        assert 1 <= decision.leverage <= 20
        assert decision.confidence == 0 or 1 < decision.confidence <= 100
        assert decision.position_size_percent == 0 or 1 <= decision.position_size_percent <= 100
        for key in ("stop_loss", "take_profit"):
            asked = getattr(decision, key)
            assert (None if asked is None else float(asked)) == stated.get(key), text


def test_each_of_10_000_answers_is_one_decision_or_refused() -> None:
    rng, outcomes = random.Random(14), Counter[str]()
    for number in range(ANSWERS):
        text = FORMS[number % len(FORMS)](rng)
        try:
            decision = parse_answer(text, COINS, PROMPT).decision
        except InvalidAnswer as refusal:
            outcomes[refusal.code] += 1
            continue
        outcomes[decision.action] += 1
        if decision.action in TRADES:
            check_trade(text, decision)
        else:
            assert only_object(text)["action"] == "HOLD"
    assert sum(outcomes.values()) == ANSWERS
    every = {"NOT_JSON", "NOT_ONE_OBJECT", "REPEATED_KEY", "MISSPELLED_KEY", "MISSING_KEY", "EXAMPLE_COPIED"}
    every |= {"BAD_ACTION", "BAD_SYMBOL", "BAD_LEVERAGE", "BAD_NUMBER", "BAD_REASONING"}
    every |= {"FRACTION", "NOT_FINITE", "OUT_OF_RANGE", "EMPTY_ANSWER"}
    assert every | set(Action) <= set(outcomes)
    assert sum(outcomes[action] for action in Action) > ANSWERS / 20
