"""README.TXT of the dashboard in both languages, from text files, with the roster and the limits in force."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any

from redis.asyncio import Redis

from common.runtime.outages import is_outage
from common.trading.roster import Roster
from gateway.storage.cached import decode_cached

LIMITS_KEY = "risk:limits"
UNKNOWN = "—"
WRAPPED = re.compile(r"(?<=[^\n])\n *(?=[^\n\- ])")
"""A line break inside a paragraph: the files are wrapped for whoever edits them, the page wraps at its own width."""
WORDS = {
    "en": {
        "margin": "margin",
        "notional": "notional",
        "published": "The figures are the limits in force, as the risk service publishes them.",
        "unpublished": f"The risk service has not published its limits yet; until it does, {UNKNOWN} stands for each.",
        "and": " and ",
        "separator": ", ",
    },
    "zh": {
        "margin": "保证金",
        "notional": "名义价值",
        "published": "以下数字是风控当前执行的限额，由风控服务报告。",
        "unpublished": f"风控服务尚未报告限额，报告之前以 {UNKNOWN} 代替。",
        "and": " 与 ",
        "separator": "、",
    },
}


class Readme:
    """Keeps the latest published limits: they stay in force while Redis is unavailable."""

    def __init__(self, redis: Redis, roster: Roster) -> None:
        self._redis, self._roster = redis, roster
        self._limits: Mapping[str, Any] | None = None

    async def text(self, lang: str) -> str:
        """The text in `en` or `zh`."""
        try:
            value = await self._redis.get(LIMITS_KEY)
            self._limits = decode_cached(value)
        except Exception as error:
            if not is_outage(error):
                raise
        return render(lang, self._roster, self._limits)


def render(lang: str, roster: Roster, limits: Mapping[str, Any] | None) -> str:
    """The text with this roster and these limits, or with a dash for each limit where none are known."""
    template, words = _template(lang), WORDS[lang]
    known = {name: str(each) for name, each in (limits or {}).items()}
    values = dict.fromkeys(template.get_identifiers(), UNKNOWN) | known
    basis = values["position_size_basis"]
    computed = {
        "limits_note": words["unpublished" if limits is None else "published"],
        "position_size_basis": words.get(basis, basis),
        "contenders": _enumerate([each.name for each in roster.contenders], words),
        "contender_count": str(len(roster.contenders)),
        "coins": words["separator"].join(roster.coins),
        "coin_count": str(len(roster.coins)),
    }
    return template.substitute(values | computed)


def _enumerate(names: list[str], words: Mapping[str, str]) -> str:
    """A, B and C."""
    first = words["separator"].join(names[:-1])
    return f"{first}{words['and']}{names[-1]}" if first else names[-1]


@cache
def _template(lang: str) -> Template:
    text = files("gateway.rest").joinpath("texts", f"readme.{lang}.txt").read_text(encoding="utf-8")
    return Template(WRAPPED.sub(" " if lang == "en" else "", text))
