"""Numbers and content that must be refused, and what becomes of the rest."""

import json
from decimal import Decimal

import pytest
from ingester_frames import COINS, build_frame, level, wire_candle, wire_trade

from common.trading.orders import OrderSide
from ingester.exchange.parse import (
    parse_amount,
    parse_book,
    parse_candle,
    parse_max_leverages,
    parse_number,
    parse_price,
    parse_trade,
)
from ingester.exchange.wire import UnreadableFrame, decode_content, decode_meta
from ingester.market.quotes import KEPT_LEVELS


@pytest.mark.parametrize("text", ["", "abc", "NaN", "Infinity", "-Infinity", "1e999999999", "1e-999999"])
def test_an_unusable_number_is_refused(text: str) -> None:
    with pytest.raises(UnreadableFrame):
        parse_number(text)


def test_the_sign_of_numbers() -> None:
    assert (parse_number("-0.5"), parse_amount("0.0"), parse_price("0.1")) == (
        Decimal("-0.5"),
        Decimal(0),
        Decimal("0.1"),
    )
    for refused in (lambda: parse_amount("-1"), lambda: parse_price("0"), lambda: parse_price("-1")):
        with pytest.raises(UnreadableFrame):
            refused()


def test_a_universe_without_a_coin_of_the_roster_is_refused() -> None:
    rows = [{"name": symbol.value, "szDecimals": 1, "maxLeverage": 10} for symbol in COINS]
    rows[3]["isDelisted"] = True
    with pytest.raises(UnreadableFrame, match="does not list BNB"):
        parse_max_leverages(decode_meta(json.dumps({"universe": rows}).encode()), COINS)


def test_a_candle_whose_range_does_not_contain_its_close_is_refused() -> None:
    with pytest.raises(UnreadableFrame, match="high and low"):
        parse_candle(decode_content(build_frame("candle", wire_candle() | {"h": "99.0"})))


def test_only_the_best_levels_are_kept() -> None:
    sides = [[level(str(100 - n)) for n in range(30)], [level(str(101 + n)) for n in range(30)]]
    book = parse_book(decode_content(build_frame("l2Book", {"coin": "BTC", "time": 7, "levels": sides})))
    assert (len(book.bids), len(book.asks)) == (KEPT_LEVELS, KEPT_LEVELS)
    assert (book.top.bid_price, book.top.ask_price, book.top.time_ms) == (Decimal(100), Decimal(101), 7)


def test_the_side_of_a_trade_is_the_aggressors() -> None:
    trades = decode_content(build_frame("trades", [wire_trade(), wire_trade(side="A")]))
    assert [parse_trade(trade).side for trade in trades] == [OrderSide.BUY, OrderSide.SELL]
