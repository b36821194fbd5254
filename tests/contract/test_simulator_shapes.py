"""Simulated payloads compared with recorded ones: the same keys, types and number formats.

The recorded shapes are `tests/golden/hyperliquid/shapes.json` (hyperliquid_golden.py derives them).
"""

import json
from decimal import Decimal
from typing import Any

import pytest
from eth_account import Account as EthAccount
from hyperliquid_golden import load_golden, outcome
from hyperliquid_shapes import Shape, differences, shape
from signing_trader import SigningTrader

from simulator.exchange.state.keys import Agent
from simulator.exchange.world import World
from simulator.market.coin_market import Level
from simulator.wire.actions.order_actions import order
from simulator.wire.info.dispatch import answer_info
from simulator.wire.streams.messages import change_messages, first_messages
from simulator.wire.streams.subscriptions import echoed, key_of, message

SHAPES = load_golden("shapes.json")
ANSWERS: dict[str, Any] = SHAPES["answers"]
PAYLOADS: dict[str, Shape] = SHAPES["payloads"]
VALUES: dict[str, Any] = SHAPES["values"]
USER = "0x" + "aa" * 20
NOW = 1_795_400_400_000
HOURS = {"coin": "BTC", "interval": "1h", "startTime": 0}
REQUEST_FIELDS = {
    "user": USER,
    "coin": "ETH",
    "startTime": 0,
    "endTime": None,
    "req": {"coin": "ETH", "interval": "1h", "startTime": 0, "endTime": NOW},
}
NOT_SIMULATED = {"delegatorHistory": "staking", "userVaultEquities": "vaults"}


@pytest.fixture(scope="module")
def world() -> World:
    """The exchange whose answers are compared; tests only read it."""
    return world_with_a_past()


def world_with_a_past() -> World:
    """An account with a position, a bracket, resting orders, fills, fundings, agents and a past."""
    world = World(1, NOW)
    world.exchange.deposit(USER, Decimal(10_000), NOW)
    world.keys.approve(Agent("0x" + "cc" * 20, USER, "bot", NOW + 10**9))
    mark = float(world.market.coins["ETH"].mark_price)

    def wire(asset: int, is_buy: bool, price: float, size: str, kind: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {"a": asset, "b": is_buy, "p": str(round(price)), "s": size, "r": False, "t": kind} | more

    trigger = {"isMarket": True, "triggerPx": str(round(mark * 0.9)), "tpsl": "sl"}
    stop = wire(1, False, mark * 0.8, "0.5", {"trigger": trigger}) | {"r": True}
    entry = wire(1, True, mark * 1.02, "0.5", {"limit": {"tif": "Ioc"}})
    order(world, USER, {"orders": [entry, stop], "grouping": "normalTpsl"}, NOW)
    resting = wire(0, True, 100_000, "0.001", {"limit": {"tif": "Gtc"}}, c="0x" + "0" * 31 + "1")
    order(world, USER, {"orders": [resting], "grouping": "na"}, NOW)
    world.take_changes()
    world.step(NOW + 3_700_000)
    world.take_changes()
    return world


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_answers_over_http(world: World, name: str) -> None:
    request, recorded = ANSWERS[name]["request"], ANSWERS[name]["shape"]
    asked = {"type": request["type"]} | {field: REQUEST_FIELDS[field] for field in request["fields"]}
    simulated = answer_info(world, asked, NOW)
    if isinstance(recorded, list) and recorded and not simulated:
        assert asked["type"] in NOT_SIMULATED, "nothing simulated to compare"
        return
    if asked["type"] == "allMids":
        recorded = {name: recorded[name] for name in simulated if name in recorded}
        assert {"BTC", "ETH", "SOL", "BNB", "DOGE", "XRP"} <= set(recorded)
    old_account = {".assetPositions[].position.maxTradeSzs is missing"}
    assert set(differences(recorded, shape(simulated))) <= old_account


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("info.candleSnapshot BTC 1h", {"type": "candleSnapshot", "req": HOURS}),
        ("info.fundingHistory BTC", {"type": "fundingHistory", "coin": "BTC", "startTime": 0}),
        ("info.l2Book BTC (trimmed to 5)", {"type": "l2Book", "coin": "BTC"}),
        ("info.extraAgents", {"type": "extraAgents", "user": USER}),
        ("info.userRole agent", {"type": "userRole", "user": "0x" + "cc" * 20}),
        ("info.exchangeStatus", {"type": "exchangeStatus"}),
        (
            "info.clearinghouseState cross (account also held other collateral)",
            {"type": "clearinghouseState", "user": USER},
        ),
    ],
)
def test_newest_answers(world: World, name: str, asked: dict[str, Any]) -> None:
    assert list(differences(PAYLOADS[name], shape(answer_info(world, asked, NOW)))) == []


def test_the_listed_coins_their_tables_and_contexts(world: World) -> None:
    meta, contexts = answer_info(world, {"type": "metaAndAssetCtxs"}, NOW)
    tables = dict(meta["marginTables"])
    assert len(VALUES["universe"]) == len(VALUES["margin_tables"]) == 6
    for row in VALUES["universe"]:
        simulated = meta["universe"][row["assetId"]]
        assert simulated == {name: row[name] for name in simulated}
    for table_id, table in VALUES["margin_tables"]:
        assert tables[table_id] == table
    for name, context in PAYLOADS["info.metaAndAssetCtxs contexts (Oct 2026)"].items():
        coin = name.removesuffix("(delisted)")
        index = next(i for i, row in enumerate(meta["universe"]) if row["name"] == coin)
        assert list(differences(context, shape(contexts[index]))) == []


@pytest.mark.parametrize(
    ("name", "subscription"),
    [
        ("ws.trades", {"type": "trades", "coin": "BTC"}),
        ("ws.bbo", {"type": "bbo", "coin": "BTC"}),
        ("ws.candle", {"type": "candle", "coin": "BTC", "interval": "1m"}),
        ("ws.activeAssetCtx", {"type": "activeAssetCtx", "coin": "BTC"}),
    ],
)
def test_market_streams(world: World, name: str, subscription: dict[str, Any]) -> None:
    recorded = PAYLOADS[name]
    recorded = recorded[0] if isinstance(recorded, list) else recorded
    [first] = first_messages(world, key_of(subscription, world.market.coins), NOW)
    assert list(differences(recorded, shape(json.loads(first)))) == []


def test_account_streams() -> None:
    world = world_with_a_past()
    best = world.market.coins["ETH"].bids[0].price
    world.market.coins["ETH"].bids = [Level(best, Decimal(1_000), 3)]
    wire = {"a": 1, "b": False, "p": "1", "s": "0.5", "r": True, "t": {"limit": {"tif": "Ioc"}}, "c": "0x" + "1" * 32}
    wire["p"] = str(round(float(world.market.coins["ETH"].mark_price) * 0.5))
    order(world, USER, {"orders": [wire], "grouping": "na"}, NOW)
    wanted = {("orderUpdates", USER), ("userEvents", USER)}
    messages = dict(change_messages(world, world.take_changes(), wanted, NOW))
    events = json.loads(messages["userEvents", USER])
    assert list(differences(PAYLOADS["ws.user(userEvents) fill"], shape(events))) == []
    updates = json.loads(messages["orderUpdates", USER])
    updates["data"] = updates["data"][-1:]
    assert list(differences(PAYLOADS["ws.orderUpdates"], shape(updates))) == []


def test_acknowledgments_and_errors() -> None:
    echo = echoed({"type": "l2Book", "coin": "HYPE"})
    simulated = message("subscriptionResponse", {"method": "subscribe", "subscription": echo})
    assert json.loads(simulated) == VALUES["subscribed"]
    assert json.loads(message("error", 'Already subscribed: {"type":"allMids"}')) == VALUES["error"]


COMPARED_ABOVE = {
    "info.candleSnapshot BTC 1h",
    "info.fundingHistory BTC",
    "info.l2Book BTC (trimmed to 5)",
    "info.extraAgents",
    "info.userRole agent",
    "info.exchangeStatus",
    "info.clearinghouseState cross (account also held other collateral)",
    "info.metaAndAssetCtxs contexts (Oct 2026)",
    "ws.trades",
    "ws.bbo",
    "ws.candle",
    "ws.activeAssetCtx",
    "ws.user(userEvents) fill",
    "ws.orderUpdates",
}


def same(recorded: Shape, simulated: Any) -> list[str]:
    """Differences in both directions: nothing is missing and nothing is added."""
    return [*differences(recorded, shape(simulated)), *differences(shape(simulated), recorded)]


def answered(name: str) -> Any:
    """The simulator's answer to what the record with that name answered."""
    trader = SigningTrader()
    buy = trader.wire(0.01, 1.02, "Ioc")
    if name == "info.meta(2026-09-25, first 6 entries, as served)":
        return trader.info("meta")
    if name == "info.clearinghouseState position small cross (testnet 2026-09-07)":
        trader.order(buy)
        return trader.info("clearinghouseState")["assetPositions"][0]["position"]
    if name == "info.openOrders reduce-only (testnet)":
        trader.order(buy)
        trader.order(trader.wire(-0.01, 1.2, r=True))
        return trader.info("openOrders")
    if name == "exchange.cancel ok":
        oid = trader.order(trader.wire(0.01, 0.9))[0]["resting"]["oid"]
        return trader.act({"type": "cancel", "cancels": [{"a": 0, "o": oid}]})
    if name == "exchange.default":
        return trader.act({"type": "updateLeverage", "asset": 0, "isCross": True, "leverage": 3})
    if name == "exchange.err":
        return trader.act({"type": "noop"}, wallet=EthAccount.create())
    orders, grouping = {
        "exchange.order resting": ([trader.wire(0.01, 0.9)], "na"),
        "exchange.order filled": ([buy], "na"),
        "exchange.order error": ([trader.wire(-0.01, r=True)], "na"),
        "exchange.order bracket (ccxt static test, normalTpsl)": (
            [buy, trader.trigger(-0.01, 1.1, "tp"), trader.trigger(-0.01, 0.9, "sl")],
            "normalTpsl",
        ),
    }[name]
    return trader.act({"type": "order", "orders": orders, "grouping": grouping})


ALL_UNIVERSE_KEYS = {"szDecimals", "name", "maxLeverage", "marginTableId", "isDelisted", "onlyIsolated", "marginMode"}


@pytest.mark.parametrize("name", sorted(set(PAYLOADS) - COMPARED_ABOVE))
def test_every_other_record_has_the_same_keys_types_and_numbers(name: str) -> None:
    recorded, simulated = PAYLOADS[name], answered(name)
    if "meta(" in name:  # Optional keys are left out rather than false: entries are compared by those both have.
        assert list(differences(recorded["marginTables"], shape(simulated["marginTables"]))) == []
        assert set(recorded) == set(simulated)
        assert all(set(row) <= ALL_UNIVERSE_KEYS for row in simulated["universe"])
        return
    assert same(recorded, simulated) == []
    if name.startswith("exchange."):
        assert outcome(simulated) == VALUES["outcomes"][name]
