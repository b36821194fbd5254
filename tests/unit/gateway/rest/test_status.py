"""GET status and GET roster over real stores: configured and answered models, trading states, any roster."""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from gateway_server import THREE_AND_SEVEN, GatewayServer, gateway_server
from recorder_examples import decided, state

from common.events.codec import encode


@pytest.fixture
async def server(database_url: str, redis_url: str) -> AsyncIterator[GatewayServer]:
    async with gateway_server(
        database_url, redis_url, THREE_AND_SEVEN, qwen_model="qwen-plus", deepseek_model=None
    ) as running:
        yield running


async def test_before_an_answer_the_configured_model_is_shown(server: GatewayServer) -> None:
    models = {row["model"]: row for row in (await server.get("status"))["models"]}
    assert {model: row["provider_model"] for model, row in models.items()} == {
        "deepseek": None,
        "qwen": "qwen-plus",
        "llama": "llama-4-70b",
    }
    assert {row["stand_in"] for row in models.values()} == {None}


async def test_after_an_answer_its_model_is_shown_without_the_label(server: GatewayServer) -> None:
    decision = decided("llama", "r-1", 60_000)
    answered = decision.model_copy(update={"data": decision.data.model_copy(update={"provider_model": "stand-in/x"})})
    await server.recorder.store([state("llama", 59_000, Decimal(10_000)), answered], 1)
    [row] = [row for row in (await server.get("status"))["models"] if row["model"] == "llama"]
    assert (row["provider_model"], row["stand_in"], row["name"]) == ("x", True, "Llama")


async def test_the_records_heads_are_published(server: GatewayServer) -> None:
    assert (await server.get("status"))["record"] == []
    await server.recorder.store([decided("qwen", "r-1", 60_000)], 1)
    fresh = await server.get_fresh("status")
    [head] = fresh["record"]
    assert (head["chain"], head["sequence"], len(head["link"])) == ("qwen", 2, 64)


async def test_the_account_mode_is_the_exchanges_word(server: GatewayServer) -> None:
    await server.recorder.store([state("qwen", 59_000, Decimal(10_000), mode="unifiedAccount")], 1)
    modes = {row["model"]: row["account_mode"] for row in (await server.get("status"))["models"]}
    assert modes == {"deepseek": None, "llama": None, "qwen": "unifiedAccount"}
    [account] = (await server.get("accounts"))["accounts"]
    assert account["mode"] == "unifiedAccount"


async def test_the_arenas_state_is_the_most_severe_of_its_contenders(server: GatewayServer) -> None:
    assert (await server.get("status"))["trading_state"] == "ACTIVE"
    async with server.pool.connection() as connection:
        await connection.execute("CREATE TABLE risk_state (kind text, model text, key text, value jsonb)")
        await connection.execute("GRANT SELECT ON risk_state TO aicoin_gateway")
        await connection.execute(
            """INSERT INTO risk_state VALUES ('state', 'qwen', '', '{"state": "REDUCING", "reasons": ["DAILY_LOSS"]}'),
            ('state', 'llama', '', '{"state": "HALTED", "reasons": ["MANUAL"]}')"""
        )
    fresh = await server.get_fresh("status")
    assert fresh["trading_state"] == "HALTED"
    assert {row["model"]: row["reasons"] for row in fresh["models"]} == {
        "deepseek": [],
        "qwen": ["DAILY_LOSS"],
        "llama": ["MANUAL"],
    }


async def test_the_roster_lists_contenders_and_coins_as_drawn(server: GatewayServer) -> None:
    roster = await server.get("roster")
    assert roster["contenders"][1] == {
        "id": "qwen",
        "name": "Qwen",
        "provider": "dashscope",
        "color": "#B9500B",
        "color_dark": "#FFA05C",
        "mark": "diamond",
        "model": "qwen-plus",
    }
    assert [row["symbol"] for row in roster["coins"]] == ["BTC", "ETH", "SOL", "BNB", "DOGE", "XRP", "HYPE"]


async def test_halts_have_author_time_and_reason(server: GatewayServer) -> None:
    halts = (await server.get("status"))["halts"]
    assert halts == []
    async with server.pool.connection() as connection:
        await connection.execute("CREATE TABLE risk_state (kind text, model text, key text, value jsonb)")
        await connection.execute("GRANT SELECT ON risk_state TO aicoin_gateway")
        await connection.execute(
            """INSERT INTO risk_state VALUES ('halt', 'qwen', 'PERSON',
                '{"since_ms": 5, "until_ms": null, "detail": "lunch", "author": "gateway"}'),
                ('halt', 'llama', 'STOPS', '{"since_ms": 3, "until_ms": 9, "detail": "3 stops", "author": "risk"}')"""
        )
        await connection.execute(
            """CREATE TABLE executor_halts (id text, model text, author text, reason text, is_local boolean,
                since_ms bigint, ended_ms bigint)"""
        )
        await connection.execute("GRANT SELECT ON executor_halts TO aicoin_gateway")
        await connection.execute(
            """INSERT INTO executor_halts VALUES ('1', '*', 'kill switch', 'used', true, 7, NULL),
                ('2', 'qwen', 'kill switch', 'used', true, 1, 2), ('3', 'qwen', 'gateway', 'lunch', false, 5, NULL)"""
        )
    status = await server.get_fresh("status")
    found = [(row["model"], row["reason"], row["author"], row["since_ms"], row["detail"]) for row in status["halts"]]
    assert found == [
        ("llama", "STOPS", "risk", 3, "3 stops"),
        ("qwen", "PERSON", "gateway", 5, "lunch"),
        (None, "LOCAL", "kill switch", 7, "used"),
    ]
    assert {row["trading_state"] for row in status["models"]} == {"HALTED"}
    assert all(row["reasons"] == ["LOCAL"] for row in status["models"])


async def test_how_far_the_clock_is_off_is_the_newest_accounts_word(server: GatewayServer) -> None:
    assert (await server.get("status"))["clock_ahead_ms"] is None
    for model, received_ms, ahead_ms in (("qwen", 5, 12_000), ("deepseek", 4, 3), ("llama", 9, None)):
        event = state(model, received_ms, Decimal(10_000))
        data = event.data.model_copy(update={"clock_ahead_ms": ahead_ms})
        await server.redis.set(f"account:{model}", encode(event.model_copy(update={"data": data})))
    status = await server.get_fresh("status")
    assert status["clock_ahead_ms"] == 12_000
