"""Trade flow: each trade once, bought and sold apart, forgotten after the window; and the newest trades, as told."""

import json
from pathlib import Path

import msgspec
import pytest

from common.trading.instruments import Symbol
from ingester import tape as tape_module
from ingester.book import CoinState
from ingester.cache import tape_value
from ingester.tape import KEPT_TRADES, WINDOW_S, Tape
from ingester.testing import T0_MS, trade
from ingester.wire import WireTrade

RECORDED = Path(__file__).parents[4] / "shared" / "data" / "hyperliquid" / "recorded_payloads_2026.json"


def prints(*rows: object) -> list[WireTrade]:
    return msgspec.convert(list(rows), list[WireTrade])


def test_buys_and_sells_in_usd() -> None:
    tape = Tape()
    tape.take(prints(trade(trade_id=1), trade(trade_id=2, side="A", price="50.0"), trade(trade_id=3)))
    flow = tape.flow(T0_MS)
    assert (flow.buy_usd, flow.sell_usd, flow.trade_count, flow.window_s) == (400.0, 100.0, 3, WINDOW_S)


def test_a_trade_told_again_after_a_reconnection_counts_once() -> None:
    tape = Tape()
    tape.take(prints(trade(trade_id=1), trade(trade_id=2)))
    tape.take(prints(trade(trade_id=1), trade(trade_id=2), trade(trade_id=2, time_ms=T0_MS + 1)))
    assert tape.flow(T0_MS + 1).trade_count == 3


def test_the_window_ends_at_the_time_asked_for() -> None:
    tape = Tape()
    tape.take(prints(trade(trade_id=1), trade(trade_id=2, time_ms=T0_MS + WINDOW_S * 1000)))
    assert tape.flow(T0_MS).trade_count == 2
    assert tape.flow(T0_MS + WINDOW_S * 1000).trade_count == 1


def test_memory_is_bounded_by_the_window_and_by_a_number() -> None:
    tape = Tape()
    for number in range(1_000):
        tape.take(prints(trade(trade_id=number, time_ms=T0_MS + number * 1000)))
    assert len(tape._prints) == len(tape._seen) == WINDOW_S + 1
    busy = Tape()
    busy.take(prints(*(trade(trade_id=number) for number in range(tape_module.MOST_TRADES + 10))))
    assert len(busy._prints) == len(busy._seen) == tape_module.MOST_TRADES


def ids(tape: Tape) -> list[int]:
    return [row.tid for row in tape.newest]


def test_the_newest_trades_are_kept_newest_first() -> None:
    tape = Tape()
    tape.take(prints(*(trade(trade_id=number, time_ms=T0_MS + number) for number in range(KEPT_TRADES + 10))))
    assert ids(tape) == list(range(KEPT_TRADES + 9, 9, -1))


def test_of_one_moment_the_last_told_is_the_newest() -> None:
    tape = Tape()
    tape.take(prints(trade(trade_id=9), trade(trade_id=3), trade(trade_id=5)))
    assert ids(tape) == [5, 3, 9]


def test_what_a_reconnection_tells_of_the_past_takes_its_place_once() -> None:
    tape = Tape()
    tape.take(prints(*(trade(trade_id=number, time_ms=T0_MS + 10 * number) for number in (1, 2, 4))))
    tape.take(prints(trade(trade_id=3, time_ms=T0_MS + 30), trade(trade_id=2, time_ms=T0_MS + 20)))
    assert ids(tape) == [4, 3, 2, 1]


def test_a_quiet_coins_trades_older_than_the_window_are_not_told_twice() -> None:
    tape = Tape()
    old = trade(trade_id=1)
    tape.take(prints(old, trade(trade_id=2, time_ms=T0_MS + WINDOW_S * 1000 + 1)))
    tape.take(prints(old))
    assert ids(tape) == [2, 1]


def test_the_cached_tape_is_in_our_words() -> None:
    coin = CoinState(Symbol.BTC)
    assert tape_value(coin) is None
    coin.tape.take(prints(trade(trade_id=1), trade(trade_id=2, time_ms=T0_MS + 1, side="A", price="99.5")))
    value = tape_value(coin)
    assert value is not None
    assert json.loads(value) == {
        "symbol": "BTC",
        "time_ms": T0_MS + 1,
        "trades": [
            {"trade_id": 2, "time_ms": T0_MS + 1, "side": "SELL", "price": "99.5", "size": "2.0"},
            {"trade_id": 1, "time_ms": T0_MS, "side": "BUY", "price": "100.0", "size": "2.0"},
        ],
    }


@pytest.mark.skipif(not RECORDED.is_file(), reason="the recorded payloads are not beside the project")
def test_recorded_trades_reach_the_cache_as_the_exchange_wrote_them() -> None:
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))["ws.trades"]
    rows = [row for frame in (recorded if isinstance(recorded, list) else [recorded]) for row in frame["data"]]
    coin = CoinState(Symbol.BTC)
    coin.tape.take(prints(*rows))
    value = tape_value(coin)
    assert value is not None
    shown = {row["trade_id"]: row for row in json.loads(value)["trades"]}
    assert set(shown) == {row["tid"] for row in rows}
    for row in rows:
        told = shown[row["tid"]]
        assert (told["price"], told["size"], told["time_ms"]) == (row["px"], row["sz"], row["time"])
        assert told["side"] == {"B": "BUY", "A": "SELL"}[row["side"]]
