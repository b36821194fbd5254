"""A rule-based trader whose only input is the prompt; it trades the coins that the prompt shows.

Every answer is labeled as a stand-in's.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

SECTION = re.compile(r"^# ([A-Za-z0-9 ]+?)(?: \(.*\))?$", re.MULTILINE)
USABLE = re.compile(r"^usable_leverage (\w+) long (\d+) short (\d+)$", re.MULTILINE)
POSITION = re.compile(r"^- (\w+) (LONG|SHORT) .*age_minutes (\w+)$", re.MULTILINE)
HOLD_EVERY = 5
CLOSE_AFTER_MINUTES = 4
MAX_POSITIONS = 2
SIZE_PERCENT = 10
LEVERAGE = 5
LEAST_BUDGET_SHARE = 0.04


@dataclass(slots=True)
class Reading:
    """What the trader extracts from the prompt."""

    is_reversion: bool
    cycle: int
    equity: float
    budget: float
    usable: dict[str, tuple[int, int]]
    scores: dict[str, float]
    positions: dict[str, tuple[str, int]] = field(default_factory=dict)


def decide(system: str, user: str) -> dict[str, Any]:
    """One decision in the form that the prompt asks for; HOLD when the prompt can't be parsed."""
    try:
        reading = read(system, user)
    except (ValueError, KeyError, IndexError, AttributeError) as error:
        return _hold(f"the prompt could not be read ({error})")
    return _choose(reading)


def read(system: str, user: str) -> Reading:
    """Parses the prompt's sections. Raises ValueError or KeyError when one is missing."""
    parts = SECTION.split(user)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    is_reversion = "mean reversion" in system
    positions = {
        coin: (side, int(age) if age.isdigit() else CLOSE_AFTER_MINUTES)
        for coin, side, age in POSITION.findall(sections["POSITIONS"])
    }
    usable = {coin: (int(long), int(short)) for coin, long, short in USABLE.findall(system)}
    return Reading(
        is_reversion=is_reversion,
        cycle=int(_number(sections["NOW"], "cycle:")),
        equity=_number(sections["ACCOUNT"], "equity_usd:"),
        budget=_budget(sections["ACCOUNT"]),
        usable=usable,
        scores={coin: _score(sections[coin], is_reversion) for coin in usable if coin in sections},
        positions=positions,
    )


def _number(text: str, label: str) -> float:
    found = re.search(re.escape(label) + r"\s*([-+]?[\d.]+)", text)
    if found is None:
        raise ValueError(f"no {label.rstrip(':')}")
    return float(found.group(1))


def _budget(account: str) -> float:
    """The remaining loss budget in USD; zero while it is unknown."""
    return 0.0 if "loss_budget_left_usd: n/a" in account else _number(account, "loss_budget_left_usd:")


def _series(text: str, frame: str, name: str) -> list[float]:
    """The bracketed values of `name` on the line of a time frame."""
    line = next((line for line in text.splitlines() if line.startswith(f"{frame} ")), "")
    found = re.search(rf"\b{name} \[([^\]]+)\]", line)
    return [float(value) for value in found.group(1).split(",")] if found else []


def _score(text: str, is_reversion: bool) -> float:
    """Strength of the signal, −1 to 1, positive for long: against the RSI for reversion, with the trend otherwise."""
    closes, rsi = _series(text, "1m", "close"), _series(text, "1m", "rsi14")
    if is_reversion:
        oversold = (50 - rsi[-1]) / 50 if rsi else 0.0
        imbalance = _number(text, "imbalance")
        return max(-1.0, min(1.0, 1.4 * oversold + 0.2 * imbalance))
    macd = _series(text, "5m", "macd")
    momentum = (closes[-1] / closes[0] - 1) * 250 if len(closes) > 1 else 0.0
    rising = (1 if macd[-1] > macd[0] else -1) * 0.3 if len(macd) > 1 else 0.0
    return max(-1.0, min(1.0, momentum + rising))


def _choose(reading: Reading) -> dict[str, Any]:
    to_close = [coin for coin, (side, age) in reading.positions.items() if _should_close(reading, coin, side, age)]
    if to_close:
        return _close(to_close[0])
    if reading.cycle % HOLD_EVERY == (2 if reading.is_reversion else 4):
        return _hold("waits every fifth cycle")
    if len(reading.positions) >= MAX_POSITIONS:
        return _hold("has all the positions that it wants")
    if reading.budget < reading.equity * LEAST_BUDGET_SHARE:
        return _hold("has too little loss budget left")
    free = {coin: score for coin, score in reading.scores.items() if coin not in reading.positions}
    if not free:
        return _hold("is shown no coin that it could enter")
    coin = max(free, key=lambda name: abs(free[name]))
    return _enter(reading, coin, free[coin])


def _should_close(reading: Reading, coin: str, side: str, age: int) -> bool:
    """Whether a position is old enough, or clearly against the signal."""
    score = reading.scores.get(coin, 0.0)
    against = score < -0.6 if side == "LONG" else score > 0.6
    return age >= CLOSE_AFTER_MINUTES or (against and age >= 1)


def _enter(reading: Reading, coin: str, score: float) -> dict[str, Any]:
    is_long = score >= 0
    usable = reading.usable[coin][0 if is_long else 1]
    style = "mean reversion" if reading.is_reversion else "trend"
    return {
        "action": "LONG" if is_long else "SHORT",
        "symbol": coin,
        "leverage": min(LEVERAGE, usable),
        "position_size_percent": SIZE_PERCENT,
        "confidence": round(58 + 35 * abs(score)),
        "reasoning": f"stand-in: {style} score {score:+.2f} on {coin} is the strongest of {len(reading.scores)}",
    }


def _close(coin: str) -> dict[str, Any]:
    return _idle("CLOSE", coin, f"closes {coin} after its time or against its signal")


def _hold(reason: str) -> dict[str, Any]:
    return _idle("HOLD", None, reason)


def _idle(action: str, coin: str | None, reason: str) -> dict[str, Any]:
    return {
        "action": action,
        "symbol": coin,
        "leverage": 0,
        "position_size_percent": 0,
        "confidence": 70,
        "reasoning": f"stand-in: {reason}",
    }


def answer_text(messages: list[dict[str, Any]]) -> str:
    """The answer to a conversation, as JSON text."""
    system = next((str(m["content"]) for m in messages if m.get("role") == "system"), "")
    user = next((str(m["content"]) for m in messages if m.get("role") == "user"), "")
    return json.dumps(decide(system, user))
