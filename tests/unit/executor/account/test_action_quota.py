"""Entries stop before the account's actions run out; nothing that protects does."""

from decimal import Decimal
from typing import Any

import pytest

from common.events.alerts import AlertCode
from common.trading.durations import DAY_MS
from executor.account.action_quota import FIRST_S, ActionQuota, DailyCount, used_share


class QuotaContext:
    """The parts of an account's context that the quota needs: an exchange with that many actions used, and alerts."""

    def __init__(self, used: int) -> None:
        self.model, self.exchange, self.clock, self.mode = "qwen", self, self, "default"
        self.used, self.asked, self.alerts, self.now_s = used, 0, list[str](), 0.0

    def has_room(self, kind: str, *, reserve: float) -> bool:
        return kind == "userRateLimit"

    async def action_quota(self) -> Any:
        self.asked += 1
        return {"cumVlm": "2000.5", "nRequestsUsed": self.used, "nRequestsCap": 12_000, "nRequestsSurplus": 0}

    async def alert(self, code: AlertCode, *_: object, **figures: object) -> None:
        self.alerts.append(code)

    def monotonic(self) -> float:
        return self.now_s

    def now_ms(self) -> int:
        return 1_790_000_000_000


def quota_of(outside: Any) -> ActionQuota:
    return ActionQuota(outside)


@pytest.mark.parametrize(("used", "is_short"), [(7_199, False), (7_200, True)])
async def test_entries_are_held_back_from_the_limit_on(used: int, is_short: bool) -> None:
    outside = QuotaContext(used)
    quota = quota_of(outside)
    outside.now_s = FIRST_S
    await quota.refresh()
    assert quota.is_short is is_short
    assert outside.alerts == (["ACTIONS_SHORT"] if is_short else [])


async def test_the_quota_is_asked_for_every_ten_minutes() -> None:
    outside = QuotaContext(9_000)
    quota = quota_of(outside)
    for outside.now_s in (0.0, FIRST_S, FIRST_S + 599.0):
        await quota.refresh()
    assert (outside.asked, quota.is_short) == (1, True)
    outside.used, outside.now_s = 100, FIRST_S + 600.0
    await quota.refresh()
    assert (outside.asked, quota.is_short) == (2, False)


def test_a_pooled_account_has_so_many_actions_a_day() -> None:
    of_day, of_life = DailyCount(), DailyCount()
    assert [of_day.used_share(used, 0) for used in (1_000, 30_000)] == [Decimal("0.02"), Decimal("0.6")]
    assert of_day.used_share(500, DAY_MS) == Decimal("0.01")
    assert [of_life.used_share(used, 0) for used in (900_000, 905_000)] == [Decimal(0), Decimal("0.1")]
    assert of_life.used_share(906_000, DAY_MS) == 0


async def test_in_a_pooled_mode_the_day_counts_and_not_the_volume() -> None:
    outside = QuotaContext(9_000)
    outside.mode = "unifiedAccount"
    quota = quota_of(outside)
    outside.now_s = FIRST_S
    await quota.refresh()
    assert outside.asked == 1
    assert not quota.is_short


def test_reserved_actions_count() -> None:
    answer = {"nRequestsUsed": 6_000, "nRequestsCap": 10_000, "nRequestsSurplus": 5_000}
    assert used_share(answer) == Decimal("0.4")
    assert used_share({"nRequestsUsed": 0, "nRequestsCap": 0}) == 1
