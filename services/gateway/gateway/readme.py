"""README.TXT of the dashboard, in both languages, from text files, with the limits that are really in force."""

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any

from common.runtime.outages import is_outage

LIMITS_KEY = "risk:limits"
UNKNOWN = "—"
WRAPPED = re.compile(r"(?<=[^\n])\n *(?=[^\n\- ])")
"""A line break inside a paragraph: the files are wrapped for whoever edits them, the page wraps at its own width."""
WORDS = {
    "en": {
        "margin": "margin",
        "notional": "notional",
        "told": "The figures are the limits in force, as the risk gate tells them.",
        "untold": f"The risk gate has not told its limits yet; until it does, {UNKNOWN} stands for each.",
    },
    "zh": {
        "margin": "保证金",
        "notional": "名义价值",
        "told": "以下数字是风控当前执行的限额，由风控服务报告。",
        "untold": f"风控服务尚未报告限额，报告之前以 {UNKNOWN} 代替。",
    },
}


class Readme:
    """Remembers the limits that were told last: they stay true while Redis is away."""

    def __init__(self, redis: Any) -> None:
        self._redis = redis
        self._limits: Mapping[str, Any] | None = None

    async def text(self, lang: str) -> str:
        """The text in `en` or `zh`."""
        try:
            value = await self._redis.get(LIMITS_KEY)
            self._limits = None if value is None else json.loads(value)
        except Exception as error:
            if not is_outage(error):
                raise
        return filled(lang, self._limits)


def filled(lang: str, limits: Mapping[str, Any] | None) -> str:
    """The text with these limits, or with a mark for each where none are known."""
    template, words = _template(lang), WORDS[lang]
    known = {name: str(each) for name, each in (limits or {}).items()}
    values = dict.fromkeys(template.get_identifiers(), UNKNOWN) | known
    basis = values["position_size_basis"]
    said = {
        "limits_note": words["untold" if limits is None else "told"],
        "position_size_basis": words.get(basis, basis),
    }
    return template.substitute(values | said)


@cache
def _template(lang: str) -> Template:
    text = files("gateway").joinpath("texts", f"readme.{lang}.txt").read_text(encoding="utf-8")
    return Template(WRAPPED.sub(" " if lang == "en" else "", text))
