"""Frames and answers as typed structs: golden ones, and those that must be refused."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ingester_frames import COINS, bbo, book, build_frame, context, mids, wire_candle, wire_trade

from ingester.exchange.parse import (
    parse_book,
    parse_candle,
    parse_context,
    parse_max_leverages,
    parse_price,
    parse_top,
)
from ingester.exchange.wire import (
    MARKET_CHANNELS,
    Frame,
    UnreadableFrame,
    decode_candles,
    decode_coin,
    decode_content,
    decode_frame,
    decode_meta,
    decode_subscription,
)

GOLDEN = json.loads(
    (Path(__file__).parents[3] / "golden" / "hyperliquid" / "market_data.json").read_text(encoding="utf-8")
)
"""Messages in the exchange's form."""
FRAMES = GOLDEN["frames"]


def golden_frame(channel: str) -> Frame:
    return build_frame(channel, FRAMES[channel])


def golden_answer(name: str, era: str = "info") -> bytes:
    return json.dumps(GOLDEN[era][name]).encode()


def test_every_channel_has_a_golden_frame() -> None:
    assert set(FRAMES) == {*MARKET_CHANNELS, "subscriptionResponse"}


def test_trades_are_read() -> None:
    rows = [(row.coin, row.side, row.px, row.sz, row.time, row.tid) for row in decode_content(golden_frame("trades"))]
    names = ("coin", "side", "px", "sz", "time", "tid")
    assert rows == [tuple(row[name] for name in names) for row in FRAMES["trades"]]


def test_the_best_bid_and_ask_are_read() -> None:
    top = parse_top(decode_content(golden_frame("bbo")))
    assert (top.time_ms, top.bid_price, top.ask_price) == (1_790_000_001_881, Decimal(71_234), Decimal(71_235))


@pytest.mark.parametrize("era", ["info", "older"])
def test_candles_are_read(era: str) -> None:
    for wire, row in zip(
        decode_candles(golden_answer("candleSnapshot", era)), GOLDEN[era]["candleSnapshot"], strict=True
    ):
        candle = parse_candle(wire)
        assert (candle.open_ms, candle.trade_count) == (row["t"], row["n"])
        numbers = (candle.open, candle.high, candle.low, candle.close, candle.volume)
        assert numbers == tuple(Decimal(row[name]) for name in "ohlcv")


def test_a_live_candle_is_read() -> None:
    assert parse_candle(decode_content(golden_frame("candle"))).close == Decimal(71_241)


def test_a_context_is_read() -> None:
    wire = FRAMES["activeAssetCtx"]["ctx"]
    context = parse_context(decode_content(golden_frame("activeAssetCtx")).ctx)
    assert context.mark_price == Decimal(wire["markPx"])
    assert context.oracle_price == Decimal(wire["oraclePx"])
    assert context.prev_day_price == Decimal(wire["prevDayPx"])
    assert context.day_volume_usd == Decimal(wire["dayNtlVlm"])
    assert context.funding_rate_hourly == Decimal(wire["funding"])
    assert context.open_interest_coin == Decimal(wire["openInterest"])
    assert context.premium == float(wire["premium"])


@pytest.mark.parametrize("content", [FRAMES["l2Book"], GOLDEN["older"]["l2Book"]], ids=("now", "older"))
def test_a_book_is_read(content: dict[str, Any]) -> None:
    book = parse_book(decode_content(build_frame("l2Book", content)))
    assert [[(str(level.price), str(level.size)) for level in side] for side in (book.bids, book.asks)] == [
        [(row["px"], row["sz"]) for row in side] for side in content["levels"]
    ]


def test_mids_of_all_markets_are_read() -> None:
    mids = FRAMES["allMids"]["mids"]
    content = decode_content(golden_frame("allMids"))
    assert {name: parse_price(text) for name, text in content.mids.items()} == {
        name: Decimal(text) for name, text in mids.items()
    }


def test_maximum_leverages_are_read() -> None:
    listed = {row["name"]: row["maxLeverage"] for row in GOLDEN["info"]["meta"]["universe"]}
    leverages = parse_max_leverages(decode_meta(golden_answer("meta")), COINS)
    assert leverages == {symbol: listed[symbol.value] for symbol in COINS}
    assert [asset.maxLeverage for asset in decode_meta(golden_answer("meta", "older")).universe] == [50, 50]


def test_an_acknowledgment_with_further_fields_is_read() -> None:
    echo = decode_subscription(golden_frame("subscriptionResponse"))
    assert echo == {"type": "l2Book", "coin": "HYPE", "nSigFigs": None, "mantissa": None}


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
