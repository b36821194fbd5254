"""Messages in both languages."""

from decimal import Decimal

import pytest

from common.events import AlertSeverity
from common.trading.orders import OrderRole, OrderSide
from common.trading.roster import Language
from notifier.domain import words
from notifier.domain.notices import AlertNotice, LeadNotice, Notice, Standing, SummaryNotice, TradeNotice

D = Decimal

NAMES = {"qwen": "Qwen"}
ALERT = AlertNotice("HALTED", AlertSeverity.CRITICAL, False, "qwen", "executor", "a person asked", earlier=2)
STOP = TradeNotice(
    "qwen", 7, "BTC", OrderRole.STOP, OrderSide.SELL, D("0.0200"), D(1_900), D("0.86"), D("-100.4"), False
)
STANDINGS = (Standing("qwen", D("10123.456"), D("1.23"), None), Standing("other", D(9), D("-9.00"), D("0.10")))
EXPECTED: dict[Language, list[str]] = {
    "en": [
        "[CRITICAL] HALTED · Qwen: a person asked (2 more like it since)",
        "Qwen stop loss hit LONG BTC: 0.02 at 95000 (1,900.00 USD), P&L -101.26 USD after the fee",
        "Qwen leads now; other did before",
        "Qwen: 10,123.46 USD, +1.23 % since the start, n/a on the day",
        "other: 9.00 USD, -9.00 % since the start, +0.10 % on the day",
        "Day 2026-11-30 (UTC)",
    ],
    "zh": [
        "[严重] HALTED · Qwen: a person asked (期间另有 2 条相同告警)",
        "Qwen 触发止损 做多 BTC: 0.02 @ 95000(1,900.00 USD),扣除手续费后盈亏 -101.26 USD",
        "Qwen 取代 other 领先",
        "Qwen: 10,123.46 USD,累计 +1.23 %,当日 n/a",
        "other: 9.00 USD,累计 -9.00 %,当日 +0.10 %",
        "2026-11-30 日终(UTC)",
    ],
}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_kind_of_notice_has_words(language: Language) -> None:
    notices: list[Notice] = [ALERT, STOP, LeadNotice("other", STANDINGS), SummaryNotice("2026-11-30", STANDINGS)]
    message = words.compose(notices, 3, language=language, names=NAMES, url="https://arena.example")
    lines = message.body.split("\n")
    assert lines[:6] == EXPECTED[language]
    assert lines[-3:] == [words.LEFT_OUT[language].format(3), "", "https://arena.example"]
    assert message.severity is AlertSeverity.CRITICAL
    assert words.SEVERITIES[language][AlertSeverity.CRITICAL] in message.title


@pytest.mark.parametrize("table", [words.ROLES, words.SEVERITIES, words.DIRECTIONS])
def test_both_languages_have_the_same_entries(table: dict[Language, dict[object, str]]) -> None:
    assert table["en"].keys() == table["zh"].keys()
    assert set(words.ROLES["en"]) == set(OrderRole)


def test_an_entry_states_no_profit_and_a_liquidation_is_named() -> None:
    entry = TradeNotice("qwen", 1, "ETH", OrderRole.ENTRY, OrderSide.SELL, D(1), D(3_000), D(1), D(0))
    lost = TradeNotice("qwen", 1, "ETH", OrderRole.UNKNOWN, OrderSide.BUY, D(1), D(3_000), D(1), D(-9), True)
    body = words.compose([entry, lost], 0, language="en", names={}, url=None).body
    assert body.split("\n") == [
        "qwen opened SHORT ETH: 1 at 3000 (3,000.00 USD)",
        "qwen LIQUIDATED SHORT ETH: 1 at 3000 (3,000.00 USD), P&L -10.00 USD after the fee",
    ]


def test_the_end_of_an_alert_is_no_alarm() -> None:
    end = AlertNotice("ServiceDown", AlertSeverity.CRITICAL, True, None, "risk", "resolved: risk answers")
    message = words.compose([end], 0, language="en", names={}, url=None)
    assert message.severity is AlertSeverity.INFO
    assert message.body == "[RESOLVED] ServiceDown · risk: resolved: risk answers"
