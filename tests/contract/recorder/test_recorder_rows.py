"""Recorder and gateway on a real PostgreSQL: events in any order become the same rows, and rows become answers."""

from collections.abc import Sequence
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from recorder_scenario import scenario

from common.events import Event, originate
from common.runtime.database import Pool
from gateway.http.parameters import parse_cursor
from gateway.storage.queries import Queries
from recorder.handlers import Recorder


async def read_rows(pool: Pool) -> dict[str, Any]:
    """Everything that browsers see, and the columns of trades that only the table has."""
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
    rows["trades"] = await queries.rows("SELECT id, confidence, reasoning, created_at FROM trades")
    for row in rows["api_orders"]:
        del row["time_ms"]
    return rows


async def test_a_decision_becomes_a_closed_trade_and_its_pushes(recorder: Recorder, pool: Pool) -> None:
    pushes = await recorder.store(scenario(), 5_000)
    rows = await read_rows(pool)
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


async def test_a_batch_stored_again_changes_nothing_and_repeats_pushes(recorder: Recorder, pool: Pool) -> None:
    first = await recorder.store(scenario(), 5_000)
    before = await read_rows(pool)
    again = await recorder.store(scenario(), 7_000)
    assert await read_rows(pool) == before
    assert {push.id for push in again} <= {push.id for push in first}


async def test_a_position_opens_with_the_first_fill_of_its_trade(recorder: Recorder, pool: Pool) -> None:
    events = scenario()
    await recorder.store(events[-2:-1], 5_000)
    assert (await read_rows(pool))["api_positions"][0]["opened_at"] == 1090
    await recorder.store(events[:6], 5_000)
    assert (await read_rows(pool))["api_positions"][0]["opened_at"] == 1100


async def test_forgotten_pushes_go_out_again_with_the_same_ids(recorder: Recorder) -> None:
    state = scenario()[-2]
    first = await recorder.store([state], 5_000)
    assert await recorder.store([state], 7_000) == ()
    await recorder.forget()
    again = await recorder.store([state], 7_000)
    assert [push.id for push in again] == [push.id for push in first]


@pytest.mark.parametrize("seed", range(6))
async def test_any_order_of_events_gives_the_same_rows(recorder: Recorder, pool: Pool, seed: int) -> None:
    await recorder.store(scenario(), 5_000)
    expected = await read_rows(pool)
    async with pool.connection() as connection:
        await connection.execute(
            "TRUNCATE ai_decisions, verdicts, orders, fills, trades, accounts, positions, account_snapshots,"
            " model_statistics, equity_hours, decision_days"
        )
    random = Random(seed)
    *events, opened, closed = scenario()
    shuffled: Sequence[Event[Any]] = random.sample(events, len(events))
    at = random.randrange(len(shuffled))
    mixed = [*shuffled[:at], opened, *shuffled[at:], closed]
    for event in mixed:
        await recorder.store([event], 5_000)
        if random.random() < 0.3:
            await recorder.store([event], 5_000)
    found = await read_rows(pool)
    for rows in (found, expected):
        for trade in rows["api_trades"]:
            for figure in ("funding", "pnl", "pnl_percent"):
                del trade[figure]
        for row in rows["api_leaderboard"]:
            for figure in ("funding", "biggest_loss", "expectancy"):
                del row[figure]
    assert found == expected


async def test_a_decision_is_read_with_all_that_followed(recorder: Recorder, pool: Pool) -> None:
    await recorder.store(scenario(), 5_000)
    detail = await Queries(pool).decision("r-1", "qwen")
    assert detail is not None
    assert detail["prompt"] == {"system": "s", "user": "u\x00"}
    assert detail["raw_response"] == '{"a":1}'
    assert detail["previous_prompt"] is None
    assert detail["rules"][0]["code"] == "LEVERAGE"
    assert detail["intent"]["stop_loss_price"] == "95"
    assert [order["role"] for order in detail["orders"]] == ["entry", "stop"]
    assert len(detail["fills"]) == 3
    assert detail["cost_usd"] == "0.0012"
    assert await Queries(pool).decision("r-1", "deepseek") is None


async def test_texts_of_decisions_before_the_record_are_read_as_they_were_stored(
    recorder: Recorder, pool: Pool
) -> None:
    async with pool.connection() as connection:
        await connection.execute(
            """INSERT INTO ai_decisions (id, model, cycle_id, time_ms, outcome, provider_model, stand_in, attempts,
                prompt_system, prompt_user, prompt_hash, raw_response, reasoning_content)
            VALUES ('old', 'qwen', 'r-0', 1, 'invalid', 'm', true, 1, 'old s', 'old u', 'p', 'answer', 'thoughts')"""
        )
    await recorder.store(scenario(), 5_000)
    old, new = [await Queries(pool).decision(cycle_id, "qwen") for cycle_id in ("r-0", "r-1")]
    assert old is not None
    assert new is not None
    assert old["prompt"] == {"system": "old s", "user": "old u"}
    assert (old["raw_response"], old["reasoning_content"]) == ("answer", "thoughts")
    assert new["prompt"]["system"] == "s"
    assert new["previous_prompt"] == {"cycle_id": "r-0", "user": "old u"}


async def test_pages_hold_every_row_once(recorder: Recorder, pool: Pool) -> None:
    base = scenario()[0]
    events = [
        originate(base.data, keys=("snap", number), time_ms=1000 + number // 3, now_ms=1, cycle_id=f"r-{number}")
        for number in range(20)
    ]
    await recorder.store(events, 5_000)
    queries, seen, cursor = Queries(pool), [], None
    while True:
        rows, following = await queries.decisions({"model": "qwen"}, None, 7, cursor)
        seen += [row["id"] for row in rows]
        if following is None:
            break
        cursor = parse_cursor({"before": following})
    assert len(seen) == len(set(seen)) == 20
    assert set(seen) == {event.id for event in events}


async def test_a_trade_has_what_its_decision_stated(recorder: Recorder, pool: Pool) -> None:
    decided, *following = scenario()
    await recorder.store(following, 5_000)
    columns = "SELECT confidence, reasoning, entry_time, exit_time, created_at FROM trades"
    [before] = await Queries(pool).rows(columns)
    assert (before["confidence"], before["reasoning"]) == (None, None)
    await recorder.store([decided], 5_000)
    [after] = await Queries(pool).rows(columns)
    assert (after["confidence"], after["reasoning"]) == (Decimal(72), "because")
    times = [after[name].timestamp() for name in ("entry_time", "exit_time", "created_at")]
    assert times == [1.1, 1.2, 1.1]


async def test_a_decision_keeps_what_the_model_was_shown(recorder: Recorder, pool: Pool) -> None:
    decided = scenario()[0]
    skipped = decided.data.model_copy(update={"prompt": None, "model": "deepseek"})
    await recorder.store([decided, originate(skipped, keys=("s",), time_ms=1, now_ms=1, cycle_id="r-1")], 5_000)
    rows = await Queries(pool).rows("SELECT model, market_data FROM ai_decisions ORDER BY model")
    shown = {"boundary_ms": 1000, "mid_prices": {"BTC": "100"}, "prompt_hash": "p"}
    assert rows == [{"model": "deepseek", "market_data": None}, {"model": "qwen", "market_data": shown}]


async def test_a_position_has_its_price_and_times_to_read(recorder: Recorder, pool: Pool) -> None:
    await recorder.store(scenario()[-2:-1], 5_000)
    [row] = await Queries(pool).rows("SELECT current_price, notional_value, opened_at, updated_at FROM positions")
    assert (row["current_price"], row["notional_value"]) == (101, 303)
    assert (row["opened_at"].timestamp(), row["updated_at"].timestamp()) == (1.09, 1.15)
    [snapshot] = await Queries(pool).rows("SELECT created_at FROM account_snapshots")
    assert snapshot["created_at"].timestamp() == 1.15
