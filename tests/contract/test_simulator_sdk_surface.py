"""Every method of the official SDK that sends something gets an answer of the exchange's kind; so do its streams."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from eth_account import Account
from harness import wait_until
from hyperliquid.exchange import Exchange
from hyperliquid.info import Info
from hyperliquid.utils.types import Cloid
from sdk_socket import subscribe_all

from simulator.testing.process import SimulatorProcess
from support.simulator_process import ForkedSimulator

MASTER, OTHER = Account.from_key("0x" + "31" * 32), Account.from_key("0x" + "32" * 32)
CLOID = Cloid.from_int(77)
GTC: Any = {"limit": {"tif": "Gtc"}}
LOCAL = {
    "disconnect_websocket",
    "name_to_asset",
    "post",
    "set_perp_meta",
    "subscribe",
    "unsubscribe",
    "set_expires_after",
}


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    simulator = ForkedSimulator(tmp_path_factory.mktemp("simulator")).start()
    simulator.fund(MASTER.address, "50000")
    yield simulator
    simulator.stop()


def methods(kind: type) -> set[str]:
    return {name for name, each in vars(kind).items() if callable(each) and not name.startswith("_")} - LOCAL


def asked(info: Info) -> dict[str, Any]:
    """The answer to every method of Info."""
    now, user = int(time.time() * 1000), MASTER.address
    return {
        "all_mids": info.all_mids(),
        "candles_snapshot": info.candles_snapshot("ETH", "5m", now - 10**7, now),
        "delegator_history": info.delegator_history(user),
        "extra_agents": info.extra_agents(user),
        "frontend_open_orders": info.frontend_open_orders(user),
        "funding_history": info.funding_history("ETH", 0),
        "historical_orders": info.historical_orders(user),
        "l2_snapshot": info.l2_snapshot("ETH"),
        "meta": info.meta(),
        "meta_and_asset_ctxs": info.meta_and_asset_ctxs(),
        "open_orders": info.open_orders(user),
        "perp_dexs": info.perp_dexs(),
        "portfolio": info.portfolio(user),
        "query_order_by_cloid": info.query_order_by_cloid(user, CLOID),
        "query_order_by_oid": info.query_order_by_oid(user, 1),
        "query_perp_deploy_auction_status": info.query_perp_deploy_auction_status(),
        "query_referral_state": info.query_referral_state(user),
        "query_spot_deploy_auction_status": info.query_spot_deploy_auction_status(user),
        "query_sub_accounts": info.query_sub_accounts(user),
        "query_user_abstraction_state": info.query_user_abstraction_state(user),
        "query_user_dex_abstraction_state": info.query_user_dex_abstraction_state(user),
        "query_user_to_multi_sig_signers": info.query_user_to_multi_sig_signers(user),
        "spot_meta": info.spot_meta(),
        "spot_meta_and_asset_ctxs": info.spot_meta_and_asset_ctxs(),
        "spot_user_state": info.spot_user_state(user),
        "user_fees": info.user_fees(user),
        "user_fills": info.user_fills(user),
        "user_fills_by_time": info.user_fills_by_time(user, 0, aggregate_by_time=True),
        "user_funding_history": info.user_funding_history(user, 0),
        "user_non_funding_ledger_updates": info.user_non_funding_ledger_updates(user, 0),
        "user_rate_limit": info.user_rate_limit(user),
        "user_role": info.user_role(user),
        "user_staking_delegations": info.user_staking_delegations(user),
        "user_staking_rewards": info.user_staking_rewards(user),
        "user_staking_summary": info.user_staking_summary(user),
        "user_state": info.user_state(user),
        "user_twap_slice_fills": info.user_twap_slice_fills(user),
        "user_vault_equities": info.user_vault_equities(user),
    }


def test_every_info_type_of_the_sdk_is_answered(simulator: SimulatorProcess) -> None:
    info = Info(simulator.url, skip_ws=True)
    answers = asked(info)
    assert set(answers) == methods(Info)
    assert answers["user_state"]["marginSummary"]["accountValue"] == "50000.0"
    assert answers["query_order_by_oid"] == answers["query_order_by_cloid"] == {"status": "unknownOid"}
    assert answers["user_role"] == {"role": "user"}
    assert len(answers["candles_snapshot"]) > 30
    assert not any(isinstance(answer, dict) and "error" in answer for answer in answers.values())


def statuses(answer: Any) -> list[Any]:
    assert answer["status"] == "ok", answer
    found: list[Any] = answer["response"]["data"]["statuses"]
    return found


def resting(exchange: Exchange, cloid: Cloid | None = None) -> int:
    [status] = statuses(exchange.order("ETH", True, 0.01, 2_500, GTC, cloid=cloid))
    return int(status["resting"]["oid"])


def _cancel_with(exchange: Exchange) -> Any:
    return exchange.cancel("ETH", resting(exchange))


def _cancel_by_cloid(exchange: Exchange) -> Any:
    resting(exchange, CLOID)
    return exchange.cancel_by_cloid("ETH", CLOID)


def _bulk_cancel(exchange: Exchange) -> Any:
    rows: Any = [{"coin": "ETH", "oid": resting(exchange)} for _ in range(3)]
    return exchange.bulk_cancel(rows)


def _bulk_cancel_by_cloid(exchange: Exchange) -> Any:
    resting(exchange, CLOID)
    return exchange.bulk_cancel_by_cloid([{"coin": "ETH", "cloid": CLOID}])


def _changed(oid: Any) -> Any:
    order = {"coin": "ETH", "is_buy": True, "sz": 0.02, "limit_px": 2_600, "order_type": GTC, "reduce_only": False}
    return {"oid": oid, "order": order}


def _modified(exchange: Exchange) -> Any:
    return exchange.modify_order(resting(exchange), "ETH", True, 0.02, 2_600, GTC)


def _bulk_modified(exchange: Exchange) -> Any:
    return exchange.bulk_modify_orders_new([_changed(resting(exchange)) for _ in range(2)])


def _bulk(exchange: Exchange) -> Any:
    return exchange.bulk_orders([_changed(0)["order"] for _ in range(2)])


def _isolated(exchange: Exchange) -> Any:
    exchange.update_leverage(3, "SOL", is_cross=False)
    exchange.market_open("SOL", True, 1.0)
    answer = exchange.update_isolated_margin(5, "SOL")
    exchange.market_close("SOL")
    return answer


Call = Callable[[Exchange], Any]
DONE: dict[str, Call] = {
    "agent_set_abstraction": lambda exchange: exchange.agent_set_abstraction("i"),
    "approve_agent": lambda exchange: exchange.approve_agent("bot")[0],
    "approve_builder_fee": lambda exchange: exchange.approve_builder_fee(OTHER.address.lower(), "0.01%"),
    "bulk_cancel": _bulk_cancel,
    "bulk_cancel_by_cloid": _bulk_cancel_by_cloid,
    "bulk_modify_orders_new": _bulk_modified,
    "bulk_orders": _bulk,
    "cancel": _cancel_with,
    "cancel_by_cloid": _cancel_by_cloid,
    "market_open": lambda exchange: exchange.market_open("ETH", True, 0.01),
    "market_close": lambda exchange: exchange.market_close("ETH"),
    "modify_order": _modified,
    "noop": lambda exchange: exchange.noop(int(time.time() * 1000)),
    "order": lambda exchange: exchange.order("ETH", True, 0.01, 2_500, GTC),
    "send_asset": lambda exchange: exchange.send_asset(OTHER.address.lower(), "", "", "USDC", 1.0),
    "update_isolated_margin": _isolated,
    "update_leverage": lambda exchange: exchange.update_leverage(7, "BTC"),
    "usd_class_transfer": lambda exchange: exchange.usd_class_transfer(3.0, False),
    "usd_transfer": lambda exchange: exchange.usd_transfer(2.0, OTHER.address.lower()),
    "use_big_blocks": lambda exchange: exchange.use_big_blocks(True),
    "user_set_abstraction": lambda exchange: exchange.user_set_abstraction(MASTER.address, "disabled"),
    "withdraw_from_bridge": lambda exchange: exchange.withdraw_from_bridge(5.0, MASTER.address.lower()),
}
ZERO_ADDRESS = "0x" + "55" * 20
REFUSED: dict[str, tuple[str, Call]] = {
    "create_sub_account": ("Required: $100000", lambda exchange: exchange.create_sub_account("one")),
    "schedule_cancel": ("Required: $1000000", lambda exchange: exchange.schedule_cancel(None)),
    "set_referrer": ("Referral code not registered", lambda exchange: exchange.set_referrer("UNKNOWN")),
    "sub_account_transfer": ("Vault not", lambda exchange: exchange.sub_account_transfer(ZERO_ADDRESS, True, 1)),
    "sub_account_spot_transfer": (
        "Vault not",
        lambda exchange: exchange.sub_account_spot_transfer(ZERO_ADDRESS, True, "USDC", 1.0),
    ),
    "vault_usd_transfer": ("Vault not", lambda exchange: exchange.vault_usd_transfer(ZERO_ADDRESS, True, 1)),
}
N = "is not available on this exchange."
NOT_HERE: dict[str, Call] = {
    "agent_enable_dex_abstraction": lambda exchange: exchange.agent_enable_dex_abstraction(),
    "c_signer_inner": lambda exchange: exchange.c_signer_inner("jailSelf"),
    "c_signer_jail_self": lambda exchange: exchange.c_signer_jail_self(),
    "c_signer_unjail_self": lambda exchange: exchange.c_signer_unjail_self(),
    "c_validator_change_profile": lambda exchange: exchange.c_validator_change_profile(
        None, None, None, False, None, None, None
    ),
    "c_validator_register": lambda exchange: exchange.c_validator_register(
        "1.2.3.4", "a", "b", False, 1, ZERO_ADDRESS, False, 1
    ),
    "c_validator_unregister": lambda exchange: exchange.c_validator_unregister(),
    "convert_to_multi_sig_user": lambda exchange: exchange.convert_to_multi_sig_user([ZERO_ADDRESS], 1),
    "gossip_priority_bid": lambda exchange: exchange.gossip_priority_bid(1, "1.2.3.4", 1),
    "perp_deploy_register_asset": lambda exchange: exchange.perp_deploy_register_asset(
        "dex", None, "COIN", 2, "1", 10, False, None
    ),
    "perp_deploy_set_oracle": lambda exchange: exchange.perp_deploy_set_oracle("dex", {"A": "1"}, [], {}),
    "spot_deploy_enable_freeze_privilege": lambda exchange: exchange.spot_deploy_enable_freeze_privilege(1),
    "spot_deploy_enable_quote_token": lambda exchange: exchange.spot_deploy_enable_quote_token(1),
    "spot_deploy_freeze_user": lambda exchange: exchange.spot_deploy_freeze_user(1, ZERO_ADDRESS, True),
    "spot_deploy_genesis": lambda exchange: exchange.spot_deploy_genesis(1, "1", False),
    "spot_deploy_register_hyperliquidity": lambda exchange: exchange.spot_deploy_register_hyperliquidity(
        1, 1.0, 1.0, 1, None
    ),
    "spot_deploy_register_spot": lambda exchange: exchange.spot_deploy_register_spot(1, 0),
    "spot_deploy_register_token": lambda exchange: exchange.spot_deploy_register_token("A", 1, 1, 1, "A"),
    "spot_deploy_revoke_freeze_privilege": lambda exchange: exchange.spot_deploy_revoke_freeze_privilege(1),
    "spot_deploy_set_deployer_trading_fee_share": lambda exchange: exchange.spot_deploy_set_deployer_trading_fee_share(
        1, "1%"
    ),
    "spot_deploy_token_action_inner": lambda exchange: exchange.spot_deploy_token_action_inner("enableQuoteToken", 1),
    "spot_deploy_user_genesis": lambda exchange: exchange.spot_deploy_user_genesis(1, [], []),
    "spot_transfer": lambda exchange: exchange.spot_transfer(1.0, ZERO_ADDRESS, "PURR:0x" + "1" * 32),
    "token_delegate": lambda exchange: exchange.token_delegate(ZERO_ADDRESS, 1, False),
    "user_dex_abstraction": lambda exchange: exchange.user_dex_abstraction(MASTER.address, True),
}
OTHERWISE = {"multi_sig"}
"""Signed by several keys in a form of its own: not read here."""


def test_every_action_is_executed_or_refused_by_its_name(simulator: SimulatorProcess) -> None:
    assert set(DONE) | set(REFUSED) | set(NOT_HERE) | OTHERWISE == methods(Exchange)
    exchange = Exchange(MASTER, simulator.url)
    for name, call in DONE.items():
        answer = call(exchange)
        assert answer["status"] == "ok", (name, answer)
        data = answer["response"].get("data")
        if data:
            assert not any("error" in status for status in data["statuses"]), (name, answer)
    for name, (text, call) in REFUSED.items():
        answer = call(exchange)
        assert answer["status"] == "err", name
        assert text in answer["response"], (name, answer)
    for name, call in NOT_HERE.items():
        answer = call(exchange)
        assert answer["status"] == "err", name
        assert answer["response"].endswith(N), (name, answer)


def test_every_subscription_of_the_sdk_is_served(simulator: SimulatorProcess) -> None:
    user = OTHER.address
    simulator.fund(user, "5000")
    exchange = Exchange(OTHER, simulator.url)
    info = Info(simulator.url, skip_ws=False)
    wanted: list[Any] = [
        {"type": "allMids"},
        *({"type": kind, "coin": "ETH"} for kind in ("l2Book", "trades", "bbo", "activeAssetCtx")),
        {"type": "candle", "coin": "ETH", "interval": "1m"},
        {"type": "activeAssetData", "user": user, "coin": "ETH"},
        *({"type": kind, "user": user} for kind in ("userEvents", "userFills", "orderUpdates", "userFundings")),
        *({"type": kind, "user": user} for kind in ("userNonFundingLedgerUpdates", "webData2")),
    ]
    channels = {"user" if row["type"] == "userEvents" else row["type"] for row in wanted}
    received: dict[str, list[Any]] = {}
    try:
        numbers = subscribe_all(info, wanted, received)
        exchange.market_open("ETH", True, 0.02)
        wait_until("every channel", lambda: channels <= set(received))
        assert all(info.unsubscribe(row, number) for row, number in zip(wanted, numbers, strict=True))
    finally:
        info.disconnect_websocket()
    assert received["user"][0]["fills"][0]["coin"] == "ETH"
    assert {row["status"] for rows in received["orderUpdates"] for row in rows} >= {"filled"}
