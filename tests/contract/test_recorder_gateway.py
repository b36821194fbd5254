"""Recorder and gateway on a real PostgreSQL: events in any order become the same rows, and rows become answers."""

import json
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from redis.asyncio import Redis

from common.events import (
    AccountPosition,
    AccountUpdated,
    Action,
    AgentDecision,
    Decision,
    Event,
    IntentKind,
    OrderAccepted,
    OrderFilled,
    OrderIntent,
    OrderRole,
    Outcome,
    Prompt,
    RiskApproved,
    RuleResult,
    derive,
    originate,
)
from common.runtime.database import MigrationError, Pool, migrate, open_pool
from common.trading.instruments import Symbol
from common.trading.orders import OrderSide, Side
from gateway.storage.queries import Queries
from recorder.config import RecorderSettings
from recorder.record import Recorder

ONE = Decimal(1)


def story() -> list[Event[Any]]:
    """One decision, approved, filled in two parts, stopped out; and the account meanwhile."""
    prompt = Prompt(system="s", user="u\x00", strategy="trend-v1", strategy_hash="h", prompt_hash="p")
    decision = AgentDecision(
        model="qwen",
        outcome=Outcome.ANSWERED,
        decision=Decision(
            action=Action.LONG,
            symbol=Symbol.BTC,
            leverage=5,
            position_size_percent=Decimal(10),
            confidence=Decimal(72),
            reasoning="because",
        ),
        failure_code=None,
        failure_reason=None,
        snapshot_id="snap",
        boundary_ms=1000,
        snapshot_mid_prices={Symbol.BTC: Decimal(100)},
        prompt=prompt,
        raw_response='{"a":1}',
        reasoning_content=None,
        dropped_keys=(),
        attempts=1,
        provider_model="m",
        stand_in=True,
        usage=None,
        cost_usd=Decimal("0.0012"),
        asked_ms=1,
        answered_ms=2,
        latency_ms=1,
    )
    decided = originate(decision, keys=("snap", "qwen"), time_ms=1000, now_ms=1001, cycle_id="r-1")
    intent = OrderIntent(
        symbol=Symbol.BTC,
        side=OrderSide.BUY,
        size_coin=Decimal(3),
        limit_price=Decimal(101),
        reduce_only=False,
        leverage=5,
        mark_price=Decimal(100),
        notional_usd=Decimal(300),
        initial_margin_usd=Decimal(60),
        stop_loss_price=Decimal(95),
        take_profit_price=Decimal(110),
        valid_until_ms=9999,
    )
    rules = (RuleResult(code="LEVERAGE", passed=True, value="5", limit="11", setting="MAX_LEVERAGE"),)
    approved = derive(
        decided,
        RiskApproved(model="qwen", intent_kind=IntentKind.ENTRY, decision_id=decided.id, intent=intent, rules=rules),
        1002,
    )
    orders = [
        derive(
            approved,
            OrderAccepted(
                model="qwen",
                intent_id=approved.id,
                client_order_id=f"0x{role.value}",
                order_id=None,
                symbol=Symbol.BTC,
                role=role,
                side=OrderSide.BUY if role is OrderRole.ENTRY else OrderSide.SELL,
                size_coin=Decimal(3),
                price=Decimal(101),
                trigger_price=None,
                reduce_only=role is not OrderRole.ENTRY,
                status="open",
            ),
            1003,
            index=index,
        )
        for index, role in enumerate((OrderRole.ENTRY, OrderRole.STOP))
    ]
    parts = [
        ("entry", OrderSide.BUY, 1, 100, 0, 0, 11, 1100),
        ("entry", OrderSide.BUY, 2, 101, 1, 0, 12, 1101),
        ("stop", OrderSide.SELL, 3, 95, 3, "-17", 13, 1200),
    ]
    fills = [
        originate(
            OrderFilled(
                model="qwen",
                intent_id=approved.id,
                client_order_id=f"0x{role}",
                order_id=5 if role == "entry" else 6,
                trade_id=tid,
                symbol=Symbol.BTC,
                role=OrderRole(role),
                side=side,
                price=Decimal(price),
                size_coin=Decimal(size),
                fee_usd=Decimal("0.05"),
                closed_pnl_usd=Decimal(closed),
                start_position_coin=Decimal(start),
                direction="Open Long",
                crossed=True,
                is_liquidation=False,
            ),
            keys=("qwen", tid),
            time_ms=at,
            now_ms=at,
            cycle_id="r-1",
            cause_id=approved.id,
        )
        for role, side, size, price, start, closed, tid, at in parts
    ]
    states = [account(1150, is_open=True, approval=approved.id), account(1250, is_open=False, approval=approved.id)]
    return [decided, approved, *orders, *fills, *states]


def account(at: int, *, is_open: bool, approval: str) -> Event[AccountUpdated]:
    position = AccountPosition(
        symbol=Symbol.BTC,
        side=Side.LONG,
        size_coin=Decimal(3),
        entry_price=Decimal("100.66666667"),
        mark_price=Decimal(101),
        leverage=5,
        is_isolated=True,
        notional_usd=Decimal(303),
        unrealized_pnl_usd=ONE,
        margin_used_usd=Decimal(60),
        liquidation_price=Decimal(81),
        funding_since_open_usd=Decimal("0.25"),
        stop_loss_price=Decimal(95),
        take_profit_price=Decimal(110),
        protected=True,
        intent_id=approval,
        cycle_id="r-1",
        opened_ms=1090,
    )
    payload = AccountUpdated(
        model="qwen",
        address="0xa",
        equity_usd=Decimal(10_000) if is_open else Decimal("9982.6"),
        cash_usd=Decimal(9_999),
        withdrawable_usd=Decimal(9_900),
        margin_used_usd=Decimal(60),
        maintenance_margin_usd=Decimal("3.8"),
        unrealized_pnl_usd=ONE,
        total_notional_usd=Decimal(303),
        positions=(position,) if is_open else (),
        open_orders=(),
        covers=(),
        open_intents=(),
        state_ms=at,
        received_ms=at,
    )
    return originate(payload, keys=("qwen", at), time_ms=at, now_ms=at)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    pool = await open_pool(database_url)
    await migrate(pool, "recorder")
    yield pool
    await pool.close()


@pytest.fixture
async def recorder(pool: Pool, redis_url: str) -> AsyncIterator[Recorder]:
    redis = Redis.from_url(redis_url)
    settings = RecorderSettings(metrics_port=0, database_url="postgresql://unused")
    yield Recorder(pool, SimpleNamespace(redis=redis), settings)  # type: ignore[arg-type]
    await redis.aclose()


async def picture(pool: Pool) -> dict[str, Any]:
    """Everything that browsers could see, without when it was written."""
    queries = Queries(pool)
    tables = (
        "api_decisions",
        "api_trades",
        "api_positions",
        "api_accounts",
        "api_fills",
        "api_orders",
        "api_leaderboard",
    )
    rows = {table: await queries.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables}
    for row in rows["api_orders"]:
        del row["time_ms"]
    return rows


async def test_the_story_in_order(recorder: Recorder, pool: Pool) -> None:
    pushes = await recorder.store(story(), 5_000)
    rows = await picture(pool)
    [trade] = rows["api_trades"]
    assert (trade["status"], trade["close_reason"], trade["leverage"]) == ("CLOSED", "stop_loss", 5)
    assert trade["entry_price"] == "100.66666667"
    assert Decimal(trade["pnl"]) == Decimal(-17) - Decimal("0.15") - Decimal(trade["funding"])
    [decision] = rows["api_decisions"]
    assert (decision["verdict"], decision["executed"]) == ("APPROVED", True)
    assert rows["api_positions"] == []
    assert [row["status"] for row in rows["api_orders"]] == ["filled", "filled"]
    [row] = rows["api_accounts"]
    assert (row["equity"], row["start_balance"], row["return_percent"]) == ("9982.6", "10000", "-0.174")
    channels = [push.data.channel.value for push in pushes]
    assert channels.count("trade_executed") == 3
    assert channels.count("ai_decision") == 1
    assert set(channels) == {"ai_decision", "trade_executed", "position_update", "account_update"}


async def test_storing_a_batch_again_changes_nothing_and_repeats_its_pushes(recorder: Recorder, pool: Pool) -> None:
    first = await recorder.store(story(), 5_000)
    before = await picture(pool)
    again = await recorder.store(story(), 7_000)
    assert await picture(pool) == before
    assert {push.id for push in again} <= {push.id for push in first}


async def test_a_position_was_opened_with_the_first_fill_of_its_trade(recorder: Recorder, pool: Pool) -> None:
    events = story()
    await recorder.store(events[-2:-1], 5_000)
    assert (await picture(pool))["api_positions"][0]["opened_at"] == 1090
    await recorder.store(events[:6], 5_000)
    assert (await picture(pool))["api_positions"][0]["opened_at"] == 1100


async def test_what_may_not_have_gone_out_is_pushed_again(recorder: Recorder) -> None:
    state = story()[-2]
    first = await recorder.store([state], 5_000)
    assert await recorder.store([state], 7_000) == ()
    await recorder.forget()
    again = await recorder.store([state], 7_000)
    assert [push.id for push in again] == [push.id for push in first]


@pytest.mark.parametrize("seed", range(6))
async def test_any_order_and_any_batches_give_the_same_rows(recorder: Recorder, pool: Pool, seed: int) -> None:
    await recorder.store(story(), 5_000)
    expected = await picture(pool)
    async with pool.connection() as connection:
        await connection.execute(
            "TRUNCATE ai_decisions, verdicts, orders, fills, trades, accounts, positions, account_snapshots,"
            " model_statistics, equity_hours, decision_days"
        )
    random = Random(seed)
    *events, opened, closed = story()
    shuffled: Sequence[Event[Any]] = random.sample(events, len(events))
    at = random.randrange(len(shuffled))
    mixed = [*shuffled[:at], opened, *shuffled[at:], closed]
    for event in mixed:
        await recorder.store([event], 5_000)
        if random.random() < 0.3:
            await recorder.store([event], 5_000)
    found = await picture(pool)
    for rows in (found, expected):
        for trade in rows["api_trades"]:
            for figure in ("funding", "pnl", "pnl_percent"):
                del trade[figure]
        for row in rows["api_leaderboard"]:
            for figure in ("funding", "biggest_loss", "expectancy"):
                del row[figure]
    assert found == expected


async def test_a_decision_is_told_whole(recorder: Recorder, pool: Pool) -> None:
    await recorder.store(story(), 5_000)
    detail = await Queries(pool).decision("r-1", "qwen")
    assert detail is not None
    assert detail["prompt"] == {"system": "s", "user": "u\N{REPLACEMENT CHARACTER}"}
    assert detail["rules"][0]["code"] == "LEVERAGE"
    assert detail["intent"]["stop_loss_price"] == "95"
    assert [order["role"] for order in detail["orders"]] == ["entry", "stop"]
    assert len(detail["fills"]) == 3
    assert detail["cost_usd"] == "0.0012"
    assert await Queries(pool).decision("r-1", "deepseek") is None


async def test_lists_are_paged_by_key_without_holes_or_repeats(recorder: Recorder, pool: Pool) -> None:
    base = story()[0]
    events = [
        originate(base.data, keys=("snap", number), time_ms=1000 + number // 3, now_ms=1, cycle_id=f"r-{number}")
        for number in range(20)
    ]
    await recorder.store(events, 5_000)
    queries, seen, cursor = Queries(pool), [], None
    while True:
        rows, following = await queries.decisions("qwen", 7, cursor)
        seen += [row["id"] for row in rows]
        if following is None:
            break
        from gateway.http.parameters import parse_cursor

        cursor = parse_cursor({"before": following})
    assert len(seen) == len(set(seen)) == 20
    assert set(seen) == {event.id for event in events}


async def test_memory_tells_the_last_trades(recorder: Recorder, pool: Pool, redis_url: str) -> None:
    await recorder.store(story(), 5_000)
    async with Redis.from_url(redis_url) as redis:
        memory = json.loads(await redis.get("memory:qwen"))
    assert memory["trades"][0]["close_reason"] == "stop_loss"
    assert memory["denials"] == []
    assert memory["sharpe"] is None


async def test_memory_comes_back_with_a_decision(recorder: Recorder, redis_url: str) -> None:
    await recorder.store(story(), 5_000)
    async with Redis.from_url(redis_url) as redis:
        await redis.delete("memory:qwen")
        await recorder.store([event for event in story() if isinstance(event.data, AgentDecision)], 6_000)
        assert json.loads(await redis.get("memory:qwen"))["trades"]


async def test_a_changed_migration_is_refused(pool: Pool) -> None:
    assert await migrate(pool, "recorder") == 0
    async with pool.connection() as connection:
        await connection.execute("UPDATE schema_migrations SET checksum = 'x' WHERE owner = 'recorder'")
    with pytest.raises(MigrationError, match="was changed after it had been applied"):
        await migrate(pool, "recorder")
