"""A strategy: a versioned text that opens a prompt, shipped here under a name or written by the owner in a file."""

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from common.agent.prompt.template import placeholders, shipped_text
from common.trading.roster import Language

SHIPPED: Final = files("common.agent.prompt").joinpath("strategies")
TOPICS: Final = {
    "entries": r"\benter|\bentr(?:y|ies)\b|\bbuy|\blong\b|\bshort\b|开仓|进场|入场|做多|做空|买入",
    "exits": r"\bexit|\bclose\b|\bleave|\bstop|take.profit|平仓|离场|出场|止损|止盈",
    "sizing": r"\bsiz|\brisk|\bleverage|position_size_percent|仓位|风险|杠杆",
    "when to stay out": r"\bhold\b|\bwait|stay out|no (?:trade|entry)|观望|空仓|等待|不开仓|不参与",
}
"""What a strategy should cover, and a pattern of the words that show it does, in both languages."""


MOST_BYTES: Final = 2_700
"""Of UTF-8: 900 Chinese characters. With a longer text the prompt may pass the characters that it should have."""


class StrategyError(ValueError):
    """A strategy's text can't be read; the message says where it was looked for."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """A strategy: its name, its text, and the text's hash. Placeholders in the text are filled in the prompt."""

    name: str
    text: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]


def load_strategy(name: str, language: Language) -> Strategy:
    """The shipped text `strategies/<name>.<language>.txt`, or, for a name with a slash or a dot, the file at that path.

    Raises StrategyError.
    """
    is_path = "/" in name or "." in name
    try:
        text = Path(name).read_text(encoding="utf-8-sig") if is_path else shipped_text("strategies", name, language)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise StrategyError(f"{name} can't be read: {reason}; {_remedy()}") from None
    if not text.strip():
        raise StrategyError(f"{name} is empty; {_remedy()}")
    return Strategy(Path(name).stem if is_path else name, text)


def gaps(strategy: Strategy, known_placeholders: Collection[str]) -> list[str]:
    """What a text lacks, has too much of, or names in vain, each as the end of a sentence; empty for a good one."""
    found = [
        f"says nothing about {topic}"
        for topic, words in TOPICS.items()
        if not re.search(words, strategy.text, re.IGNORECASE)
    ]
    unknown = [name for name in placeholders(strategy.text) if name not in known_placeholders]
    if (size := len(strategy.text.encode())) > MOST_BYTES:
        found.append(f"has {size:,} bytes, more than {MOST_BYTES:,}: each costs in every cycle, and buries the figures")
    return [*found, *(f"names the unknown placeholder {{{name}}}" for name in unknown)]


def _remedy() -> str:
    names = sorted({entry.name.split(".")[0] for entry in SHIPPED.iterdir()})
    return f"name one of {', '.join(names)}, or the path of a text file"
