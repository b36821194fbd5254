"""Trade flow: each trade once, bought and sold apart, forgotten after the window."""

import msgspec

from ingester import tape as tape_module
from ingester.tape import WINDOW_S, Tape
from ingester.testing import T0_MS, trade
from ingester.wire import WireTrade


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
