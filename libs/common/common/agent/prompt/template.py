"""Texts with placeholders: `{name}` in a text or a strategy is replaced by a figure of this arena."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from common.trading.roster import Language

PLACEHOLDER: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}")
"""Braces around anything else, as in JSON, are text."""


@cache
def shipped_text(folder: str, name: str, language: Language) -> str:
    """The text `<folder>/<name>.<language>.txt` beside this module, without its last line break."""
    entry = files("common.agent.prompt").joinpath(folder, f"{name}.{language}.txt")
    return entry.read_text(encoding="utf-8").rstrip("\n")


def fill(text: str, values: Mapping[str, str]) -> str:
    """`text` with the value in place of each known placeholder; an unknown one stays as it is written."""
    return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def placeholders(text: str) -> list[str]:
    """The names of the placeholders in `text`, each once, in their order."""
    return list(dict.fromkeys(PLACEHOLDER.findall(text)))
