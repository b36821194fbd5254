"""What others do to an account or a coin: cancels by hand, delistings, leverage limits, API wallets, refused orders."""

from decimal import Decimal
from typing import Any

import pytest
from eth_account import Account
from signing_trader import SigningTrader

from simulator.exchange import interventions
from simulator.exchange.state.deviations import Refusal
from simulator.exchange.state.keys import Agent

D = Decimal
POST_ONLY = "Only post-only orders allowed immediately after a network upgrade asset=0"


@pytest.fixture
def trader() -> SigningTrader:
    return SigningTrader()


@pytest.fixture
def agent(trader: SigningTrader) -> Any:
    wallet: Any = Account.from_key(f"0x{0x99:064x}")
    trader.world.keys.approve(Agent(wallet.address.lower(), trader.user, "bot", trader.now_ms + 10**9))
    assert trader.act({"type": "noop"}, wallet=wallet)["status"] == "ok"
    return wallet


def bracket(trader: SigningTrader) -> None:
    """A position of 0.1 BTC with a stop and a target, and one resting order."""
    stop, target = trader.trigger(-0.1, 0.95, "sl"), trader.trigger(-0.1, 1.1, "tp")
    trader.order(trader.wire(0.1, 1.01, "Ioc"), stop, target, grouping="normalTpsl")
    trader.order(trader.wire(0.01, 0.9))
    assert len(trader.info("openOrders")) == 3


@pytest.mark.parametrize(("what", "left"), [("stops", 2), ("targets", 2), ("all", 0)])
def test_orders_are_cancelled_by_hand(trader: SigningTrader, what: str, left: int) -> None:
    bracket(trader)
    assert interventions.cancel_by_hand(trader.world.exchange, trader.user, what, trader.now_ms, "ETH") == 0
    assert interventions.cancel_by_hand(trader.world.exchange, trader.user, what, trader.now_ms, "BTC") == 3 - left
    assert len(trader.info("openOrders")) == left
    trader.world.take_changes()
    assert {row["status"] for row in trader.info("historicalOrders")} == {"open", "filled", "canceled"}


def test_a_delisted_coin_settles_its_positions_at_the_mark(trader: SigningTrader) -> None:
    bracket(trader)
    equity = D(trader.info("clearinghouseState")["marginSummary"]["accountValue"])
    interventions.delist(trader.world.exchange, "BTC", trader.now_ms)
    trader.world.take_changes()
    assert trader.info("openOrders") == trader.info("clearinghouseState")["assetPositions"] == []
    assert D(trader.info("clearinghouseState")["withdrawable"]) == equity
    fill = trader.info("userFills")[0]
    assert (fill["dir"], fill["fee"]) == ("Settlement", "0.0")
    assert "delistedCanceled" in {row["status"] for row in trader.info("historicalOrders")}
    [slot] = [row for row in trader.info("meta")["universe"] if row["name"] == "BTC"]
    assert slot["isDelisted"] is True
    assert slot["szDecimals"] == 5
    assert trader.order(trader.wire(0.1, 1.01, "Ioc")) == [{"error": "Trading is halted asset=0"}]


def test_a_halted_coin_may_leave_positions_open(trader: SigningTrader) -> None:
    bracket(trader)
    interventions.delist(trader.world.exchange, "BTC", trader.now_ms, settles=False)
    assert len(trader.info("clearinghouseState")["assetPositions"]) == 1


def test_lower_leverage_limits_are_announced_and_hold(trader: SigningTrader) -> None:
    leverage = {"type": "updateLeverage", "asset": 0, "isCross": True, "leverage": 20}
    assert trader.act(leverage)["status"] == "ok"
    interventions.change_leverage(trader.world.exchange, "BTC", 10, 5)
    meta = trader.info("meta")
    [slot] = [row for row in meta["universe"] if row["name"] == "BTC"]
    assert slot["maxLeverage"] == 10
    [table] = [table for number, table in meta["marginTables"] if number == slot["marginTableId"]]
    assert [tier["maxLeverage"] for tier in table["marginTiers"]] == [10, 5]
    assert trader.act(leverage) == {"status": "err", "response": "Invalid leverage value"}
    assert "margin tier" in trader.order(trader.wire(0.1, 1.01, "Ioc"))[0]["error"]
    assert trader.act(leverage | {"leverage": 10})["status"] == "ok"
    assert "filled" in trader.order(trader.wire(0.1, 1.01, "Ioc"))[0]


def test_a_pruned_wallet_does_not_exist(trader: SigningTrader, agent: Any) -> None:
    interventions.prune_wallet(trader.world.keys, agent.address.lower())
    answer = trader.act({"type": "noop"}, wallet=agent)
    assert answer["response"].startswith("User or API Wallet 0x")
    assert answer["response"].endswith("does not exist.")


def test_an_ended_wallet_may_not_act(trader: SigningTrader, agent: Any) -> None:
    interventions.end_wallet(trader.world.keys, agent.address.lower(), trader.now_ms)
    assert trader.act({"type": "noop"}, wallet=agent)["status"] == "err"
    assert trader.info("extraAgents")[0]["validUntil"] == trader.now_ms


def test_after_an_upgrade_only_post_only_orders_are_taken(trader: SigningTrader) -> None:
    bracket(trader)
    deviations, market = trader.world.exchange.deviations, trader.world.market
    deviations.post_only_until_ms = market.time_ms + 1_000
    for wire in (trader.wire(0.1, 1.01, "Ioc"), trader.wire(0.1, 0.9), trader.trigger(-0.1, 0.95, "sl")):
        assert trader.order(wire) == [{"error": POST_ONLY}]
    assert "resting" in trader.order(trader.wire(0.01, 0.9, "Alo"))[0]
    trader.world.step(market.time_ms + 1_000)
    assert "filled" in trader.order(trader.wire(0.1, 1.01, "Ioc"))[0]


def test_orders_of_a_role_are_refused_so_many_times(trader: SigningTrader) -> None:
    bracket(trader)
    refusals = trader.world.exchange.deviations.refusals
    refusals += [Refusal("Try later.", "trigger", trader.user, 1), Refusal("Not you.", "trigger", "0x" + "cc" * 20)]
    assert "filled" in trader.order(trader.wire(0.1, 1.01, "Ioc"))[0]
    assert trader.order(trader.trigger(-0.1, 0.94, "sl")) == [{"error": "Try later. asset=0"}]
    assert "resting" in trader.order(trader.trigger(-0.1, 0.94, "sl"))[0]
    refusals.append(Refusal("Stay.", "closing"))
    assert "filled" in trader.order(trader.wire(0.1, 1.01, "Ioc"))[0]
    assert trader.order(trader.wire(-0.1, 0.99, "Ioc") | {"r": True}) == [{"error": "Stay. asset=0"}]
