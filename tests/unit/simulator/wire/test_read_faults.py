"""Reads that lag, short pages, rows of unknown kinds, an endpoint away; and an exchange whose clock is wrong."""

import json
from typing import Any

import pytest
from signing_trader import SigningTrader

from simulator.exchange.state.deviations import ReadFault
from simulator.wire.info import odd_rows
from simulator.wire.info.read_faults import keep_past_answers
from simulator.wire.requests import Unsupported
from simulator.wire.streams.messages import change_messages

DAY_MS = 86_400_000


@pytest.fixture
def trader() -> SigningTrader:
    trader = SigningTrader()
    trader.world.clock = lambda wall_ms: wall_ms
    return trader


def arrange(trader: SigningTrader, kind: str, target: str = "*", **options: Any) -> None:
    trader.world.exchange.deviations.reads.append(ReadFault(kind, target, **options))


def pass_time(trader: SigningTrader, ms: int) -> None:
    trader.now_ms += ms
    keep_past_answers(trader.world, trader.now_ms)
    trader.world.step(trader.now_ms)
    trader.world.take_changes()


def sizes(trader: SigningTrader) -> list[str]:
    return [row["position"]["szi"] for row in trader.info("clearinghouseState")["assetPositions"]]


@pytest.mark.parametrize("lag_ms", [200, 2_500, 10_000])
def test_states_and_rows_are_as_old_as_the_lag(trader: SigningTrader, lag_ms: int) -> None:
    arrange(trader, "lag", lag_ms=lag_ms)
    pass_time(trader, 20_000)
    filled_ms = trader.now_ms
    trader.order(trader.wire(0.1, 1.01, "Ioc"))
    trader.order(trader.wire(0.1, 0.9))
    trader.world.take_changes()
    assert sizes(trader) == trader.info("openOrders") == trader.info("userFills") == []
    assert trader.info("clearinghouseState")["time"] <= filled_ms
    pass_time(trader, lag_ms - 100)
    assert sizes(trader) == trader.info("userFillsByTime", startTime=0) == []
    pass_time(trader, 200)
    assert sizes(trader) == ["0.1"]
    assert len(trader.info("openOrders")) == len(trader.info("userFills")) == 1
    assert trader.info("orderStatus", oid=trader.info("userFills")[0]["oid"])["order"]["status"] == "filled"


def test_a_lag_of_one_type_for_one_user_alters_no_other_read(trader: SigningTrader) -> None:
    arrange(trader, "lag", "openOrders", lag_ms=5_000, user=trader.user)
    arrange(trader, "lag", "clearinghouseState", lag_ms=5_000, user="0x" + "cc" * 20)
    trader.order(trader.wire(0.1, 1.01, "Ioc"))
    trader.order(trader.wire(0.1, 0.9))
    assert (sizes(trader), trader.info("openOrders")) == (["0.1"], [])
    assert len(trader.info("frontendOpenOrders")) == 1


def test_a_fault_ends_at_its_time(trader: SigningTrader) -> None:
    arrange(trader, "away", "clearinghouseState", until_ms=trader.now_ms + 1_000)
    with pytest.raises(Unsupported):
        trader.info("clearinghouseState")
    assert trader.info("openOrders") == []
    pass_time(trader, 1_000)
    assert trader.info("clearinghouseState")["withdrawable"] == "100000.0"
    assert trader.world.exchange.deviations.counts == {"info.away": 1}


def test_a_short_page_has_the_oldest_rows_and_the_next_goes_on(trader: SigningTrader) -> None:
    arrange(trader, "short_pages", rows=3)
    for _ in range(5):
        trader.order(trader.wire(0.01, 1.01, "Ioc"))
        pass_time(trader, 10)
    page = trader.info("userFillsByTime", startTime=0)
    assert len(page) == 3
    rest = trader.info("userFillsByTime", startTime=page[-1]["time"] + 1)
    assert len(rest) == 2
    assert len(trader.info("userFills")) == 5


def test_rows_that_no_client_knows_stand_among_the_others(trader: SigningTrader) -> None:
    trader.order(trader.wire(0.1, 1.01, "Ioc"))
    [resting] = trader.order(trader.wire(0.1, 0.9))
    trader.world.take_changes()
    before = {kind: trader.info(kind, startTime=0, oid=1) for kind in odd_rows.KINDS}
    arrange(trader, "odd_rows")
    assert sizes(trader) == ["0.0", "0.1"]
    for kind, rows in before.items():
        altered = trader.info(kind, startTime=0, oid=1)
        if isinstance(rows, list) and kind != "historicalOrders":
            assert altered[1:] == rows, kind
    assert trader.info("clearinghouseState")["assetPositions"][0]["position"]["entryPx"] is None
    oid = resting["resting"]["oid"]
    trader.act({"type": "cancel", "cancels": [{"a": 0, "o": oid}]})
    assert trader.final_status(oid) == "internalCancel"
    assert {row["status"] for row in trader.info("historicalOrders")} == {"filled", "open", "internalCancel"}


def test_the_streams_have_such_rows_too(trader: SigningTrader) -> None:
    arrange(trader, "odd_rows", user=trader.user)
    [resting] = trader.order(trader.wire(0.1, 0.9))
    trader.act({"type": "cancel", "cancels": [{"a": 0, "o": resting["resting"]["oid"]}]})
    trader.order(trader.wire(0.1, 1.01, "Ioc"))
    keys = {("orderUpdates", trader.user), ("userFills", trader.user)}
    found = change_messages(trader.world, trader.world.take_changes(), keys, trader.now_ms)
    data = {key[0]: json.loads(text)["data"] for key, text in found}
    assert [row["status"] for row in data["orderUpdates"]] == ["open", "internalCancel", "filled"]
    assert [row["coin"] for row in data["userFills"]["fills"]] == ["@107", "BTC"]


@pytest.mark.parametrize("skew_ms", [-60_000, 60_000, 3 * DAY_MS, -3 * DAY_MS])
def test_a_wrong_clock_judges_nonces_and_stamps_what_is_new(trader: SigningTrader, skew_ms: int) -> None:
    trader.order(trader.wire(0.1, 1.01, "Ioc"))
    trader.world.exchange.deviations.skew_ms = skew_ms
    clock_ms = trader.now_ms + skew_ms
    assert trader.info("clearinghouseState")["time"] == trader.info("exchangeStatus")["time"] == clock_ms
    assert trader.info("l2Book", coin="BTC")["time"] == clock_ms
    answer = trader.act({"type": "noop"}, nonce=trader.now_ms + 999)
    assert ("nonce too" in str(answer["response"])) == (abs(skew_ms) > DAY_MS)
    late = trader.act({"type": "noop"}, nonce=clock_ms, expiresAfter=trader.now_ms + 5_000)
    assert (late["status"] == "err") == (skew_ms > 5_000)
    order = {"type": "order", "orders": [trader.wire(0.1, 1.01, "Ioc")], "grouping": "na"}
    assert trader.act(order, nonce=clock_ms + 1)["status"] == "ok"
    trader.world.take_changes()
    assert [row["time"] for row in trader.info("userFills")] == [clock_ms, trader.now_ms]
