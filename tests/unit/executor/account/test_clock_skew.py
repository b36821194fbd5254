"""This machine's clock is wrong: orders go out, expire and end by the exchange's clock."""

import json
from pathlib import Path
from typing import Any

import pytest
from account_harness import LIFE_MS, START_MS, AccountHarness
from manual_clock import ManualClock

from common.trading.orders import IntentKind, IntentStatus
from executor.account.action_quota import ActionQuota
from executor.account.submit import OrderSubmitter

DAY_MS = 86_400_000
SKEWS = [-12_000, -20_000, -60_000, 12_000, 20_000, 60_000, 3 * DAY_MS, -3 * DAY_MS]


class SetClock(ManualClock):
    """A clock that can be set: its monotonic time goes on regardless."""

    set_by_ms = 0

    def set_by(self, ms: int) -> None:
        self.ms, self.set_by_ms = self.ms + ms, self.set_by_ms + ms

    def monotonic(self) -> float:
        return (self.ms - self.set_by_ms) / 1000


@pytest.fixture
def skewed(tmp_path: Path) -> AccountHarness:
    return AccountHarness(tmp_path, SetClock(START_MS))


def submitter_of(harness: AccountHarness) -> OrderSubmitter:
    return OrderSubmitter(harness.context, ActionQuota(harness.context))


def orders_sent(harness: AccountHarness) -> list[Any]:
    bodies = [json.loads(text) for text in harness.wire.requests]
    return [body for body in bodies if body.get("action", {}).get("type") == "order"]


async def carry_to_its_end(harness: AccountHarness, submitter: OrderSubmitter, intent_id: str) -> None:
    """Takes an intent on, a few steps at most."""
    for _ in range(4):
        if (intent := await harness.stored(intent_id)).status.is_final:
            return
        await submitter.submit(intent)


@pytest.mark.parametrize("ahead_ms", SKEWS)
async def test_a_wrong_clock_changes_no_entry_and_no_exit(tmp_path: Path, ahead_ms: int) -> None:
    skewed = AccountHarness(tmp_path, exchange_ahead_ms=ahead_ms)
    await skewed.open()
    submitter = submitter_of(skewed)
    entry = await skewed.store(skewed.approve("1"))
    await submitter.submit(entry)
    assert (await skewed.stored(entry.intent_id)).status is IntentStatus.FILLED
    [sent] = orders_sent(skewed)
    assert sent["expiresAfter"] == skewed.clock.ms + ahead_ms + LIFE_MS
    exit_ = await skewed.store(skewed.approve("1", IntentKind.EXIT))
    await submitter.submit(exit_)
    assert skewed.held() == 0
    assert orders_sent(skewed)[-1]["expiresAfter"] is None


async def test_a_clock_three_days_ahead_for_one_entry_blocks_no_key(skewed: AccountHarness) -> None:
    await skewed.open()
    submitter = submitter_of(skewed)
    skewed.clock.set_by(3 * DAY_MS)
    skewed.exchange_ahead_ms = -3 * DAY_MS
    first = await skewed.store(skewed.approve("1"))
    await carry_to_its_end(skewed, submitter, first.intent_id)
    skewed.clock.set_by(-3 * DAY_MS)
    skewed.exchange_ahead_ms = 0
    second = await skewed.store(skewed.approve("1"))
    await carry_to_its_end(skewed, submitter, second.intent_id)
    assert (await skewed.stored(second.intent_id)).status is IntentStatus.FILLED


async def test_a_recorded_nonce_of_the_future_is_void(skewed: AccountHarness) -> None:
    now_ms = skewed.clock.now_ms()
    await skewed.context.exchange.load_universe(now_ms + 3 * DAY_MS)
    await skewed.open()
    submitter = submitter_of(skewed)
    entry = await skewed.store(skewed.approve("1"))
    await submitter.submit(entry)
    assert (await skewed.stored(entry.intent_id)).status is IntentStatus.FILLED


@pytest.mark.parametrize("text", [f"nonce too high 9 > {START_MS + DAY_MS}", f"nonce too low 3 < {START_MS - DAY_MS}"])
@pytest.mark.parametrize("kind", [IntentKind.ENTRY, IntentKind.EXIT])
async def test_a_refused_nonce_is_signed_again(harness: AccountHarness, text: str, kind: IntentKind) -> None:
    submitter = submitter_of(harness)
    if kind is IntentKind.EXIT:
        await submitter.submit(await harness.store(harness.approve("1")))
    intent = await harness.store(harness.approve("1", kind))
    harness.wire.answer_once('"type": "order"', {"status": "err", "response": f"Invalid nonce: {text}"})
    assert not await submitter.submit(intent)
    again = await harness.stored(intent.intent_id)
    assert (again.status, again.signed_action) == (IntentStatus.STORED, None)
    assert await submitter.submit(again)
    assert (await harness.stored(intent.intent_id)).status is IntentStatus.FILLED
    first, second = orders_sent(harness)[-2:]
    assert first["nonce"] != second["nonce"]


async def test_an_entry_that_expired_by_a_wrong_estimate_is_signed_again(harness: AccountHarness) -> None:
    submitter = submitter_of(harness)
    await submitter.submit(await harness.store(harness.approve("1")))
    entry = await harness.store(harness.approve("1"))
    harness.exchange_ahead_ms = 60_000
    await carry_to_its_end(harness, submitter, entry.intent_id)
    assert (await harness.stored(entry.intent_id)).status is IntentStatus.FILLED


async def test_an_entry_that_expired_on_its_way_is_rejected(harness: AccountHarness) -> None:
    submitter = submitter_of(harness)
    entry = await harness.store(harness.approve("1"))
    harness.wire.answer_once("normalTpsl", {"status": "err", "response": "Action already expired"})
    assert await submitter.submit(entry)
    assert (await harness.stored(entry.intent_id)).status is IntentStatus.REJECTED


async def test_a_refused_repeat_proves_nothing_about_the_first_one(harness: AccountHarness) -> None:
    submitter = submitter_of(harness)
    entry = await harness.store(harness.approve("1"))
    harness.wire.lose_request("normalTpsl")
    await submitter.submit(entry)
    harness.wire.reset()
    harness.pass_time(3)
    harness.wire.answer_once("normalTpsl", {"status": "err", "response": "Invalid nonce: nonce too high 9 > 5"})
    assert not await submitter.submit(await harness.stored(entry.intent_id))
    assert (await harness.stored(entry.intent_id)).status is IntentStatus.IN_FLIGHT


async def test_bytes_are_void_only_by_the_exchanges_clock(harness: AccountHarness) -> None:
    submitter = submitter_of(harness)
    entry = await harness.store(harness.approve("1"))
    harness.wire.lose_request("normalTpsl")
    await submitter.submit(entry)
    harness.clock.ms += 3_600_000
    harness.exchange_ahead_ms -= 3_600_000
    for _ in range(3):
        assert not await submitter.submit(await harness.stored(entry.intent_id))
    harness.advance(LIFE_MS / 1000 + 10)
    await carry_to_its_end(harness, submitter, entry.intent_id)
    assert (await harness.stored(entry.intent_id)).status is IntentStatus.CANCELLED


async def test_a_cancel_carries_no_end(harness: AccountHarness) -> None:
    body = json.loads(harness.context.exchange.sign_cancels([("ETH", 1)]).body)
    assert body["expiresAfter"] is None
