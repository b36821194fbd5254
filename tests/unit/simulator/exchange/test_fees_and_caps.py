"""What trading costs and who may: rebates, builders' fees, open-interest caps, modified orders."""

import json
from decimal import Decimal

import pytest
from signing_trader import NOW, SigningTrader

from simulator.exchange.state import fees
from simulator.exchange.state.account import Account
from simulator.exchange.world import World
from simulator.market.candles import DAY_MS
from simulator.server.storage.documents import account_document, account_of
from simulator.server.storage.store import Store
from simulator.testing.manual_exchange import T0, A, B, D, ManualExchange

BUILDER = "0x" + "b1" * 20


@pytest.mark.parametrize(
    ("made", "expected"),
    [(4_000, "0.00015"), (5_001, "-0.00001"), (15_001, "-0.00002"), (30_001, "-0.00003")],
)
def test_a_maker_of_a_large_share_is_paid(made: int, expected: str) -> None:
    account = Account(A)
    account.volumes[T0 // DAY_MS - 1] = [D(0), D(made)]
    assert fees.rates(account, T0, D(1_000_000)) == (D("0.00045"), D(expected))


def test_a_rebate_is_paid_out_of_the_fees() -> None:
    venue = ManualExchange()
    everybodys = venue.exchange._exchange_volume_usd(T0)
    assert everybodys > 10**9
    venue.account().volumes[T0 // DAY_MS - 1] = [D(0), everybodys]
    venue.order(A, -1, 4_000)
    venue.order(B, 1, 4_000, "Ioc")
    maker = next(fill for fill in venue.fills if fill.account == A)
    assert maker.fee == D("-0.12")
    assert venue.exchange.fees == D("1.8") - D("0.12")


@pytest.fixture(scope="module")
def trader() -> SigningTrader:
    return SigningTrader()


def approve(trader: SigningTrader, rate: str) -> dict[str, str]:
    return trader.act_as_user({"type": "approveBuilderFee", "maxFeeRate": rate, "builder": BUILDER})


def test_a_builder_is_paid_at_most_the_approved_fee(trader: SigningTrader) -> None:
    order = {"builder": {"b": BUILDER, "f": 10}}
    buy = trader.wire(0.01, 1.02, "Ioc")
    assert "Builder fee has not been approved" in trader.order(buy, **order)[0]["error"]
    assert approve(trader, "0.005%")["status"] == "ok"
    assert "error" in trader.order(buy, **order)[0]
    assert approve(trader, "0.01%")["status"] == "ok"
    assert trader.info("maxBuilderFee", builder=BUILDER) == 10
    filled = trader.order(buy, **order)[0]["filled"]
    usd = Decimal(filled["avgPx"]) * Decimal(filled["totalSz"])
    trader.world.take_changes()
    fill = trader.info("userFills")[0]
    assert abs(Decimal(fill["builderFee"]) - usd / 10_000) < D("0.00001")
    assert abs(Decimal(fill["fee"]) - usd * D("0.00055")) < D("0.00001")
    rewards = trader.world.exchange.rewards[BUILDER]
    assert rewards == Decimal(fill["builderFee"])
    assert approve(trader, "0%")["status"] == "ok"
    assert "error" in trader.order(buy, **order)[0]


@pytest.mark.parametrize("rate", ["2%", "-0.1%", "0.00001%"])
def test_an_invalid_builder_fee_rate_is_refused(trader: SigningTrader, rate: str) -> None:
    assert approve(trader, rate) == {"status": "err", "response": "Invalid builder fee rate."}


def test_a_builder_claims_its_rewards_once() -> None:
    trader = SigningTrader()
    trader.world.exchange.rewards[trader.user] = D(5)
    assert trader.act({"type": "claimRewards"})["status"] == "ok"
    assert trader.info("spotClearinghouseState")["balances"][0]["total"] == "5.0"
    assert trader.act({"type": "claimRewards"})["status"] == "err"


def capped(venue: ManualExchange, share: str) -> None:
    now = venue.exchange.open_interest_usd("ETH")
    venue.exchange.open_interest_caps["ETH"] = now * D(share)


@pytest.mark.parametrize(
    ("share", "before", "order", "status"),
    [
        ("1", 0, (1, 4_001, "Ioc"), "positionIncreaseAtOpenInterestCapRejected"),
        ("1", 1, (-2, 3_999, "Ioc"), "positionFlipAtOpenInterestCapRejected"),
        ("1", 0, (1, 4_000.5, "Gtc"), "tooAggressiveAtOpenInterestCapRejected"),
        ("1.0000001", 0, (2, 4_001, "Ioc"), "openInterestIncreaseRejected"),
    ],
)
def test_at_the_cap_positions_cannot_grow(share: str, before: float, order: tuple, status: str) -> None:  # type: ignore[type-arg]
    venue = ManualExchange()
    if before:
        venue.order(A, before, 4_001, "Ioc")
    capped(venue, share)
    with pytest.raises(Exception, match="open interest"):
        venue.order(A, *order)
    venue.collect()
    assert list(venue.ended.values())[-1] == status


def test_at_the_cap_positions_shrink_and_orders_rest_until_a_fill() -> None:
    venue = ManualExchange()
    venue.order(A, 2, 4_001, "Ioc")
    resting = venue.order(B, 1, 3_999.5)
    capped(venue, "0.5")
    assert venue.order(A, -1, 3_999, "Ioc").status == "filled"
    assert venue.ended[resting.oid] == "openInterestCapCanceled"
    below = venue.order(B, 1, 3_990)
    assert below.is_open


@pytest.mark.parametrize("kind", ["modify", "batchModify"])
def test_without_always_only_a_resting_order_may_replace_another(kind: str) -> None:
    trader = SigningTrader()

    def change(oid: int, wire: dict[str, object], **always: bool) -> object:
        body = {"oid": oid, "order": wire}
        answer = trader.act({"type": kind} | (body if kind == "modify" else {"modifies": [body]}) | always)
        return answer["response"] if kind == "modify" else answer["response"]["data"]["statuses"][0]

    def rests() -> int:
        return int(trader.order(trader.wire(0.01, 0.9))[0]["resting"]["oid"])

    oid = rests()
    for wire in (trader.wire(0.01, 1.02, "Ioc"), trader.trigger(-0.01, 0.9, "sl")):
        assert "set a" in json.dumps(change(oid, wire))
    assert [row["oid"] for row in trader.info("openOrders")] == [oid]
    change(oid, trader.wire(0.01, 0.91))
    [row] = trader.info("frontendOpenOrders")
    assert (row["oid"] != oid, row["tif"]) == (True, "Alo")
    assert "Post only" in json.dumps(change(row["oid"], trader.wire(0.01, 1.02)))
    assert trader.info("openOrders") == []
    change(rests(), trader.wire(0.01, 1.02, "Ioc"), a=True)
    assert trader.info("clearinghouseState")["assetPositions"][0]["position"]["szi"] == "0.01"


def test_sub_accounts_trade_by_vault_address_and_are_renamed() -> None:
    trader = SigningTrader()
    trader.account.volume_usd = D(200_000)
    sub = trader.act({"type": "createSubAccount", "name": "one"})["response"]["data"]
    move = {"type": "subAccountTransfer", "subAccountUser": sub, "isDeposit": True, "usd": 1_000_000_000}
    assert trader.act(move)["status"] == "ok"
    order = {"type": "order", "orders": [trader.wire(0.01, 1.02, "Ioc")], "grouping": "na"}
    assert "filled" in trader.act(order, vaultAddress=sub)["response"]["data"]["statuses"][0]
    assert trader.info("clearinghouseState")["assetPositions"] == []
    assert trader.act({"type": "subAccountModify", "subAccountUser": sub, "name": "two"})["status"] == "ok"
    [row] = trader.info("subAccounts")
    assert (row["name"], row["clearinghouseState"]["assetPositions"][0]["position"]["szi"]) == ("two", "0.01")
    [row] = trader.info("subAccounts2")
    assert row["dexToClearinghouseState"][0][1]["assetPositions"][0]["position"]["szi"] == "0.01"
    family = {"type": "agentSendAsset", "destination": sub, "sourceDex": "", "destinationDex": "", "token": "USDC"}
    assert trader.act(family | {"amount": "5", "fromSubAccount": ""})["status"] == "ok"
    spot = {"type": "subAccountSpotTransfer", "subAccountUser": sub, "isDeposit": True, "token": "USDC"}
    assert trader.act(spot | {"amount": "5"})["status"] == "err"
    assert trader.act_as_user({"type": "usdClassTransfer", "amount": "10", "toPerp": False})["status"] == "ok"
    assert trader.act(spot | {"amount": "4"})["status"] == "ok"
    assert trader.world.exchange.accounts[sub].spot_usd == 4


def test_a_fast_cancel_keeps_trigger_orders(trader: SigningTrader) -> None:
    [stop] = trader.order(trader.trigger(-0.001, 0.9, "sl"))
    cancel = {"type": "cancel", "cancels": [{"a": 0, "o": stop["resting"]["oid"]}]}
    assert "error" in trader.act(cancel | {"f": True})["response"]["data"]["statuses"][0]
    assert trader.act(cancel)["response"]["data"]["statuses"] == ["success"]


def test_builder_approvals_and_rewards_survive_a_restart(tmp_path: object) -> None:
    from pathlib import Path

    trader = SigningTrader()
    approve(trader, "0.05%")
    trader.world.exchange.rewards[BUILDER] = D("1.5")
    assert account_of(json.loads(json.dumps(account_document(trader.account)))) == trader.account
    store = Store(Path(str(tmp_path)))
    store.save(trader.world, [trader.world.take_changes()])
    store.save_market(trader.world)
    store.close()
    again = World(1, NOW)
    store = Store(Path(str(tmp_path)))
    assert store.load(again)
    store.close()
    assert again.exchange.rewards == {BUILDER: D("1.5")}
    assert again.exchange.accounts[trader.user].builders == {BUILDER: 50}


def test_memory_of_ended_orders_has_a_limit() -> None:
    trader = SigningTrader()
    trader.world.kept_events = 6
    kept = trader.order(trader.wire(0.01, 0.8, c="0x" + "1" * 32))[0]["resting"]["oid"]
    oids = []
    for number in range(8):
        cloid = f"0x{number + 100:032x}"
        oids.append(trader.order(trader.wire(0.01, 0.9, c=cloid))[0]["resting"]["oid"])
        trader.act({"type": "cancelByCloid", "cancels": [{"asset": 0, "cloid": cloid}]})
        trader.world.take_changes()
    assert set(trader.world.histories.orders) == {kept, *oids[-3:]}
    assert set(trader.world.exchange.cloids.values()) == {kept, *oids[-3:]}
    assert trader.final_status(kept) == "open"
