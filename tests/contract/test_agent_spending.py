"""What a call counts as: by its usage where that can be believed, else the most that it can have cost."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from manual_clock import ManualClock

from agent_deepseek.config import FLASH
from common.agent.providers.budget import Budget
from common.agent.providers.port import Answer, CallFailed, Message
from common.agent.providers.pricing import Price, tokens_at
from common.agent.providers.spending import Bill, NotAffordable, Spending
from common.bus.redis_streams import RedisBus, connect
from common.events import TokenUsage
from common.trading.durations import DAY_MS
from support.spending import spent_micro_usd

D = Decimal
NOW_MS = int(datetime(2026, 11, 28, 12, tzinfo=UTC).timestamp() * 1000)
MESSAGES: list[Message] = [{"role": "system", "content": "a" * 744}, {"role": "user", "content": "b" * 64}]
MOST_USD = D(1_000 + 500 * 10) / 1_000_000
PRICE = Price(tokens_at("1", "0.5", "10"))


@pytest.fixture
async def bus(redis_url: str) -> AsyncIterator[RedisBus]:
    bus = RedisBus(redis_url)
    await bus.client.flushdb()
    await bus.prepare("agent-qwen", [])
    yield bus
    await bus.close()


def spending_of(bus: RedisBus, price: Price = PRICE, cap: str = "1", clock: ManualClock | None = None) -> Spending:
    budget = Budget(bus.client, "qwen", D(cap), process="one")
    return Spending(budget, price, clock or ManualClock(NOW_MS), max_output_tokens=500)


async def spent_usd(bus: RedisBus) -> Decimal:
    return D(await spent_micro_usd(bus.client, f"spending:qwen:{NOW_MS // DAY_MS}")) / 1_000_000


async def call(spending: Spending, outcome: Answer | CallFailed | None = None) -> Bill:
    """The bill of one call that brought `outcome`; None: it was cancelled."""
    bill = None
    with contextlib.suppress(asyncio.CancelledError):
        async with spending.call(MESSAGES) as bill:
            if outcome is None:
                raise asyncio.CancelledError
            bill.take(outcome)
    assert bill is not None
    return bill


def answer(usage: TokenUsage | None) -> Answer:
    return Answer("{}", None, "m", usage, cut_off=False)


def tokens(prompt: int, completion: int, cached: int = 0) -> TokenUsage:
    return TokenUsage(prompt_tokens=prompt, completion_tokens=completion, cached_tokens=cached)


@pytest.mark.parametrize(
    ("usage", "cost_usd"),
    [
        (tokens(400, 20, 200), D("0.0005")),
        (tokens(400, 800), D("0.0084")),  # more output than was allowed: what is billed counts
        (None, MOST_USD),
        (tokens(0, 0), MOST_USD),
        (tokens(-5, 20), MOST_USD),
        (tokens(400, 20, 500), MOST_USD),
        (tokens(10**40, 20), MOST_USD),
    ],
)
async def test_an_answer_costs_its_usage_or_the_most(bus: RedisBus, usage: TokenUsage, cost_usd: Decimal) -> None:
    bill = await call(spending_of(bus), answer(usage))
    assert bill.cost_usd == await spent_usd(bus) == cost_usd
    assert bill.usage == (usage if cost_usd != MOST_USD else None)


@pytest.mark.parametrize(
    ("failure", "cost_usd"),
    [
        (CallFailed("UNREADABLE", "cut", retryable=True), MOST_USD),
        (CallFailed("HTTP_500", "late", retryable=True), MOST_USD),
        (None, MOST_USD),
        (CallFailed("BAD_KEY", "401", retryable=False, nothing_billed=True), D(0)),
    ],
)
async def test_a_failure_costs_the_most_unless_it_proves_otherwise(
    bus: RedisBus, failure: CallFailed | None, cost_usd: Decimal
) -> None:
    bill = await call(spending_of(bus), failure)
    assert bill.cost_usd == await spent_usd(bus) == cost_usd


async def test_a_call_over_the_cap_is_refused_with_both_figures(bus: RedisBus) -> None:
    spending = spending_of(bus, cap="0.0100")
    await call(spending)
    with pytest.raises(NotAffordable, match=r"may cost 0.0060 USD, 0.0040 are left of the day; see DAILY") as refused:
        await call(spending)
    assert refused.value.code == "COST_CAP"
    assert await spent_usd(bus) == MOST_USD


async def test_without_redis_no_call_is_made(bus: RedisBus) -> None:
    away = connect("redis://127.0.0.1:9")
    spending = Spending(Budget(away, "qwen", D(1), process="one"), PRICE, ManualClock(NOW_MS), max_output_tokens=500)
    with pytest.raises(NotAffordable, match="can't be read from Redis") as refused:
        await call(spending)
    assert refused.value.code == "NO_BUDGET"
    await away.aclose()


async def test_a_call_near_the_peak_is_reserved_and_settled_at_its_price(bus: RedisBus) -> None:
    clock = ManualClock(int(datetime(2026, 11, 30, 0, 45, tzinfo=UTC).timestamp() * 1000))
    bill = await call(spending_of(bus, FLASH, clock=clock), answer(tokens(1_000, 100)))
    assert bill.cost_usd == FLASH.peak.cost_usd(tokens(1_000, 100))
    clock.ms -= 30 * 60_000
    bill = await call(spending_of(bus, FLASH, clock=clock), answer(tokens(1_000, 100)))
    assert FLASH.off_peak is not None
    assert bill.cost_usd == FLASH.off_peak.cost_usd(tokens(1_000, 100))


async def test_a_longer_conversation_reserves_more(bus: RedisBus) -> None:
    longer: list[Message] = [*MESSAGES, {"role": "assistant", "content": "c" * 936}]
    async with spending_of(bus).call(longer) as bill:
        assert bill.cost_usd == MOST_USD + D(1_000) / 1_000_000
