"""How reports write answers, figures and times."""

from collections.abc import Mapping
from datetime import UTC, datetime

from common.events import Action
from replay.domain.answer import Answered


def in_words(answer: Answered) -> str:
    """What an answer decides, and the verdict where it is denied: `LONG BTC 5x 10 %, denied: COOLDOWN`."""
    decision = answer.decision
    if decision is None:
        return f"{answer.outcome.value}: {answer.failure_code}"
    words = [decision.action.value, *([decision.symbol.value] if decision.symbol else [])]
    if decision.action in (Action.LONG, Action.SHORT):
        words.append(f"{decision.leverage}x {decision.position_size_percent:f} %")
    return " ".join(words) + (f", denied: {answer.denial_code}" if answer.denial_code else "")


def bps(value: float | None) -> str:
    """Signed basis points with two decimals; n/a for what isn't known."""
    return "n/a" if value is None else f"{value:+.2f}"


def counts(numbers: Mapping[str, int]) -> str:
    """`HOLD 12, LONG 3`, most first."""
    return ", ".join(f"{name} {n}" for name, n in sorted(numbers.items(), key=lambda each: (-each[1], each[0]))) or "–"


def moment(time_ms: int) -> str:
    """A time of the market, to the second, UTC."""
    return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m-%d %H:%M:%S}"
