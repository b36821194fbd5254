"""Account modes: one balance for perpetuals and spot, the switch between modes, and what each refuses."""

import json
from decimal import Decimal
from typing import Any

import pytest
from eth_account import Account
from signing_trader import SigningTrader

from simulator.exchange.state import account_modes, action_quota
from simulator.exchange.state.keys import Agent
from simulator.server.storage.documents import account_document, account_of
from simulator.wire.info.web_data import web_data3
from simulator.wire.streams.messages import first_messages

D = Decimal
OTHER = "0x" + "bb" * 20
DISABLED_TEXT = "Action disabled when unified account is active"
ZEROS = {"accountValue": "0.0", "totalNtlPos": "0.0", "totalRawUsd": "0.0", "totalMarginUsed": "0.0"}


@pytest.fixture
def trader() -> SigningTrader:
    return SigningTrader()


@pytest.fixture
def pooled(trader: SigningTrader) -> SigningTrader:
    assert set_mode(trader, account_modes.UNIFIED)["status"] == "ok"
    return trader


def set_mode(trader: SigningTrader, mode: str) -> Any:
    chain = {"signatureChainId": "0x66eee", "hyperliquidChain": "Testnet"}
    action = {"type": "userSetAbstraction", "user": trader.user, "abstraction": mode}
    return trader.act_as_user(action | chain)


def as_user(trader: SigningTrader, kind: str, **fields: Any) -> Any:
    return trader.act_as_user({"type": kind, "signatureChainId": "0x66eee", "hyperliquidChain": "Testnet"} | fields)


def send_asset(trader: SigningTrader, amount: str, source: str, target: str, to: str = OTHER) -> Any:
    fields = {"destination": to, "sourceDex": source, "destinationDex": target, "token": "USDC", "amount": amount}
    return as_user(trader, "sendAsset", fromSubAccount="", **fields)


def usdc(trader: SigningTrader) -> Any:
    return trader.info("spotClearinghouseState")["balances"][0]


def test_an_account_is_standard_by_its_default(trader: SigningTrader) -> None:
    assert trader.info("userAbstraction") == "default"
    assert trader.info("userDexAbstraction") is False
    assert trader.info("clearinghouseState")["withdrawable"] == "100000.0"
    assert trader.info("spotClearinghouseState") == {"balances": []}
    assert trader.info("userAbstraction", user=OTHER) == "default"


def test_a_unified_account_has_its_balance_in_the_spot_state(pooled: SigningTrader) -> None:
    assert pooled.info("userAbstraction") == "unifiedAccount"
    assert pooled.info("spotClearinghouseState") == {
        "balances": [{"coin": "USDC", "token": 0, "total": "100000.0", "hold": "0.0", "entryNtl": "0.0"}],
        "tokenToAvailableAfterMaintenance": [[0, "100000.0"]],
    }
    state = pooled.info("clearinghouseState")
    assert state["marginSummary"] == state["crossMarginSummary"] == ZEROS
    assert state["withdrawable"] == "0.0"


@pytest.mark.parametrize("is_cross", [True, False])
def test_positions_and_orders_hold_a_part_of_the_balance(pooled: SigningTrader, is_cross: bool) -> None:
    pooled.act({"type": "updateLeverage", "asset": 1, "isCross": is_cross, "leverage": 10})
    assert "filled" in pooled.order(pooled.wire(10, 1.01, "Ioc", "ETH"))[0]
    pooled.order(pooled.wire(0.1, 0.9))
    [order] = pooled.info("openOrders")
    state, balance = pooled.info("clearinghouseState"), usdc(pooled)
    [position] = [row["position"] for row in state["assetPositions"]]
    paid = D(100_000) - D(balance["total"])
    assert 0 < paid < 30  # the fee
    resting = D(order["limitPx"]) * D(order["sz"]) / 20
    unrealized = D(position["unrealizedPnl"])
    margin = D(position["marginUsed"]) - (0 if is_cross else unrealized)
    loss = max(D(0), -unrealized) if is_cross else 0
    assert abs(D(balance["hold"]) - (margin + resting + loss)) < D("0.001")
    free = D(balance["total"]) - D(balance["hold"])
    spot = pooled.info("spotClearinghouseState")
    assert D(spot["tokenToAvailableAfterMaintenance"][0][1]) == free
    value = D(state["marginSummary"]["accountValue"])
    assert abs(value - D(position["marginUsed"]) - (unrealized if is_cross else 0)) < D("0.001")
    assert state["withdrawable"] == "0.0"


def test_a_unified_account_trades_with_what_stood_in_spot(trader: SigningTrader) -> None:
    assert as_user(trader, "usdClassTransfer", amount="99990", toPerp=False)["status"] == "ok"
    assert trader.order(trader.wire(0.1, 1.01, "Ioc"))[0]["error"].startswith("Insufficient margin")
    set_mode(trader, account_modes.UNIFIED)
    assert "filled" in trader.order(trader.wire(0.1, 1.01, "Ioc"))[0]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("usdClassTransfer", {"amount": "5", "toPerp": True}),
        ("usdClassTransfer", {"amount": "5", "toPerp": False}),
        ("spotSend", {"destination": OTHER, "token": "USDC", "amount": "5"}),
        ("usdSend", {"destination": OTHER, "amount": "5"}),
    ],
)
@pytest.mark.parametrize("mode", [account_modes.UNIFIED, account_modes.PORTFOLIO_MARGIN])
def test_a_common_balance_refuses_the_transfers_between_two(
    trader: SigningTrader, kind: str, fields: Any, mode: str
) -> None:
    set_mode(trader, mode)
    assert as_user(trader, kind, **fields) == {"status": "err", "response": DISABLED_TEXT}
    assert usdc(trader)["total"] == "100000.0"


def test_a_unified_account_sends_and_withdraws_through_spot(pooled: SigningTrader) -> None:
    refused = send_asset(pooled, "5", "", "")
    assert refused["response"] == "Unified account only supports sending assets through spot"
    assert send_asset(pooled, "40000", "spot", "spot")["status"] == "ok"
    assert as_user(pooled, "withdraw3", destination=OTHER, amount="1000")["status"] == "ok"
    assert usdc(pooled)["total"] == "59000.0"
    assert pooled.info("spotClearinghouseState", user=OTHER)["balances"][0]["total"] == "40000.0"
    assert send_asset(pooled, "59001", "spot", "spot")["status"] == "err"


def test_margin_of_positions_cannot_be_sent(pooled: SigningTrader) -> None:
    pooled.order(pooled.wire(1, 1.01, "Ioc"))
    free = D(usdc(pooled)["total"]) - D(usdc(pooled)["hold"])
    assert send_asset(pooled, str(int(free) + 1), "spot", "spot")["status"] == "err"
    assert send_asset(pooled, str(int(free) - 1), "spot", "spot")["status"] == "ok"


@pytest.mark.parametrize("mode", [account_modes.UNIFIED, account_modes.PORTFOLIO_MARGIN])
def test_the_way_back_to_standard_is_refused(trader: SigningTrader, mode: str) -> None:
    set_mode(trader, mode)
    assert set_mode(trader, account_modes.DISABLED)["status"] == "err"
    assert trader.act({"type": "agentSetAbstraction", "abstraction": "i"})["status"] == "err"
    assert trader.info("userAbstraction") == mode


def test_an_agent_changes_the_mode_without_its_owner(trader: SigningTrader) -> None:
    agent: Any = Account.from_key(f"0x{0x99:064x}")
    trader.world.keys.approve(Agent(agent.address.lower(), trader.user, "bot", trader.now_ms + 10**9))
    answer = trader.act({"type": "agentSetAbstraction", "abstraction": "u"}, wallet=agent)
    assert answer["status"] == "ok"
    assert trader.info("userAbstraction") == "unifiedAccount"


def test_an_agent_cannot_leave_the_discontinued_mode(trader: SigningTrader) -> None:
    trader.account.set_mode(account_modes.DEX_ABSTRACTION)
    assert trader.info("userDexAbstraction") is True
    assert trader.info("clearinghouseState")["withdrawable"] == "100000.0"
    assert trader.act({"type": "agentSetAbstraction", "abstraction": "u"})["status"] == "err"
    assert set_mode(trader, account_modes.UNIFIED)["status"] == "ok"


def test_the_mode_of_somebody_elses_account_is_not_changed(trader: SigningTrader) -> None:
    trader.world.exchange.deposit(OTHER, D(5), 0)
    action = {"type": "userSetAbstraction", "user": OTHER, "abstraction": "unifiedAccount"}
    chain = {"signatureChainId": "0x66eee", "hyperliquidChain": "Testnet"}
    assert trader.act_as_user(action | chain)["status"] == "err"
    assert trader.info("userAbstraction", user=OTHER) == "default"


def test_a_switch_with_an_open_position_moves_no_cash(trader: SigningTrader) -> None:
    trader.act({"type": "updateLeverage", "asset": 0, "isCross": False, "leverage": 10})
    trader.order(trader.wire(0.8, 1.01, "Ioc"))
    before = D(trader.info("clearinghouseState")["marginSummary"]["accountValue"])
    set_mode(trader, account_modes.UNIFIED)
    state = trader.info("clearinghouseState")
    unrealized = sum(D(row["position"]["unrealizedPnl"]) for row in state["assetPositions"])
    assert abs(D(usdc(trader)["total"]) + unrealized - before) < D("0.001")
    assert D(state["marginSummary"]["accountValue"]) < before / 5


def test_a_unified_account_has_so_many_actions_a_day(pooled: SigningTrader) -> None:
    pooled.account.actions_by_day = (pooled.now_ms // action_quota.DAY_MS, action_quota.POOLED_ACTIONS_A_DAY)
    assert pooled.info("userRateLimit")["nRequestsCap"] == action_quota.POOLED_ACTIONS_A_DAY
    assert pooled.act({"type": "noop"})["status"] == "err"
    pooled.now_ms += action_quota.DAY_MS
    assert pooled.info("userRateLimit")["nRequestsUsed"] == 0
    assert pooled.act({"type": "noop"}, nonce=pooled.now_ms)["status"] == "ok"


def test_outcome_rows_have_no_token(pooled: SigningTrader) -> None:
    pooled.account.outcomes = {"+92260": D(3)}
    assert pooled.info("spotClearinghouseState")["balances"][1] == {
        "coin": "+92260",
        "total": "3.0",
        "hold": "0.0",
        "entryNtl": "0.0",
    }


def test_the_streams_show_mode_and_balance(pooled: SigningTrader) -> None:
    [text] = first_messages(pooled.world, ("spotState", pooled.user), pooled.now_ms)
    data = json.loads(text)["data"]
    assert data["spotState"] == pooled.info("spotClearinghouseState")
    assert web_data3(pooled.world, pooled.user)["userState"]["abstraction"] == "unifiedAccount"
    assert web_data3(pooled.world, OTHER)["userState"]["abstraction"] == "default"


def test_an_account_keeps_its_mode_over_a_restart(pooled: SigningTrader) -> None:
    pooled.account.outcomes, pooled.account.actions_by_day = {"+1": D(2)}, (7, 9)
    stored = json.loads(json.dumps(account_document(pooled.account)))
    assert account_of(stored) == pooled.account
    old = {name: value for name, value in stored.items() if name not in ("mode", "outcomes", "actions_by_day")}
    assert account_of(old).mode == "default"


def test_new_accounts_have_the_mode_that_is_set(trader: SigningTrader) -> None:
    trader.world.exchange.new_account_mode = account_modes.UNIFIED
    send_asset(trader, "5", "", "")
    assert trader.info("spotClearinghouseState", user=OTHER)["balances"][0]["total"] == "5.0"
