"""REST over a real socket: the recorder's rows in the agreed shapes, cached, with ETags; any roster."""

import csv
import io
import json
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from gateway_server import DEFAULT, THREE_AND_SEVEN, GatewayServer, fill_market_cache, gateway_server
from recorder_examples import approved, decided, filled, snapshot, state

from common.events import Action, AlertSeverity, OrderRole, RefusedAnswer, SystemAlert, originate
from common.runtime.clock import SystemClock
from common.runtime.health import Readiness
from common.runtime.presence import Presence
from common.trading.instruments import Symbol
from gateway.rest.export.csv_file import csv_pages
from gateway.rest.export.tables import EXPORTS
from gateway.storage.queries import Queries

D = Decimal


@pytest.fixture
async def server(database_url: str, redis_url: str) -> AsyncIterator[GatewayServer]:
    async with gateway_server(database_url, redis_url, hyperliquid_env="testnet") as running:
        yield running


async def fill_in(server: GatewayServer) -> None:
    """Two decisions of one model: one opened a position, the next one closed it."""
    mids = dict.fromkeys(DEFAULT.coins, D(100))
    opening = decided("qwen", "r-1", 60_000)
    entry = approved(opening)
    closing = decided("qwen", "r-2", 120_000, action=Action.CLOSE)
    leave = approved(closing, leverage=5)
    fills = [
        filled("qwen", Symbol.BTC, 1, 60_800, D(1), D(100), D(0), fee=D("0.05"), intent=entry),
        filled(
            "qwen",
            Symbol.BTC,
            2,
            120_800,
            D(-1),
            D(110),
            D(1),
            fee=D("0.05"),
            closed_pnl=D(10),
            role=OrderRole.EXIT,
            intent=leave,
        ),
    ]
    states = [state("qwen", 59_000, D(10_000)), state("qwen", 121_000, D("10009.9"))]
    seen = [snapshot("r-1", 60_000, mids), snapshot("r-2", 120_000, mids)]
    await server.recorder.store([states[0], *seen, opening, entry, closing, leave, *fills, states[1]], 1)


async def test_the_leaderboard_with_benchmarks(server: GatewayServer) -> None:
    await fill_in(server)
    body = await server.get("leaderboard")
    [row] = body["leaderboard"]
    assert (row["total_pnl"], row["return_percent"], row["trades"], row["decisions"]) == ("9.9", "0.099", 1, 2)
    assert (row["sharpe"], row["expectancy"], row["brier"]) == (None, "9.9", "0.0784")
    assert [each["name"] for each in body["benchmarks"]] == ["btc_hold", "equal_weight"]


async def test_a_contender_that_left_holds_no_rank(server: GatewayServer) -> None:
    states = [state(model, 59_000, D(10_000)) for model in ("llama", "deepseek", "qwen")]
    later = [state("llama", 60_000, D(12_000)), state("qwen", 60_000, D(11_000))]
    await server.recorder.store([*states, *later], 1)
    rows = (await server.get("leaderboard"))["leaderboard"]
    assert [(row["model"], row["rank"]) for row in rows] == [("qwen", 1), ("deepseek", 2)]


async def test_equity_with_drawdown_and_benchmarks(server: GatewayServer) -> None:
    await fill_in(server)
    body = await server.get("equity", range="all")
    assert body["start_balance"] == "10000"
    [series] = body["series"]
    assert (series["start_balance"], series["points"]) == ("10000", [[59_000, "10000"]])
    assert series["drawdown"] == [[59_000, "0"]]
    assert [each["name"] for each in body["benchmarks"]] == ["btc_hold", "equal_weight"]
    assert body["benchmarks"][0]["points"] == [[120_000, "10000"]]


async def test_a_model_with_its_statistics(server: GatewayServer) -> None:
    await fill_in(server)
    body = await server.get("models/qwen")
    statistics = body["statistics"]
    assert statistics["net_realized"] == "9.9"
    assert D(statistics["time_long_percent"]) == pytest.approx(D(6_000_000) / 62_000, abs=D("0.0001"))
    assert statistics["explorer_url"] == "https://app.hyperliquid-testnet.xyz/explorer/address/0xqwen"
    assert (await server.get("models/deepseek"))["statistics"]["net_realized"] is None
    assert (await server.get("status"))["has_control"] is False


async def test_a_decision_has_its_previous_prompt_snapshot_and_trade(server: GatewayServer) -> None:
    await fill_in(server)
    first, second = await server.get("decisions/r-1/qwen"), await server.get("decisions/r-2/qwen")
    assert first["previous_prompt"] is None
    assert second["previous_prompt"] == {"cycle_id": "r-1", "user": "u r-1"}
    assert first["trade"]["id"] == second["trade"]["id"]
    assert second["trade"]["status"] == "CLOSED"
    coins = second["snapshot"]["coins"]
    assert [coin["symbol"] for coin in coins] == [symbol.value for symbol in DEFAULT.coins]
    assert coins[0]["mid_price"] == "100"
    assert coins[0]["series"]["1h"]["rsi14"] == 55.0
    assert first["rules"][0].keys() == {"code", "passed", "value", "limit", "setting", "detail"}


async def test_operations_report_missing_services_and_latencies(server: GatewayServer) -> None:
    await fill_in(server)
    await server.bus.prepare("recorder", ["system.alert"])
    clock = SystemClock()
    healthy, waiting = Readiness(), Readiness()
    healthy.set("start", True)
    await Presence("risk", server.bus, clock, healthy).write()
    await Presence("executor", server.bus, clock, waiting).write()
    old = json.loads(await server.redis.get("service:risk")) | {
        "name": "ingester",
        "time_ms": clock.now_ms() - 60_000,
        "started_ms": clock.now_ms() - 4 * 3_600_000,
        "errors": 6,
    }
    await server.redis.set("service:ingester", json.dumps(old))
    young = json.loads(await server.redis.get("service:executor")) | {"errors": 3}
    await server.redis.set("service:executor", json.dumps(young))
    await server.redis.xadd("order.filled.dead", {"dead_reason": "x"})
    alert = SystemAlert(
        code="TEST", severity=AlertSeverity.WARNING, service="risk", model=None, message="hello", figures={}
    )
    await server.recorder.store([originate(alert, keys=("a",), time_ms=5, now_ms=5)], 1)
    body = await server.get("operations")
    services = {row["name"]: row for row in body["services"]}
    assert services["risk"]["ready"] is True
    assert services["risk"]["reason"] is None
    assert services["executor"]["reason"] == "start: starting"
    assert services["ingester"]["ready"] is False
    assert services["ingester"]["reason"].startswith("no presence for")
    assert services["recorder"] == {
        "name": "recorder",
        "ready": False,
        "state": "STARTING",
        "reason": "no presence yet",
        "started_ms": None,
        "time_ms": None,
    }
    streams = {row["stream"]: row for row in body["streams"]}
    assert streams["system.alert"] == {
        "stream": "system.alert",
        "length": 0,
        "groups": [{"name": "recorder", "lag": 0, "pending": 0}],
    }
    latencies = {row["name"]: row for row in body["latencies"]}
    assert latencies["decision"] == {"name": "decision", "p50_ms": 500, "p99_ms": 500, "count": 2}
    assert latencies["decision_to_verdict"] == {"name": "decision_to_verdict", "p50_ms": 3, "p99_ms": 3, "count": 2}
    assert latencies["sent_to_filled"]["count"] == latencies["tick_to_push"]["count"] == 0
    assert [alert["message"] for alert in body["alerts"]] == ["hello"]
    assert body["dead_letters"] == [{"stream": "order.filled", "count": 1}]
    errors = {row["service"]: row for row in body["errors"]}
    assert errors["ingester"] == {"service": "ingester", "count": 6, "per_hour": "1.50"}
    assert errors["executor"]["per_hour"] == "3.00"  # From its first seconds no hour is projected.


async def test_exchange_latencies_come_from_the_executors_table(server: GatewayServer) -> None:
    await fill_in(server)
    async with server.pool.connection() as connection:
        await connection.execute("CREATE TABLE intents (intent_id text PRIMARY KEY, first_sent_ms bigint)")
        await connection.execute("GRANT SELECT ON intents TO aicoin_gateway")
        await connection.execute("INSERT INTO intents SELECT id, time_ms + 7 FROM verdicts")
    latencies = {row["name"]: row for row in (await server.get("operations"))["latencies"]}
    assert (latencies["verdict_to_sent"]["p50_ms"], latencies["verdict_to_sent"]["count"]) == (7, 2)
    assert (latencies["sent_to_filled"]["p50_ms"], latencies["sent_to_filled"]["count"]) == (310, 2)


async def test_csv_has_every_row_once_oldest_first(server: GatewayServer) -> None:
    decisions = [decided(("qwen", "deepseek")[n % 2], f"r-{n}", 1_000 * (n // 5)) for n in range(40)]
    states = [state(model, n * 300_000, D(n)) for n in range(1, 20) for model in ("qwen", "deepseek")]
    await server.recorder.store([*decisions, *states], 1)
    for name, model, count in (("decisions", None, 40), ("decisions", "qwen", 20), ("equity", None, 38)):
        pages = [page async for page in csv_pages(EXPORTS[name], model, Queries(server.pool), page_rows=7)]
        assert len(pages) == count // 7 + 1
        answer = await server.client.get(f"/api/v1/export/{name}.csv", params={"model": model} if model else {})
        assert answer.text == "".join(pages)
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert "attachment" in answer.headers["content-disposition"]
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert len(rows) == count
        assert len({(row["model"], row.get("cycle_id", row["time_ms"])) for row in rows}) == count
        assert [int(row["time_ms"]) for row in rows] == sorted(int(row["time_ms"]) for row in rows)


async def test_csv_without_rows_is_its_header(server: GatewayServer) -> None:
    empty = await server.client.get("/api/v1/export/trades.csv")
    assert empty.text.startswith("id,model,symbol,side,entry_time")
    assert len(empty.text.splitlines()) == 1
    wrong = await server.client.get("/api/v1/export/trades.csv", params={"model": "x"})
    assert wrong.json()["error"]["code"] == "BAD_PARAMETER"


async def test_a_reasoning_like_a_formula_is_quoted_in_csv(server: GatewayServer) -> None:
    decision = decided("qwen", "r-1", 1_000)
    assert decision.data.decision is not None
    formula = decision.data.decision.model_copy(update={"reasoning": "=HYPERLINK(1)"})
    event = decision.model_copy(update={"data": decision.data.model_copy(update={"decision": formula})})
    await server.recorder.store([event], 1)
    answer = await server.client.get("/api/v1/export/decisions.csv")
    assert next(csv.DictReader(io.StringIO(answer.text)))["reasoning"] == "'=HYPERLINK(1)"


async def test_csv_names_what_the_parser_read_over_and_refused(server: GatewayServer) -> None:
    plain, odd = decided("qwen", "r-1", 1_000), decided("qwen", "r-2", 2_000)
    refused = tuple(RefusedAnswer(code=code, reason="no") for code in ("NOT_JSON", "FRACTION"))
    changes = {"leniencies": ("code_fence", "whole_decimal"), "refused_answers": refused}
    odd = odd.model_copy(update={"data": odd.data.model_copy(update=changes)})
    await server.recorder.store([plain, odd], 1)
    answer = await server.client.get("/api/v1/export/decisions.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["leniencies"] for row in rows] == ["", "code_fence whole_decimal"]
    assert [row["refused_answers"] for row in rows] == ["", "NOT_JSON FRACTION"]
    listed = (await server.get("decisions"))["decisions"]
    assert [row["refused_answers"] for row in listed] == [[each.model_dump() for each in refused], []]


async def test_responses_have_etags_and_security_headers(server: GatewayServer) -> None:
    await fill_in(server)
    for path in ("leaderboard", "positions", "prices", "decisions", "operations", "openapi.json", "readme"):
        first = await server.client.get(f"/api/v1/{path}")
        again = await server.client.get(f"/api/v1/{path}", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b""), path
        assert "script-src 'self';" in first.headers["content-security-policy"]
        assert first.headers["x-content-type-options"] == "nosniff"
    big = await server.client.get("/api/v1/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert big.headers["content-encoding"] == "gzip"
    plain = await server.client.get("/api/v1/openapi.json", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.json() == big.json()


async def test_cards_are_pictures_with_etags(server: GatewayServer) -> None:
    await fill_in(server)
    drawn = await server.client.get("/api/v1/models/qwen/card.svg", params={"lang": "zh", "theme": "dark"})
    assert drawn.headers["content-type"] == "image/svg+xml"
    assert "$10,009.90" in drawn.text
    again = await server.client.get(
        "/api/v1/models/qwen/card.svg?lang=zh&theme=dark", headers={"If-None-Match": drawn.headers["etag"]}
    )
    assert again.status_code == 304
    picture = await server.client.get("/api/v1/models/deepseek/card.png")
    assert picture.content.startswith(b"\x89PNG")
    assert (await server.client.get("/api/v1/models/x/card.png")).status_code == 400


async def test_a_third_contender_and_a_seventh_coin_are_served(database_url: str, redis_url: str) -> None:
    async with gateway_server(database_url, redis_url, THREE_AND_SEVEN) as server:
        decision = decided("llama", "r-1", 60_000)
        entry = approved(decision)
        fill = filled("llama", Symbol.BTC, 1, 60_800, D(1), D(100), D(0), intent=entry)
        await server.recorder.store([state("llama", 59_000, D(10_000)), decision, entry, fill], 1)
        await fill_market_cache(server.redis, ("HYPE",))
        roster, status = await server.get("roster"), await server.get("status")
        assert [(each["id"], each["mark"], each["model"]) for each in roster["contenders"]][-1] == (
            "llama",
            "square",
            "llama-4-70b",
        )
        assert roster["coins"][-1] == {"symbol": "HYPE", "price_decimals": 4, "size_decimals": 2, "max_leverage": 10}
        assert [row["model"] for row in status["models"]] == ["deepseek", "qwen", "llama"]
        assert [row["symbol"] for row in status["symbols"]] == list(THREE_AND_SEVEN.coins)
        assert [row["model"] for row in (await server.get("leaderboard"))["leaderboard"]] == ["llama"]
        assert (await server.get("models/llama"))["trades"][0]["model"] == "llama"
        assert (await server.get("decisions", model="llama"))["decisions"][0]["cycle_id"] == "r-1"
        assert (await server.get("equity", model="llama", range="all"))["series"][0]["model"] == "llama"
        assert (await server.get("candles", symbol="HYPE"))["candles"]
        assert "HYPE" in (await server.get("prices"))["prices"]
        assert "DeepSeek, Qwen and Llama" in (await server.get("readme"))["text"].replace("\n", " ")
        assert "agent-llama" in [row["name"] for row in (await server.get("operations"))["services"]]
        card = await server.client.get("/api/v1/models/llama/card.svg")
        assert "#7A3FB0" in card.text
        exported = await server.client.get("/api/v1/export/decisions.csv", params={"model": "llama"})
        assert len(exported.text.splitlines()) == 2
