"""Entries stop before the account's actions run out; nothing that protects does."""

import logging
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from executor.account.action_quota import ActionQuota, used_share


class Outside:
    """The desk's parts that an allowance needs: an exchange with that many actions used, and what was told."""

    def __init__(self, used: int) -> None:
        self.used, self.asked, self.told, self.now_s = used, 0, [], 0.0

    def may_look(self, kind: str) -> bool:
        return kind == "userRateLimit"

    async def allowance(self) -> Any:
        self.asked += 1
        return {"cumVlm": "2000.5", "nRequestsUsed": self.used, "nRequestsCap": 12_000, "nRequestsSurplus": 0}

    async def tell(self, event: Any) -> None:
        self.told.append(event.data.code)

    def wake(self) -> None:
        logging.debug("woken")

    def monotonic(self) -> float:
        return self.now_s

    def now_ms(self) -> int:
        return 1_790_000_000_000

    def desk(self) -> Any:
        return SimpleNamespace(model="qwen", venue=self, clock=self, orders=self, outbox=self)


@pytest.mark.parametrize(("used", "is_short"), [(7_199, False), (7_200, True)])
async def test_entries_are_held_back_from_the_limit_on(used: int, is_short: bool) -> None:
    outside = Outside(used)
    allowance = ActionQuota(outside.desk())
    await allowance.look()
    assert allowance.is_short is is_short
    assert outside.told == (["ACTIONS_SHORT"] if is_short else [])


async def test_it_is_asked_for_every_ten_minutes_and_entries_go_on_when_there_is_room() -> None:
    outside = Outside(9_000)
    allowance = ActionQuota(outside.desk())
    for outside.now_s in (0.0, 599.0):
        await allowance.look()
    assert (outside.asked, allowance.is_short) == (1, True)
    outside.used, outside.now_s = 100, 600.0
    await allowance.look()
    assert (outside.asked, allowance.is_short) == (2, False)


def test_actions_that_were_reserved_count() -> None:
    answer = {"nRequestsUsed": 6_000, "nRequestsCap": 10_000, "nRequestsSurplus": 5_000}
    assert used_share(answer) == Decimal("0.4")
    assert used_share({"nRequestsUsed": 0, "nRequestsCap": 0}) == 1
