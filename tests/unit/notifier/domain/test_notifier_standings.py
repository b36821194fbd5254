"""Who leads and how a day ended, from cached values."""

import json
from decimal import Decimal

from common.events.codec import encode
from common.trading.durations import DAY_MS
from notifier.domain.notices import LeadNotice, Standing, SummaryNotice
from notifier.domain.standings import Standings, read_standing, state_day
from support.account_examples import account_event, account_state

D = Decimal

DAY = 20_787


def account(equity: int, state_ms: int = DAY * DAY_MS + 1) -> bytes:
    return encode(account_event(account_state(model="qwen", at_ms=state_ms, equity_usd=D(equity))))


def memory(growth: str, equity: str) -> bytes:
    return json.dumps({"account": {"growth": growth, "growth_equity_usd": equity, "transfers_usd": "0"}}).encode()


def risk_day(equity: str, day: int = DAY) -> bytes:
    return json.dumps({"day": day, "equity_usd": equity}).encode()


def standing(model: str, percent: str | None) -> Standing:
    return Standing(model, D(1), None if percent is None else D(percent), None)


def test_returns_are_time_weighted() -> None:
    # 10,000 grew by half; then 5,000 came in. 22,000 now is 1.5 × 22/20.
    found = read_standing("qwen", account(22_000), memory("1.5", "20000"), risk_day("21000"))
    assert found == Standing("qwen", D(22_000), D("65.00"), D("4.76"))


def test_what_is_not_known_is_not_guessed() -> None:
    assert read_standing("qwen", None, None, None) is None
    assert read_standing("qwen", b"{", None, None) is None
    assert read_standing("qwen", account(1_000), None, None) == Standing("qwen", D(1_000), None, None)
    yesterday = read_standing("qwen", account(1_000), None, risk_day("900", DAY - 1))
    assert yesterday == Standing("qwen", D(1_000), None, None)
    assert state_day(account(1)) == DAY


def test_the_first_leader_is_known_and_a_clear_change_is_sent_once() -> None:
    watched = Standings()
    assert watched.note([standing("a", "1"), standing("b", "0")], DAY) == []
    assert watched.note([standing("a", "1"), standing("b", "1.05")], DAY) == [], "not clear yet"
    (sent,) = watched.note([standing("a", "1"), standing("b", "1.1")], DAY)
    assert isinstance(sent, LeadNotice)
    assert (sent.before, sent.standings[0].model) == ("a", "b")
    assert watched.note([standing("a", "1"), standing("b", "1.2")], DAY) == []


def test_a_lead_needs_two_known_returns() -> None:
    watched = Standings()
    assert watched.note([standing("a", "1")], DAY) == []
    assert watched.note([standing("a", "1"), standing("b", None)], DAY) == []
    assert watched.note([standing("a", "1"), standing("b", "9")], DAY) == [], "this is the first leader known"


def test_a_day_s_end_is_sent_with_the_standings_before_it() -> None:
    watched = Standings()
    watched.note([standing("a", "1")], DAY)
    (sent,) = watched.note([standing("a", "2")], DAY + 1)
    assert sent == SummaryNotice("2026-11-30", (standing("a", "1"),))
    assert watched.note([standing("a", "2")], DAY + 1) == []
    assert watched.note([standing("a", "2")], None) == []
