"""What a request leaves behind: all or nothing, on disk before it is answered; and what isn't a request at all."""

import asyncio
import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from httpx import ASGITransport, AsyncClient
from hyperliquid.utils.signing import sign_user_signed_action
from signing_trader import NOW, SigningTrader

from simulator.exchange.world import World
from simulator.main import run_steps
from simulator.market.listing import DEFAULT_LISTING
from simulator.numbers import parse_number
from simulator.server.http import Server
from simulator.server.storage.store import Store
from simulator.wire.actions.signatures import USER_SIGNED
from simulator.wire.requests import BadRequest
from simulator.wire.streams.subscriptions import InvalidSubscription, key_of

AGENT = "0x" + "a9" * 20


@pytest.fixture(scope="module")
def venue() -> SigningTrader:
    return SigningTrader()


@pytest.fixture
def trader(venue: SigningTrader) -> SigningTrader:
    """The same for all tests, without open orders."""
    for row in venue.info("openOrders"):
        venue.act({"type": "cancel", "cancels": [{"a": 0, "o": row["oid"]}]})
    return venue


def prices(trader: SigningTrader) -> list[float]:
    """The open orders' prices as shares of the mark."""
    mark = float(trader.world.market.coins["BTC"].mark_price)
    return [round(float(row["limitPx"]) / mark, 2) for row in trader.info("openOrders")]


@pytest.mark.parametrize("bad", [{"a": 0, "o": "7"}, {"a": 0}, {"a": None, "o": 7}, 7])
def test_a_batch_of_cancels_is_parsed_before_any_is_executed(trader: SigningTrader, bad: Any) -> None:
    oid = trader.order(trader.wire(0.01, 0.9))[0]["resting"]["oid"]
    with pytest.raises(BadRequest):
        trader.act({"type": "cancel", "cancels": [{"a": 0, "o": oid}, bad]})
    assert prices(trader) == [0.9]


@pytest.mark.parametrize("bad", [{"oid": [7]}, {"oid": 7}, {"oid": True}, {"oid": 7, "order": {"p": 5}}])
def test_a_batch_of_modifications_is_parsed_before_any_is_executed(trader: SigningTrader, bad: dict[str, Any]) -> None:
    oid = trader.order(trader.wire(0.01, 0.9))[0]["resting"]["oid"]
    good = {"oid": oid, "order": trader.wire(0.01, 0.8)}
    row = bad | {"order": trader.wire(0.01, 0.8) | bad["order"]} if "order" in bad else bad
    if isinstance(bad["oid"], list | bool):
        row = bad | {"order": trader.wire(0.01, 0.8)}
    with pytest.raises(BadRequest):
        trader.act({"type": "batchModify", "modifies": [good, row]})
    assert prices(trader) == [0.9]


def test_a_modification_of_an_unlisted_coin_refuses_the_batch(trader: SigningTrader) -> None:
    oid = trader.order(trader.wire(0.01, 0.9))[0]["resting"]["oid"]
    rows = [{"oid": oid, "order": trader.wire(0.01, 0.8)}, {"oid": oid, "order": trader.wire(0.01, 0.8) | {"a": 2}}]
    answer = trader.act({"type": "batchModify", "modifies": rows})
    assert answer["response"]["data"]["statuses"] == [{"error": "Trading is halted asset=2"}]
    assert prices(trader) == [0.9]


def test_an_entry_whose_stop_has_no_size_is_not_placed(trader: SigningTrader) -> None:
    entry, stop = trader.wire(1, 1.01, "Ioc", "ETH"), trader.trigger(-1, 0.95, "sl", "ETH") | {"s": "0"}
    assert trader.order(entry, stop, grouping="normalTpsl") == [{"error": "Order has zero size. asset=1"}]
    assert trader.account.position_size("ETH") == 0


def test_a_child_beyond_the_open_order_limit_gets_an_error() -> None:
    trader = SigningTrader()
    for factor in (0.5, 0.6):
        trader.order(*[trader.wire(0.001, factor) for _ in range(499)])
    entry, stop, target = (
        trader.wire(0.01, 1.01, "Ioc"),
        trader.trigger(-0.01, 0.95, "sl"),
        trader.trigger(-0.01, 1.1, "tp"),
    )
    trader.order(trader.wire(0.001, 0.5))
    found = trader.order(entry, stop, target, grouping="normalTpsl")
    assert "filled" in found[0]
    assert found[1:] == ["waitingForTrigger", {"error": "Order rejected: too many open orders. asset=0"}]


@pytest.mark.parametrize("size", ["1_0", " 1", "+1", "1e2", "1e999999", "١", "Infinity", "NaN", "1." + "0" * 99, "", 1])
def test_text_that_resembles_a_number_is_refused(size: Any) -> None:
    assert parse_number(size) is None


@pytest.mark.parametrize(
    "subscription",
    [
        {"type": "candle", "coin": "BTC", "interval": []},
        {"type": "l2Book", "coin": "BTC", "nSigFigs": 5.0},
        {"type": "l2Book", "coin": "BTC", "nSigFigs": 5, "mantissa": 2.0},
        {"type": "l2Book", "coin": "BTC", "nSigFigs": True},
        {"type": "l2Book", "coin": "BTC", "nSigFigs": {}},
        {"type": "userFills", "user": "0x" + "zz" * 20},
        {"type": "userFills", "user": "0x" + "1_" * 19 + "11"},
    ],
)
def test_an_invalid_subscription_is_refused(subscription: dict[str, Any]) -> None:
    with pytest.raises(InvalidSubscription):
        key_of(subscription, DEFAULT_LISTING.coins)


def test_requests_about_unknown_accounts_create_no_state(trader: SigningTrader) -> None:
    for number in range(5):
        user = f"0x{number:040x}"
        trader.info("openOrders", user=user)
        trader.info("activeAssetData", user=user, coin="BTC")
    assert set(trader.world.exchange.orders_by_account) <= {trader.user}


def asked(server: Server, trader: SigningTrader, action: dict[str, Any], nonce: int) -> dict[str, Any]:
    """The answer to a user-signed action over HTTP."""
    name, fields = USER_SIGNED[action["type"]]
    stamp = "time" if any(field == "time" for field, _ in fields) else "nonce"
    signed = action | {stamp: nonce}
    rows = [{"name": field, "type": kind} for field, kind in [("hyperliquidChain", "string"), *fields]]
    signature = sign_user_signed_action(trader.wallet, signed, rows, f"HyperliquidTransaction:{name}", False)

    async def ask() -> Any:
        async with AsyncClient(transport=ASGITransport(server.app), base_url="http://simulator") as client:
            body = {"action": signed, "nonce": nonce, "signature": signature}
            return (await client.post("/exchange", json=body)).json()

    answer: dict[str, Any] = asyncio.run(ask())
    return answer


def test_approved_wallets_and_used_nonces_are_stored_before_the_answer(tmp_path: Path, trader: SigningTrader) -> None:
    server = Server(trader.world, Store(tmp_path), lambda: NOW, {})
    server.persist_changes()
    approved = asked(server, trader, {"type": "approveAgent", "agentAddress": AGENT, "agentName": "bot"}, NOW - 2)
    assert approved["status"] == "ok"
    other = Account.create().address.lower()
    refused = asked(server, trader, {"type": "usdSend", "destination": other, "amount": "99999999"}, NOW - 1)
    assert refused["status"] == "err"
    again = World(1, NOW)
    assert Store(tmp_path).load(again)
    assert [agent.name for agent in again.keys.named_of(trader.user)] == ["bot"]
    assert {NOW - 2, NOW - 1} <= set(again.keys.nonces[trader.user])
    assert set(again.market.coins) == set(DEFAULT_LISTING.coins)


def test_a_single_failed_write_ends_the_process(tmp_path: Path, trader: SigningTrader) -> None:
    store = Store(tmp_path)
    server = Server(trader.world, store, lambda: NOW, {})
    server.is_stepwise = True
    server.persist_changes()
    with sqlite3.connect(tmp_path / "simulator.sqlite") as disk:
        disk.execute("ALTER TABLE documents RENAME TO gone")
    trader.order(trader.wire(0.01, 0.9))
    with pytest.raises(sqlite3.Error):
        server.persist_changes()
    with sqlite3.connect(tmp_path / "simulator.sqlite") as disk:
        disk.execute("ALTER TABLE gone RENAME TO documents")
    disk.close()
    with pytest.raises(sqlite3.Error):
        asyncio.run(asyncio.wait_for(run_steps(server, None, asyncio.Event()), 60))
    store.close()


def test_fills_and_ledger_rows_have_market_time(trader: SigningTrader) -> None:
    trader.world.clock = lambda wall_ms: trader.world.market.time_ms
    trader.now_ms = NOW + 3_600_000
    for action in (
        {"type": "usdSend", "destination": "0x" + "12" * 20, "amount": "25"},
        {"type": "usdClassTransfer", "amount": "5", "toPerp": False},
        {"type": "withdraw3", "destination": "0x" + "12" * 20, "amount": "25"},
    ):
        assert trader.act_as_user(action)["status"] == "ok"
    trader.now_ms = NOW
    trader.world.take_changes()
    rows = [row for row in trader.info("userNonFundingLedgerUpdates") if row["delta"]["type"] != "deposit"]
    assert [row["time"] for row in rows] == 3 * [trader.world.market.time_ms]


def test_scheduled_cancels_may_happen_ten_times_a_day() -> None:
    trader = SigningTrader()
    trader.account.volume_usd = Decimal(1_000_000)
    for _ in range(10):
        assert trader.act({"type": "scheduleCancel", "time": trader.now_ms + 5_000})["status"] == "ok"
        trader.now_ms += 6_000
        trader.world.step(trader.now_ms)
    refused = trader.act({"type": "scheduleCancel", "time": trader.now_ms + 5_000})
    assert refused["response"] == "Too many scheduled cancels triggered today."


def test_histories_keep_their_limits_over_a_restart(tmp_path: Path) -> None:
    trader = SigningTrader()
    trader.world.kept_events = 6
    store = Store(tmp_path)
    for _ in range(6):
        oid = trader.order(trader.wire(0.01, 0.9))[0]["resting"]["oid"]
        trader.act({"type": "cancel", "cancels": [{"a": 0, "o": oid}]})
        store.save(trader.world, [trader.world.take_changes()])
    again = World(1, NOW)
    again.kept_events = 6
    assert store.load(again)
    store.close()
    assert set(again.histories.orders) == set(trader.world.histories.orders)
    assert len(again.histories.order_events[trader.user]) == 6
