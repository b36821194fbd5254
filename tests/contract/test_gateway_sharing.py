"""What is shared: cards of a duel and a trade, tags for other sites, and pages that may stand in a frame."""

import re
from collections.abc import AsyncIterator
from decimal import Decimal
from html import unescape
from pathlib import Path

import pytest
from gateway_server import GatewayServer, gateway_server
from recorder_examples import approved, decided, filled, snapshot, state

from common.events import Action
from common.trading.durations import MINUTE_MS
from common.trading.instruments import Symbol
from gateway.card.parts import HEIGHT, WIDTH

D = Decimal
START_MS = 1_790_000_040_000


@pytest.fixture
async def server(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[GatewayServer]:
    """A gateway over one cycle with a trade; its page is a head and a body."""
    (tmp_path / "index.html").write_text("<!doctype html><html><head></head><body>page</body></html>", encoding="utf-8")
    async with gateway_server(database_url, redis_url, web_dir=tmp_path) as running:
        opening, holding = (
            decided("qwen", "r1 é", START_MS),
            decided("deepseek", "r1 é", START_MS, action=Action.HOLD),
        )
        intent = approved(opening)
        fills = [
            filled("qwen", Symbol.BTC, 1, START_MS + 800, D(1), D(100), D(0), fee=D("0.05"), intent=intent),
            filled("qwen", Symbol.BTC, 2, START_MS + 90_000, D(-1), D(110), D(1), fee=D("0.05"), closed_pnl=D(10)),
        ]
        seen = [snapshot(f"s{n}", START_MS + n * MINUTE_MS, {Symbol.BTC: D(100 + n)}) for n in range(1, 7)]
        first = snapshot("r1 é", START_MS, {Symbol.BTC: D(100)})
        states = [state(model, START_MS - 1, D(10_000)) for model in ("qwen", "deepseek")]
        await running.recorder.store([*states, first, *seen, opening, holding, intent, *fills], 1)
        yield running


def tags_of(page: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in re.findall(r'<meta property="(.*?)" content="(.*?)" />', page)}


async def test_a_page_has_tags_that_lead_to_its_card(server: GatewayServer) -> None:
    path = "/cycles/r1%20%C3%A9"
    page = await server.client.get(path, headers={"accept-language": "zh-CN"})
    tags = tags_of(page.text.partition("</head>")[0])
    assert tags["og:title"] == "对决 r1 é · AIcoin"
    assert tags["og:image"] == f"{server.url}/api/v1{path}/card.png?lang=zh"
    picture = await server.client.get(tags["og:image"])
    assert picture.headers["content-type"] == "image/png"
    assert (int.from_bytes(picture.content[16:20]), int.from_bytes(picture.content[20:24])) == (WIDTH, HEIGHT)
    decision = tags_of((await server.client.get("/decisions/c1/qwen")).text)
    assert (decision["og:title"], decision["og:image"].rpartition("/api")[2]) == (
        "Qwen c1 · AIcoin",
        "/v1/cycles/c1/card.png?lang=en",
    )
    assert tags_of((await server.client.get("/models/qwen")).text)["og:title"] == "Qwen · AIcoin"
    assert "og:image" not in tags_of((await server.client.get("/leaderboard")).text)


async def test_an_address_cannot_write_into_the_page(server: GatewayServer) -> None:
    page = await server.client.get("/cycles/%22%3E%3Cscript%3Ealert(1)")
    assert "<script" not in page.text
    assert tags_of(page.text)["og:title"].startswith('Duel "><script>alert(1)')


async def test_only_embedded_pages_may_stand_in_a_frame(server: GatewayServer) -> None:
    framed = [("/embed/duel", "*"), ("/embed/equity", "*")]
    for path, ancestors in (*framed, ("/embed/x", "'none'"), ("/", "'none'"), ("/cycles/x", "'none'")):
        answer = await server.client.get(path)
        assert answer.status_code == 200
        assert f"frame-ancestors {ancestors};" in answer.headers["content-security-policy"]


async def test_cards_show_the_rows_of_rest(server: GatewayServer) -> None:
    cycle = await server.get("cycles/r1%20%C3%A9")
    results = {row["model"]: row["results"] for row in cycle["decisions"]}
    assert results["deepseek"] == []
    assert [each["result_percent"] for each in results["qwen"]] == ["4.9", None, None, None]
    duel = (await server.client.get("/api/v1/cycles/r1%20%C3%A9/card.svg")).text
    for text in ("LONG BTC 5x", "HOLD", "+4.90%", "APPROVED", "PAPER MONEY"):
        assert f">{text}<" in duel
    [trade] = (await server.get("trades"))["trades"]
    assert f">${D(trade['pnl']):.2f} +" in (await server.client.get(f"/api/v1/trades/{trade['id']}/card.svg")).text
    for path in ("cycles/x", "trades/x"):
        assert (await server.client.get(f"/api/v1/{path}/card.svg")).status_code == 404


async def test_the_score_of_rest_is_the_recorders(server: GatewayServer) -> None:
    scores = await server.get("duels")
    [five] = [row for row in scores["duels"] if row["minutes"] == 5]
    assert (five["model"], five["rival"], five["cycles"], five["acted"], five["agreed"]) == (
        "deepseek",
        "qwen",
        1,
        1,
        0,
    )
    assert (five["known"], five["model_right"], five["rival_right"]) == (1, 0, 1)
    assert scores["calibrations"][-1]["model"] == "qwen"
    [bucket] = scores["calibrations"][-1]["buckets"]
    assert (bucket["from_percent"], bucket["trades"], bucket["trades_won"]) == (70, 1, 1)
