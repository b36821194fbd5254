"""Which triggers are accepted, when they fire, and how those that are tied to a position follow it."""

from decimal import Decimal
from typing import Any

import pytest
from signing_trader import SigningTrader

from simulator.exchange.errors import OrderError
from simulator.testing.manual_exchange import A, D, ManualExchange


@pytest.fixture
def venue() -> ManualExchange:
    venue = ManualExchange()
    venue.order(A, 5, 4_001, "Gtc")
    return venue


@pytest.mark.parametrize("at", [3_900, 4_000])
def test_a_reached_take_profit_is_accepted_and_fires_at_once(venue: ManualExchange, at: float) -> None:
    target = venue.trigger(A, -5, at, "tp")
    assert (target.status, venue.size(), venue.fills[-1].oid) == ("filled", D(0), target.oid)


def test_a_reached_take_profit_with_a_limit_rests_at_it(venue: ManualExchange) -> None:
    target = venue.trigger(A, -5, 3_900, "tp", trigger_is_market=False, limit=4_050)
    assert (target.is_open, target.is_trigger, venue.size()) == (True, False, D(5))


def test_a_reached_take_profit_for_a_short_fires_at_once(venue: ManualExchange) -> None:
    venue.order(A, -8, 3_990, "Ioc")
    assert venue.trigger(A, 3, 4_100, "tp").status == "filled"


@pytest.mark.parametrize(("size", "at", "limit"), [(-5, 3_800, 3_801), (-5, 3_800, 4_200), (5, 4_200, 4_199)])
def test_a_stop_with_its_limit_on_the_wrong_side_is_refused(
    venue: ManualExchange, size: float, at: float, limit: float
) -> None:
    if size > 0:
        venue.order(A, -10, 3_990, "Ioc")
    with pytest.raises(OrderError, match="Invalid TP/SL price"):
        venue.trigger(A, size, at, "sl", limit=limit)
    assert venue.exchange.open_of(A) == []


@pytest.mark.parametrize("limit", [3_800, 3_700])
def test_a_stop_with_its_limit_at_or_beyond_its_price_waits(venue: ManualExchange, limit: float) -> None:
    assert venue.trigger(A, -5, 3_800, "sl", limit=limit).is_trigger


def test_a_stop_limit_may_rest_before_its_price(venue: ManualExchange) -> None:
    assert venue.trigger(A, -5, 3_800, "sl", limit=3_850, trigger_is_market=False).is_trigger


def position_trigger(trader: SigningTrader, size: str, at: float, kind: str) -> Any:
    [status] = trader.order(trader.trigger(-1, at, kind) | {"s": size}, grouping="positionTpsl")
    return status


def sizes(trader: SigningTrader) -> list[str]:
    return [row["sz"] for row in trader.info("frontendOpenOrders") if row["isPositionTpsl"]]


@pytest.fixture
def trader() -> SigningTrader:
    trader = SigningTrader()
    trader.order(trader.wire(0.05, 1.01, "Ioc"))
    return trader


def close(trader: SigningTrader, size: float) -> None:
    trader.order(trader.wire(-size, 0.99, "Ioc", r=True))


def test_a_position_trigger_of_size_zero_has_the_position_size(trader: SigningTrader) -> None:
    assert position_trigger(trader, "0", 0.9, "sl") == "waitingForTrigger"
    trader.order(trader.wire(0.02, 1.01, "Ioc"))
    assert sizes(trader) == ["0.07"]
    close(trader, 0.03)
    assert sizes(trader) == ["0.04"]


def test_a_position_trigger_with_a_size_is_capped_there(trader: SigningTrader) -> None:
    position_trigger(trader, "0.03", 0.9, "sl")
    trader.order(trader.wire(0.02, 1.01, "Ioc"))
    assert sizes(trader) == ["0.03"]
    close(trader, 0.05)
    assert sizes(trader) == ["0.02"]


def test_a_position_trigger_larger_than_the_position_has_its_size(trader: SigningTrader) -> None:
    position_trigger(trader, "0.2", 0.9, "sl")
    assert sizes(trader) == ["0.05"]
    trader.order(trader.wire(0.02, 1.01, "Ioc"))
    assert sizes(trader) == ["0.07"]


def test_a_reached_position_target_closes_the_position(trader: SigningTrader) -> None:
    assert position_trigger(trader, "0", 0.97, "tp") == "waitingForTrigger"
    assert trader.account.position_size("BTC") == Decimal(0)


def test_a_bracket_with_a_reached_target_is_placed_and_closed(trader: SigningTrader) -> None:
    entry, target = trader.wire(1, 1.01, "Ioc", "ETH"), trader.trigger(-1, 0.97, "tp", "ETH")
    assert "filled" in trader.order(entry, target, grouping="normalTpsl")[0]
    assert trader.account.position_size("ETH") == Decimal(0)


def test_a_bracket_whose_stop_has_a_wrong_limit_is_refused(trader: SigningTrader) -> None:
    entry, stop = trader.wire(1, 1.01, "Ioc", "ETH"), trader.trigger(-1, 0.95, "sl", "ETH")
    stop["p"] = trader.price(0.97, "ETH")
    answer = trader.order(entry, stop, grouping="normalTpsl")
    assert answer == [{"error": "Invalid TP/SL price. asset=1"}]
    assert trader.account.position_size("ETH") == Decimal(0)
