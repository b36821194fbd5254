"""The Atom feed: what happened, once each, newest first, whatever the texts hold."""

from decimal import Decimal
from xml.etree import ElementTree

from gateway_server import gateway_server
from recorder_examples import filled, state

from common.events import AlertSeverity, SystemAlert, originate
from common.trading.durations import HOUR_MS
from common.trading.instruments import Symbol

D = Decimal
ATOM = "{http://www.w3.org/2005/Atom}"


async def test_the_feed_lists_trades_leads_and_alerts(database_url: str, redis_url: str) -> None:
    async with gateway_server(database_url, redis_url) as server:
        empty = ElementTree.fromstring((await server.client.get("/api/v1/feed.atom")).text)
        assert empty.findall(f"{ATOM}entry") == []
        alert = SystemAlert(
            code="HALTED",
            severity=AlertSeverity.INFO,
            service="executor",
            model=None,
            message="no entry & <no> \x01 exit",
            figures={},
        )
        events = [
            state("qwen", 1_000, D(10_000)),
            state("deepseek", 1_000, D(10_000)),
            filled("qwen", Symbol.BTC, 1, 2_000, D(2), D(100), D(0), fee=D("0.09")),
            filled("qwen", Symbol.BTC, 2, 62_000, D(-2), D(110), D(2), fee=D("0.099"), closed_pnl=D(20)),
            filled("deepseek", Symbol.ETH, 3, 63_000, D(-1), D(50), D(0)),
            state("qwen", HOUR_MS + 1_000, D(10_020)),
            state("deepseek", 2 * HOUR_MS + 1_000, D(10_500)),  # this hour runs: who leads may change
            originate(alert, keys=("a",), time_ms=70_000, now_ms=70_000),
        ]
        await server.recorder.store(events, 1)
        server.clock.ahead_s += 60
        answer = await server.client.get("/api/v1/feed.atom")
        assert answer.headers["content-type"].startswith("application/atom+xml")
        entries = ElementTree.fromstring(answer.text).findall(f"{ATOM}entry")
        assert [each.findtext(f"{ATOM}title") for each in entries] == [
            "Qwen leads",
            "HALTED",
            "DeepSeek short ETH at 50",
            "Qwen closed long BTC: 19.811 USD (decision)",
            "Qwen long BTC at 100",
        ]
        assert entries[1].findtext(f"{ATOM}content") == "no entry & <no>  exit"
        ids = [each.findtext(f"{ATOM}id") for each in entries]
        assert len(set(ids)) == 5
        times = [str(each.findtext(f"{ATOM}updated")) for each in entries]
        assert times == sorted(times, reverse=True)
        assert times[-1] == "1970-01-01T00:00:02.000Z"
        known = await server.client.get("/api/v1/feed.atom", headers={"If-None-Match": answer.headers["etag"]})
        assert known.status_code == 304
        one = await server.client.get("/api/v1/feed.atom", params={"model": "deepseek", "lang": "zh"})
        assert "DeepSeek 做空 ETH，价格 50" in one.text
        assert "BTC" not in one.text


async def test_one_reading_serves_readers_of_every_address(database_url: str, redis_url: str) -> None:
    async with gateway_server(database_url, redis_url) as server:
        await server.client.get("/api/v1/feed.atom")
        await server.recorder.store([filled("qwen", Symbol.BTC, 1, 2_000, D(2), D(100), D(0))], 1)
        for host in ("127.0.0.1", "localhost"):
            answer = await server.client.get("/api/v1/feed.atom", headers={"Host": host})
            feed = ElementTree.fromstring(answer.text)
            assert feed.findtext(f"{ATOM}id") == f"http://{host}/api/v1/feed.atom"
            assert feed.findall(f"{ATOM}entry") == [], "read again for another address"
