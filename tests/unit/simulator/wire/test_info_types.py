"""The types of /info that clients ask for today: their form, and the answers about a dex that isn't here."""

import json
from typing import Any

import pytest
from signing_trader import SigningTrader

from simulator.wire.requests import BadRequest
from simulator.wire.streams.messages import first_messages
from simulator.wire.streams.subscriptions import InvalidSubscription, key_of
from simulator.wire.streams.throttle import MessageThrottle

OTHER_USER = "0x" + "5e" * 20


@pytest.fixture(scope="module")
def trader() -> SigningTrader:
    trader = SigningTrader()
    trader.order(trader.wire(0.05, 1.01, "Ioc"))
    trader.order(trader.wire(0.05, 0.9))
    return trader


@pytest.mark.parametrize(
    ("kind", "fields", "answer"),
    [
        ("outcomeMeta", {}, {"outcomes": [], "questions": []}),
        ("perpCategories", {}, []),
        ("perpAnnotation", {"coin": "BTC"}, None),
        ("perpConciseAnnotations", {}, []),
        ("perpDexLimits", {"dex": ""}, None),
        ("perpDexLimits", {"dex": "xyz"}, None),
        ("perpDexStatus", {"dex": ""}, {"totalNetDeposit": "100000.0"}),
        ("perpDexStatus", {"dex": "xyz"}, {"totalNetDeposit": "0.0"}),
        ("liquidatable", {}, []),
        ("userTwapSliceFillsByTime", {"startTime": 0}, []),
    ],
)
def test_a_type_of_late_2026_is_answered(trader: SigningTrader, kind: str, fields: Any, answer: Any) -> None:
    assert trader.info(kind, **fields) == answer


@pytest.mark.parametrize("kind", ["perpAnnotation", "perpDexLimits", "perpDexStatus"])
def test_a_missing_field_is_a_bad_request(trader: SigningTrader, kind: str) -> None:
    with pytest.raises(BadRequest):
        trader.info(kind)


def test_market_order_limits_are_by_leverage(trader: SigningTrader) -> None:
    assert [25, "30000000.0"] in trader.info("maxMarketOrderNtls")


def test_a_transfer_to_a_new_user_costs_the_activation(trader: SigningTrader) -> None:
    known = trader.info("preTransferCheck", source=OTHER_USER)
    assert known == {"fee": "0.0", "isSanctioned": False, "userExists": True, "userHasSentTx": True}
    unknown = trader.info("preTransferCheck", user=OTHER_USER, source=trader.user)
    assert unknown == {"fee": "1.0", "isSanctioned": False, "userExists": False, "userHasSentTx": False}


def test_renamed_fields_have_their_new_names(trader: SigningTrader) -> None:
    assert {"feeTrialEscrow": "0.0"}.items() <= trader.info("userFees").items()
    assert trader.info("legalCheck") == {"acceptedTerms": True, "userAllowed": True, "restrictions": "n"}
    assert trader.info("referral")["tokenToState"] == []
    assert "feeTrialReward" not in trader.info("userFees")


def test_tokens_and_outcomes_stand_among_the_mids(trader: SigningTrader) -> None:
    mids = trader.info("allMids")
    assert {name[0] for name in mids} >= {"@", "#", "B"}
    assert all(float(price) > 0 for price in mids.values())


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("meta", {"universe": [], "marginTables": [], "collateralToken": 0}),
        ("metaAndAssetCtxs", [{"universe": [], "marginTables": [], "collateralToken": 0}, []]),
        ("allMids", {}),
        ("openOrders", []),
        ("frontendOpenOrders", []),
        ("perpsAtOpenInterestCap", []),
    ],
)
def test_another_dex_shows_nothing_of_the_main_one(trader: SigningTrader, kind: str, answer: Any) -> None:
    assert trader.info(kind, dex="xyz") == answer
    assert trader.info(kind, dex="") == trader.info(kind) != [] or kind == "perpsAtOpenInterestCap"


def test_an_account_has_nothing_on_another_dex(trader: SigningTrader) -> None:
    state = trader.info("clearinghouseState", dex="xyz")
    assert (state["marginSummary"]["accountValue"], state["assetPositions"]) == ("0.0", [])
    assert state["time"] == trader.info("clearinghouseState")["time"]


def test_a_dex_that_is_no_name_is_a_bad_request(trader: SigningTrader) -> None:
    with pytest.raises(BadRequest):
        trader.info("meta", dex=7)


@pytest.mark.parametrize("kind", ["allMids", "assetCtxs", "clearinghouseState", "openOrders", "twapStates"])
def test_another_dex_has_no_subscription(trader: SigningTrader, kind: str) -> None:
    coins = trader.world.market.coins
    assert key_of({"type": kind, "user": trader.user, "dex": ""}, coins)
    with pytest.raises(InvalidSubscription):
        key_of({"type": kind, "user": trader.user, "dex": "xyz"}, coins)


def test_all_contexts_are_one_message_a_second(trader: SigningTrader) -> None:
    key = key_of({"type": "assetCtxs"}, trader.world.market.coins)
    [text] = first_messages(trader.world, key, trader.now_ms)
    assert json.loads(text)["data"]["ctxs"] == trader.info("metaAndAssetCtxs")[1]
    throttle = MessageThrottle()
    sent = [bool(throttle.step_messages(trader.world, [key], {}, trader.now_ms + ms)) for ms in (0, 999, 1_000)]
    assert sent == [True, False, True]


def test_fast_contexts_are_whole_first_then_only_changes() -> None:
    trader = SigningTrader()
    world, throttle = trader.world, MessageThrottle()
    key = key_of({"type": "fastAssetCtxs"}, world.market.coins)
    [text] = first_messages(world, key, trader.now_ms)
    whole = json.loads(text)["data"]
    assert whole.keys() == world.market.coins.keys()
    assert whole["BTC"] == {"markPx": world.market.coins["BTC"].mark_text, "midPx": trader.info("allMids")["BTC"]}
    assert len(throttle.step_messages(world, [key], {}, trader.now_ms)) == 1
    assert throttle.step_messages(world, [key], {}, trader.now_ms + 1) == []
    world.market.coins["ETH"].mark *= 1.01
    [(_, changed)] = throttle.step_messages(world, [key], {}, trader.now_ms + 2)
    assert list(json.loads(changed)["data"]) == ["ETH"]
