"""A rule-based trader whose only input is the prompt; it trades the coins that the prompt shows.

Every answer is labeled as a stand-in's.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

SECTION = re.compile(r"^# ([A-Za-z0-9 ]+?)(?: \(.*\))?$", re.MULTILINE)
LEVERAGE_HEAD = re.compile(r"^coin .*% m cap$", re.MULTILINE)
POSITION = re.compile(r"^- (\w+) (LONG|SHORT) .*age_minutes=(\S+)$", re.MULTILINE)
REVERSION = re.compile(r"^# \S+ reversion", re.MULTILINE)
DENIED_BY = re.compile(r"denied_by=(\S+)")
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
    denied_by: str
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
    is_reversion = REVERSION.search(system) is not None
    positions = {
        coin: (side, int(age) if age.isdigit() else CLOSE_AFTER_MINUTES)
        for coin, side, age in POSITION.findall(sections["POSITIONS"])
    }
    usable = _usable(system)
    fast, slow, market = (_table(sections[name]) for name in ("CANDLES 1m", "CANDLES 15m", "MARKET"))
    return Reading(
        is_reversion=is_reversion,
        cycle=int(_number(sections["NOW"], "cycle=")),
        equity=_number(sections["ACCOUNT"], "equity_usd="),
        denied_by=_denied_by(sections["ENTRY"]),
        budget=_budget(sections["ENTRY"]),
        usable=usable,
        scores={coin: _score(fast[coin], slow[coin], market[coin], is_reversion) for coin in usable if coin in fast},
        positions=positions,
    )


def _usable(system: str) -> dict[str, tuple[int, int]]:
    """The largest leverage by coin, long and short, at the default stop: the last column of its table but two."""
    head = LEVERAGE_HEAD.search(system)
    rows = _table(head.group(0) + system[head.end() :]) if head else {}
    stops = [name for name in head.group(0).split() if name.endswith("%")] if head else []
    pairs = {coin: row[stops[-1]].split("/") for coin, row in rows.items()}
    return {coin: (int(pair[0]), int(pair[-1])) for coin, pair in pairs.items()}


def _table(section: str) -> dict[str, dict[str, str]]:
    """The rows of a table by their coin: each cell by its column's name. The table ends where a row has other cells."""
    head, *lines = section.strip().splitlines()
    names = head.split()
    rows = {}
    for line in lines:
        cells = line.split()
        if len(cells) != len(names):
            break
        rows[cells[0]] = dict(zip(names, cells, strict=True))
    return rows


def _number(text: str, label: str) -> float:
    found = re.search(re.escape(label) + r"([-+]?[\d.]+)", text)
    if found is None:
        raise ValueError(f"no {label.rstrip('=')}")
    return float(found.group(1))


def _denied_by(entry: str) -> str:
    """The codes that deny every entry, as the prompt lists them; an empty text when an entry is allowed."""
    found = DENIED_BY.search(entry)
    if found is None:
        raise ValueError("no denied_by")
    return "" if found[1] == "none" else found[1]


def _budget(entry: str) -> float:
    """The remaining loss budget in USD; zero while it is unknown."""
    return 0.0 if "loss_budget_left_usd=n/a" in entry else _number(entry, "loss_budget_left_usd=")


def _values(cell: str) -> list[float]:
    """The numbers of a cell, oldest first; none when it is unknown."""
    return [float(value) for value in cell.strip("[]").split(",") if value != "n/a"]


def _score(fast: dict[str, str], slow: dict[str, str], market: dict[str, str], is_reversion: bool) -> float:
    """Strength of the signal, −1 to 1, positive for long: against the RSI for reversion, with the trend otherwise.

    `fast` and `slow` are the coin's rows of the 1m and 15m candles.
    """
    closes, rsi = _values(fast["close"]), _values(fast["rsi14"])
    if is_reversion:
        oversold = (50 - rsi[-1]) / 50 if rsi else 0.0
        imbalance = (_values(market["book"]) or [0.0])[0]
        return max(-1.0, min(1.0, 1.4 * oversold + 0.2 * imbalance))
    macd = _values(slow["macd"])
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
    if reading.denied_by:
        return _hold(f"may not enter now: {reading.denied_by}")
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
