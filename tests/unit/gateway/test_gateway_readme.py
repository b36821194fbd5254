"""README.TXT tells the limits in force, in both languages, and says so when it doesn't know them."""

import json
import re
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from gateway.readme import LIMITS_KEY, UNKNOWN, Readme, filled

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
TOLD = {
    "en": (
        "At most 2 open positions; at most 12.5 % of equity as notional",
        "leverage at most 7",
        "as the risk gate tells",
    ),
    "zh": ("最多同时持有 2 个仓位；单个仓位的名义价值不超过权益的 12.5 %", "杠杆不超过 7 倍", "由风控服务报告"),
}


class Store:
    """A Redis with one value, or none that answers."""

    def __init__(self, value: bytes | None) -> None:
        self.value, self.is_away = value, False

    async def get(self, key: str) -> bytes | None:
        assert key == LIMITS_KEY
        if self.is_away:
            raise RedisConnectionError("away")
        return self.value


def flowing(text: str) -> str:
    """The text without its line breaks."""
    return re.sub(r"\s*\n\s*", " ", text)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_limits_in_force_are_told(lang: str) -> None:
    text = flowing(filled(lang, LIMITS))
    assert all(words in text for words in TOLD[lang])
    assert UNKNOWN not in text
    assert "$" not in text


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_unknown_limits_are_no_figures(lang: str) -> None:
    rules = filled(lang, None)
    assert rules.count(UNKNOWN) == 1 + len(LIMITS) - 1
    assert not any(words in flowing(rules) for words in TOLD[lang])
    assert "$" not in rules


async def test_what_was_told_last_stays_while_redis_is_away_and_a_wiped_one_knows_nothing() -> None:
    store: Any = Store(json.dumps(LIMITS).encode())
    readme = Readme(store)
    assert "leverage at most 7" in flowing(await readme.text("en"))
    store.is_away = True
    assert "leverage at most 7" in flowing(await readme.text("en"))
    store.is_away, store.value = False, None
    assert "has not told its limits yet" in await readme.text("en")
