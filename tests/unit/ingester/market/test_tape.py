"""Trade flow: each trade once, bought and sold apart, dropped after the window; and the newest trades."""

from ingester_frames import T0_MS, build_trade

from ingester.market.tape import KEPT_TRADES, MAX_COUNTED_TRADES, WINDOW_S, MarketTrade, Tape


def fill(tape: Tape, *trades: MarketTrade) -> None:
    for trade in trades:
        tape.add(trade)


def test_buys_and_sells_in_usd() -> None:
    tape = Tape()
    fill(tape, build_trade(trade_id=1), build_trade(trade_id=2, side="A", price="50.0"), build_trade(trade_id=3))
    flow = tape.flow(T0_MS)
    assert (flow.buy_usd, flow.sell_usd, flow.trade_count, flow.window_s) == (400.0, 100.0, 3, WINDOW_S)


def test_a_trade_repeated_after_a_reconnection_counts_once() -> None:
    tape = Tape()
    fill(tape, build_trade(trade_id=1), build_trade(trade_id=2))
    fill(tape, build_trade(trade_id=1), build_trade(trade_id=2), build_trade(trade_id=2, time_ms=T0_MS + 1))
    assert tape.flow(T0_MS + 1).trade_count == 3


def test_the_window_ends_at_the_time_asked_for() -> None:
    tape = Tape()
    fill(tape, build_trade(trade_id=1), build_trade(trade_id=2, time_ms=T0_MS + WINDOW_S * 1000))
    assert tape.flow(T0_MS).trade_count == 2
    assert tape.flow(T0_MS + WINDOW_S * 1000).trade_count == 1


def test_memory_is_bounded_by_the_window_and_by_a_number() -> None:
    tape = Tape()
    for number in range(1_000):
        fill(tape, build_trade(trade_id=number, time_ms=T0_MS + number * 1000))
    assert len(tape._window) == len(tape._counted) == WINDOW_S + 1
    busy = Tape()
    fill(busy, *(build_trade(trade_id=number) for number in range(MAX_COUNTED_TRADES + 10)))
    assert len(busy._window) == len(busy._counted) == MAX_COUNTED_TRADES


def ids(tape: Tape) -> list[int]:
    return [row.trade_id for row in tape.newest]


def test_the_newest_trades_are_kept_newest_first() -> None:
    tape = Tape()
    fill(tape, *(build_trade(trade_id=number, time_ms=T0_MS + number) for number in range(KEPT_TRADES + 10)))
    assert ids(tape) == list(range(KEPT_TRADES + 9, 9, -1))


def test_of_one_moment_the_last_received_is_the_newest() -> None:
    tape = Tape()
    fill(tape, build_trade(trade_id=9), build_trade(trade_id=3), build_trade(trade_id=5))
    assert ids(tape) == [5, 3, 9]


def test_past_trades_of_a_reconnection_take_their_place_once() -> None:
    tape = Tape()
    fill(tape, *(build_trade(trade_id=number, time_ms=T0_MS + 10 * number) for number in (1, 2, 4)))
    fill(tape, build_trade(trade_id=3, time_ms=T0_MS + 30), build_trade(trade_id=2, time_ms=T0_MS + 20))
    assert ids(tape) == [4, 3, 2, 1]


def test_trades_older_than_the_window_are_kept_once() -> None:
    tape = Tape()
    old = build_trade(trade_id=1)
    fill(tape, old, build_trade(trade_id=2, time_ms=T0_MS + WINDOW_S * 1000 + 1))
    fill(tape, old)
    assert ids(tape) == [2, 1]
