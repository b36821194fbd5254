"""A strategy: a versioned text that opens a prompt, shipped here under a name or written by the owner in a file."""

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

SHIPPED = files("common.agent.prompt").joinpath("strategies")


class StrategyError(ValueError):
    """A strategy's text can't be read; the message says where it was looked for."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """A strategy: its name, its text, and the text's hash."""

    name: str
    text: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]


def load_strategy(name: str) -> Strategy:
    """The shipped text `strategies/<name>.txt`, or, for a name with a slash or a dot, the file at that path.

    Raises StrategyError.
    """
    is_path = "/" in name or "." in name
    try:
        text = (Path(name) if is_path else SHIPPED.joinpath(f"{name}.txt")).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise StrategyError(f"{name} can't be read: {reason}; {_remedy()}") from None
    if not text.strip():
        raise StrategyError(f"{name} is empty; {_remedy()}")
    return Strategy(Path(name).stem if is_path else name, text)


def _remedy() -> str:
    names = sorted(entry.name.removesuffix(".txt") for entry in SHIPPED.iterdir())
    return f"name one of {', '.join(names)}, or the path of a text file"
