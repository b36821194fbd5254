"""The cache's values, read back as JSON."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from ingester_frames import T0_MS, build_candle, build_trade, known_feed, trade_from

from common.trading.instruments import Symbol
from ingester.market.coin import CoinState
from ingester.market.open_interest import OpenInterestSamples
from ingester.storage.cache_values import (
    decode_candle,
    decode_open_interest,
    encode_book,
    encode_candle,
    encode_coin,
    encode_open_interest,
    encode_price,
    encode_tape,
)

GOLDEN = Path(__file__).parents[3] / "golden" / "hyperliquid" / "market_data.json"


def test_the_cached_tape_has_the_glossarys_names() -> None:
    coin = CoinState(Symbol.BTC)
    assert encode_tape(coin) is None
    coin.tape.add(build_trade(trade_id=1))
    coin.tape.add(build_trade(trade_id=2, time_ms=T0_MS + 1, side="A", price="99.5"))
    value = encode_tape(coin)
    assert value is not None
    assert json.loads(value) == {
        "symbol": "BTC",
        "time_ms": T0_MS + 1,
        "trades": [
            {"trade_id": 2, "time_ms": T0_MS + 1, "side": "SELL", "price": "99.5", "size": "2.0"},
            {"trade_id": 1, "time_ms": T0_MS, "side": "BUY", "price": "100.0", "size": "2.0"},
        ],
    }


def test_trades_reach_the_cache_as_the_exchange_wrote_them() -> None:
    rows = json.loads(GOLDEN.read_text(encoding="utf-8"))["frames"]["trades"]
    coin = CoinState(Symbol.BTC)
    for row in rows:
        coin.tape.add(trade_from(row))
    value = encode_tape(coin)
    assert value is not None
    shown = {row["trade_id"]: row for row in json.loads(value)["trades"]}
    assert set(shown) == {row["tid"] for row in rows}
    for row in rows:
        cached = shown[row["tid"]]
        assert (cached["price"], cached["size"], cached["time_ms"]) == (row["px"], row["sz"], row["time"])
        assert cached["side"] == {"B": "BUY", "A": "SELL"}[row["side"]]


def test_a_cached_price_carries_the_time_of_its_mid_price() -> None:
    coin = known_feed().market.coins[Symbol.BTC]
    coin.update_mid(Decimal("101.25"), T0_MS + 9)
    body = json.loads(encode_price(coin) or b"")
    assert (body["symbol"], body["price"], body["time_ms"]) == ("BTC", "101.25", T0_MS + 9)
    assert body["day_volume_usd"] == "5000000.2557999999"


def test_a_cached_book_carries_the_exchanges_time() -> None:
    body = json.loads(encode_book(known_feed().market.coins[Symbol.SOL]) or b"")
    assert body == {
        "symbol": "SOL",
        "time_ms": T0_MS,
        "bids": [{"price": "100.0", "size": "2.0"}],
        "asks": [{"price": "101.0", "size": "1.0"}],
    }


def test_nothing_known_is_not_cached() -> None:
    assert encode_price(CoinState(Symbol.BTC)) is None
    assert encode_book(CoinState(Symbol.BTC)) is None


def test_a_candle_survives_the_cache_and_is_closed_when_its_end_has_passed() -> None:
    candle = build_candle(close=100.25)
    value = encode_candle(candle, "1m", T0_MS + 59_999)
    assert decode_candle(value) == candle
    assert json.loads(value)["is_closed"] is False
    assert json.loads(encode_candle(candle, "1m", T0_MS + 60_000))["is_closed"] is True


def test_a_coin_is_cached_under_its_keys() -> None:
    coin = known_feed().market.coins[Symbol.SOL]
    assert set(encode_coin(coin)) == {"price:SOL", "orderbook:SOL"}
    coin.tape.add(build_trade(coin="SOL"))
    assert set(encode_coin(coin)) == {"price:SOL", "orderbook:SOL", "tape:SOL"}
    assert encode_coin(CoinState(Symbol.SOL)) == {}


def test_open_interest_is_read_as_it_was_written() -> None:
    samples = OpenInterestSamples(29_833_334, [39_000.5, None, 0.0])
    assert decode_open_interest(encode_open_interest(samples)) == samples


@pytest.mark.parametrize("value", [None, b"", b"[1]", b'{"newest_minute": 1, "samples": ["x"]}'])
def test_open_interest_that_cannot_be_read_counts_as_none(value: bytes | None) -> None:
    assert decode_open_interest(value) is None
