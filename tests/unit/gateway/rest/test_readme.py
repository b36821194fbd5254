"""README.TXT states the roster and the limits in force in both languages, and says when it knows no limits."""

import json
import re
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from common.runtime.roster import read_roster
from gateway.rest.readme import LIMITS_KEY, UNKNOWN, Readme, render

ROSTER = read_roster(None)
LIMITS = {
    "max_open_positions": 2,
    "max_position_size_percent": "12.5",
    "position_size_basis": "notional",
    "max_leverage": 7,
    "min_confidence": "71",
    "max_daily_trades": 9,
    "max_daily_loss_percent": "4",
    "max_drawdown_percent": "33",
    "stop_loss_percent": "1.5",
    "take_profit_percent": "3",
    "market_speed": "1",
}
PUBLISHED = {
    "en": (
        "At most 2 open positions; at most 12.5 % of equity as notional",
        "leverage at most 7",
        "as the risk service publishes",
    ),
    "zh": ("最多同时持有 2 个仓位；单个仓位的名义价值不超过权益的 12.5 %", "杠杆不超过 7 倍", "由风控服务报告"),
}


class Store:
    """A Redis with one value, or none that answers."""

    def __init__(self, value: bytes | None) -> None:
        self.value, self.is_unavailable = value, False

    async def get(self, key: str) -> bytes | None:
        assert key == LIMITS_KEY
        if self.is_unavailable:
            raise RedisConnectionError("away")
        return self.value


def unwrapped(text: str) -> str:
    """The text without its line breaks."""
    return re.sub(r"\s*\n\s*", " ", text)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_text_states_the_limits_in_force(lang: str) -> None:
    text = unwrapped(render(lang, ROSTER, LIMITS))
    assert all(words in text for words in PUBLISHED[lang])
    assert UNKNOWN not in text
    assert "$" not in text


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_unknown_limits_are_dashes(lang: str) -> None:
    rules = render(lang, ROSTER, None)
    assert rules.count(UNKNOWN) == 1 + len(LIMITS) - 1
    assert not any(words in unwrapped(rules) for words in PUBLISHED[lang])
    assert "$" not in rules


async def test_the_last_limits_stay_while_redis_is_unavailable() -> None:
    store: Any = Store(json.dumps(LIMITS).encode())
    readme = Readme(store, ROSTER)
    assert "leverage at most 7" in unwrapped(await readme.text("en"))
    store.is_unavailable = True
    assert "leverage at most 7" in unwrapped(await readme.text("en"))
    store.is_unavailable, store.value = False, None
    assert "has not published its limits yet" in await readme.text("en")


def test_the_text_names_the_contenders_and_the_coins() -> None:
    assert "DeepSeek and Qwen" in unwrapped(render("en", ROSTER, LIMITS))
    assert "DeepSeek 与 Qwen" in render("zh", ROSTER, LIMITS)
    assert "BTC, ETH, SOL, BNB, DOGE, XRP" in unwrapped(render("en", ROSTER, LIMITS))
