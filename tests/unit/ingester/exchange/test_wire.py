"""Frames and answers as typed structs: recorded ones, and those that must be refused."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ingester_frames import COINS, bbo, book, build_frame, context, mids, wire_candle, wire_trade

from ingester.exchange.parse import parse_candle, parse_context, parse_max_leverages, parse_price
from ingester.exchange.wire import (
    Frame,
    UnreadableFrame,
    decode_candles,
    decode_coin,
    decode_content,
    decode_frame,
    decode_meta,
    decode_subscription,
)

DATA = Path(__file__).parents[5] / "shared" / "data" / "hyperliquid"
needs_recordings = pytest.mark.skipif(not DATA.is_dir(), reason="the recorded payloads are not beside the project")


@pytest.fixture(scope="module")
def recorded() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((DATA / "recorded_payloads_2026.json").read_text(encoding="utf-8"))
    return content


def frames(recorded: dict[str, Any], name: str) -> list[Frame]:
    rows = recorded[name] if isinstance(recorded[name], list) else [recorded[name]]
    return [decode_frame(json.dumps(row)) for row in rows]


def http_answer(name: str) -> Any:
    return json.loads((DATA / "http_recorded" / f"{name}.json").read_text(encoding="utf-8"))["response"]


@needs_recordings
class TestRecorded:
    def test_trades(self, recorded: dict[str, Any]) -> None:
        for frame in frames(recorded, "ws.trades"):
            theirs = json.loads(bytes(frame.data))
            ours = decode_content(frame)
            assert [(row.coin, row.side, row.px, row.sz, row.time, row.tid) for row in ours] == [
                tuple(row[name] for name in ("coin", "side", "px", "sz", "time", "tid")) for row in theirs
            ]

    def test_bbo(self, recorded: dict[str, Any]) -> None:
        content = decode_content(frames(recorded, "ws.bbo")[0])
        assert (content.coin, content.time) == ("BTC", 1790358617881)
        assert [(level.px, level.sz) for level in content.bbo] == [("83757.0", "22.61305"), ("83758.0", "0.00016")]

    def test_candles(self, recorded: dict[str, Any]) -> None:
        for frame in frames(recorded, "ws.candle"):
            theirs, candle = json.loads(bytes(frame.data)), parse_candle(decode_content(frame))
            assert (candle.open_ms, candle.trade_count) == (theirs["t"], theirs["n"])
            numbers = (candle.open, candle.high, candle.low, candle.close, candle.volume)
            assert numbers == tuple(Decimal(theirs[name]) for name in "ohlcv")

    def test_context(self, recorded: dict[str, Any]) -> None:
        frame = frames(recorded, "ws.activeAssetCtx")[0]
        theirs = json.loads(bytes(frame.data))["ctx"]
        ours = parse_context(decode_content(frame).ctx)
        assert ours.mark_price == Decimal(theirs["markPx"])
        assert ours.oracle_price == Decimal(theirs["oraclePx"])
        assert ours.prev_day_price == Decimal(theirs["prevDayPx"])
        assert ours.day_volume_usd == Decimal(theirs["dayNtlVlm"])
        assert ours.funding_rate_hourly == Decimal(theirs["funding"])
        assert ours.open_interest_coin == Decimal(theirs["openInterest"])
        assert ours.premium == float(theirs["premium"])

    def test_book(self, recorded: dict[str, Any]) -> None:
        theirs = recorded["info.l2Book BTC (trimmed to 5)"]
        content = decode_content(build_frame("l2Book", theirs))
        assert [[(row.px, row.sz) for row in side] for side in content.levels] == [
            [(row["px"], row["sz"]) for row in side] for side in theirs["levels"]
        ]

    def test_candle_snapshot(self, recorded: dict[str, Any]) -> None:
        theirs = recorded["info.candleSnapshot BTC 1h"]
        assert [row.t for row in decode_candles(json.dumps(theirs).encode())] == [row["t"] for row in theirs]

    def test_meta(self, recorded: dict[str, Any]) -> None:
        six = recorded["universe entries of the six coins + asset ids (mainnet, Oct 2026)"]
        meta = decode_meta(json.dumps({"universe": six}).encode())
        assert parse_max_leverages(meta, COINS) == {
            symbol: row["maxLeverage"] for symbol, row in zip(COINS, six, strict=True)
        }

    def test_acknowledgement(self, recorded: dict[str, Any]) -> None:
        frame = frames(recorded, "ws.subscriptionResponse l2Book (server adds nulls)")[0]
        assert decode_subscription(frame) == {"type": "l2Book", "coin": "HYPE", "nSigFigs": None, "mantissa": None}

    def test_older_mids(self) -> None:
        theirs = http_answer("get_all_mids__0_allMids")
        content = decode_content(build_frame("allMids", {"mids": theirs}))
        assert {name: parse_price(text) for name, text in content.mids.items()} == {
            name: Decimal(text) for name, text in theirs.items()
        }

    def test_older_candles(self) -> None:
        theirs = http_answer("get_candles_snapshot__1_candleSnapshot")
        ours = [parse_candle(row) for row in decode_candles(json.dumps(theirs).encode())]
        assert [(row.open_ms, row.close) for row in ours] == [(row["t"], Decimal(row["c"])) for row in theirs]

    def test_an_older_book(self) -> None:
        theirs = http_answer("get_l2_snapshot__1_l2Book")
        content = decode_content(build_frame("l2Book", theirs))
        assert [len(side) for side in content.levels] == [len(side) for side in theirs["levels"]]

    def test_an_older_universe(self) -> None:
        theirs = http_answer("get_candles_snapshot__0_meta")
        listed = {asset.name: asset.maxLeverage for asset in decode_meta(json.dumps(theirs).encode()).universe}
        assert listed["BTC"] == 50


@pytest.mark.parametrize("raw", ["", "{", "[]", "7", '{"data":{}}', '{"channel":3}', b"\xff\xfe"])
def test_a_message_that_is_no_frame_is_refused(raw: str | bytes) -> None:
    with pytest.raises(UnreadableFrame):
        decode_frame(raw)


def test_a_frame_without_data_is_a_frame() -> None:
    assert decode_frame('{"channel":"pong"}').channel == "pong"


@pytest.mark.parametrize(
    ("frame", "coin"), [(book("SOL"), "SOL"), (bbo("XRP"), "XRP"), (context("ETH"), "ETH"), (mids(), "")]
)
def test_the_coin_of_a_state_frame(frame: Frame, coin: str) -> None:
    assert decode_coin(frame) == coin


@pytest.mark.parametrize(
    ("channel", "data"),
    [
        ("allMids", {"mids": {"BTC": 1.5}}),
        ("l2Book", None),
        ("l2Book", {"coin": "BTC", "time": 1, "levels": [[]]}),
        ("bbo", {"coin": "BTC", "time": "now", "bbo": [None, None]}),
        ("activeAssetCtx", {"coin": "BTC", "ctx": {"markPx": "1"}}),
        ("trades", [{k: v for k, v in wire_trade().items() if k != "tid"}]),
        ("candle", [wire_candle()]),
    ],
)
def test_content_of_another_shape_is_refused(channel: str, data: Any) -> None:
    with pytest.raises(UnreadableFrame, match=channel):
        decode_content(build_frame(channel, data))


def test_an_empty_side_and_a_missing_mid_are_fine() -> None:
    assert decode_content(build_frame("bbo", {"coin": "BTC", "time": 1, "bbo": [None, None]})).bbo == (None, None)
    assert decode_content(context(midPx=None, premium=None)).ctx.midPx is None
