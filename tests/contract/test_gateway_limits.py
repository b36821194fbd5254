"""GET limits: each gauge against a computation from the stored rows and what risk publishes."""

import json
from decimal import Decimal

from gateway_server import gateway_server
from recorder_examples import decided, state

from common.trading.durations import DAY_MS
from common.trading.limits import Limits

D = Decimal
DAY = 20_780
NOW_MS = DAY * DAY_MS + 5_000


async def test_gauges_follow_from_the_stores(database_url: str, redis_url: str) -> None:
    async with gateway_server(database_url, redis_url, daily_cost_cap_usd="2.5") as server:
        server.market_clock.observe(NOW_MS)
        unknown = {row["model"]: row["gauges"] for row in (await server.get("limits"))["models"]}
        assert [each["used"] for each in unknown["qwen"]] == [None] * 5 + ["0"]
        decisions = [
            decided("qwen", "before", NOW_MS - DAY_MS, cost_usd=D(1)),
            decided("qwen", "c1", NOW_MS, cost_usd=D("0.25")),
            decided("qwen", "c2", NOW_MS + 1, cost_usd=D("0.125")),
        ]
        account = state("qwen", NOW_MS, D(9_500), total_notional_usd=D(4_750))
        await server.recorder.store([account, *decisions], NOW_MS)
        await server.redis.set("risk:limits", json.dumps(Limits().model_dump(mode="json")))
        day = {"day": DAY, "equity_usd": "10000", "gate": {"high_water_usd": "12500", "entries_today": 7}}
        await server.redis.set("risk:day:qwen", json.dumps(day))
        await server.redis.set("risk:day:deepseek", "[broken")
        found = {row["model"]: row["gauges"] for row in (await server.get_fresh("limits"))["models"]}
        assert {each["name"]: (each["used"], each["limit"]) for each in found["qwen"]} == {
            "daily_loss_percent": ("5", "10"),
            "drawdown_percent": ("24", "40"),
            "entries_today": ("7", "50"),
            "open_positions": ("0", "3"),
            "gross_exposure_ratio": ("0.5", "10"),
            "day_cost_usd": ("0.375", "2.5"),
        }
        assert [each["used"] for each in found["deepseek"]] == [None] * 5 + ["0"]
        server.market_clock.observe(NOW_MS + DAY_MS)
        next_day = (await server.get_fresh("limits"))["models"]
        [later] = [{each["name"]: each["used"] for each in row["gauges"]} for row in next_day if row["model"] == "qwen"]
        assert (later["daily_loss_percent"], later["entries_today"]) == ("0", "0"), "the published day is over"
