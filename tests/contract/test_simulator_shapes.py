"""Simulated payloads compared with recorded ones: the same keys, types and ways of writing numbers."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account as EthAccount
from signing_trader import SigningTrader

from simulator.exchange.state.keys import Agent
from simulator.exchange.world import World
from simulator.market.coin_market import Level
from simulator.wire.actions.order_actions import order
from simulator.wire.info.dispatch import answer_info
from simulator.wire.streams.messages import change_messages, first_messages
from simulator.wire.streams.subscriptions import echoed, key_of, message

DATA = Path(__file__).parents[3] / "shared" / "data" / "hyperliquid"
needs_recordings = pytest.mark.skipif(not DATA.is_dir(), reason="the recorded payloads are not beside the project")
USER = "0x" + "aa" * 20
NOW = 1_795_400_400_000
HOURS = {"coin": "BTC", "interval": "1h", "startTime": 0}
DECIMAL = re.compile(r"^-?\d+\.\d+$")
HEX = re.compile(r"^0x[0-9a-f]+$")
STILL_TO_COME = {"vault": "vaults aren't simulated"}

Shape = Any


def shape(value: Any) -> Shape:
    """What kind of thing a value is; the elements of a list as one."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value]
    if isinstance(value, str):
        return "decimal" if DECIMAL.match(value) else "hex" if HEX.match(value) else "text"
    return "null" if value is None else type(value).__name__


def differences(recorded: Shape, simulated: Shape, place: str = "") -> Iterator[str]:
    """Where the simulated payload lacks a recorded field or has another form. Null equals all."""
    if "null" in (recorded, simulated):
        return
    if isinstance(recorded, dict) and isinstance(simulated, dict):
        for key in recorded:
            if key in simulated:
                yield from differences(recorded[key], simulated[key], f"{place}.{key}")
            elif not key.isdigit():
                yield f"{place}.{key} is missing"
    elif isinstance(recorded, list) and isinstance(simulated, list):
        if len(recorded) == len(simulated) and any(each != recorded[0] for each in recorded):
            for number, (one, two) in enumerate(zip(recorded, simulated, strict=True)):
                yield from differences(one, two, f"{place}[{number}]")
        elif recorded and simulated:
            yield from differences(recorded[0], simulated[0], f"{place}[]")
    elif recorded != simulated:
        yield f"{place}: recorded is {recorded}, simulated {simulated}"


@pytest.fixture
def world() -> World:
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


def recorded_answers() -> list[Path]:
    return sorted((DATA / "http_recorded").glob("*.json")) if DATA.is_dir() else []


@needs_recordings
@pytest.mark.parametrize("path", recorded_answers(), ids=lambda path: path.stem)
def test_answers_over_http(world: World, path: Path) -> None:
    recorded = json.loads(path.read_text(encoding="utf-8"))
    asked, recorded = dict(recorded["request"]), recorded["response"]
    if isinstance(recorded, dict) and recorded.get("role") in STILL_TO_COME:
        pytest.skip(STILL_TO_COME[recorded["role"]])
    asked |= {"user": USER} if "user" in asked else {}
    asked |= {"coin": "ETH"} if "coin" in asked else {}
    asked |= {"startTime": 0} if "startTime" in asked else {}
    asked |= {"endTime": None} if "endTime" in asked else {}
    if "req" in asked:
        asked["req"] = {"coin": "ETH", "interval": "1h", "startTime": 0, "endTime": NOW}
    simulated = answer_info(world, asked, NOW)
    if isinstance(recorded, list) and recorded and not simulated:
        assert asked["type"] in ("delegatorHistory", "userVaultEquities"), "nothing simulated to compare"
        return
    if isinstance(recorded, dict) and set(recorded) > {
        "BTC",
        "ETH",
    }:  # Mids of all coins.
        recorded = {name: recorded[name] for name in simulated if name in recorded}
    old_account = {".assetPositions[].position.maxTradeSzs is missing"}
    assert set(differences(shape(recorded), shape(simulated))) <= old_account


def payloads() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((DATA / "recorded_payloads_2026.json").read_text(encoding="utf-8"))
    return loaded


@needs_recordings
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
)  # fmt: skip
def test_newest_answers(world: World, name: str, asked: dict[str, Any]) -> None:
    assert list(differences(shape(payloads()[name]), shape(answer_info(world, asked, NOW)))) == []


@needs_recordings
def test_the_listed_coins_their_tables_and_contexts(world: World) -> None:
    recorded = payloads()
    meta, contexts = answer_info(world, {"type": "metaAndAssetCtxs"}, NOW)
    tables = dict(meta["marginTables"])
    for row in recorded["universe entries of the six coins + asset ids (mainnet, Oct 2026)"]:
        asset = next(row[name] for name in ("asset", "assetId", "id", "index") if name in row)
        entry = row.get("entry", row)
        simulated = meta["universe"][asset]
        assert simulated == {name: entry[name] for name in simulated}
    for table_id, table in recorded["marginTables used by the six coins"]:
        assert tables[table_id] == table
    for name, context in recorded["info.metaAndAssetCtxs contexts (Oct 2026)"].items():
        coin = name.removesuffix("(delisted)")
        index = next(i for i, row in enumerate(meta["universe"]) if row["name"] == coin)
        assert list(differences(shape(context), shape(contexts[index]))) == []


@needs_recordings
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
    recorded = payloads()[name]
    recorded = recorded[0] if isinstance(recorded, list) else recorded
    [first] = first_messages(world, key_of(subscription, world.market.coins), NOW)
    assert list(differences(shape(recorded), shape(json.loads(first)))) == []


@needs_recordings
def test_account_streams(world: World) -> None:
    recorded = payloads()
    world.market.coins["ETH"].bids = [Level(world.market.coins["ETH"].bids[0].price, *_plenty())]
    wire = {"a": 1, "b": False, "p": "1", "s": "0.5", "r": True, "t": {"limit": {"tif": "Ioc"}}, "c": "0x" + "1" * 32}
    wire["p"] = str(round(float(world.market.coins["ETH"].mark_price) * 0.5))
    order(world, USER, {"orders": [wire], "grouping": "na"}, NOW)
    wanted = {("orderUpdates", USER), ("userEvents", USER)}
    messages = dict(change_messages(world, world.take_changes(), wanted, NOW))
    fill = recorded["ws.user(userEvents) fill"]
    del fill["data"]["fills"][0]["liquidation"]
    events = json.loads(messages["userEvents", USER])
    if "fills" in events["data"]:
        assert list(differences(shape(fill), shape(events))) == []
    updates = json.loads(messages["orderUpdates", USER])
    updates["data"] = updates["data"][-1:]
    assert list(differences(shape(recorded["ws.orderUpdates"]), shape(updates))) == []


def _plenty() -> tuple[Any, int]:
    return Decimal(1_000), 3


@needs_recordings
def test_acknowledgements_and_errors() -> None:
    recorded = payloads()
    echo = echoed({"type": "l2Book", "coin": "HYPE"})
    recorded = recorded["ws.subscriptionResponse l2Book (server adds nulls)"]
    assert json.loads(message("subscriptionResponse", {"method": "subscribe", "subscription": echo})) == recorded
    assert json.loads(message("error", 'Already subscribed: {"type":"allMids"}')) == recorded["ws.error"]


COMPARED_ABOVE = {
    *("info.candleSnapshot BTC 1h", "info.fundingHistory BTC", "info.l2Book BTC (trimmed to 5)", "info.extraAgents"),
    *(
        "info.userRole agent",
        "info.exchangeStatus",
        "info.clearinghouseState cross (account also held other collateral)",
    ),
    *("universe entries of the six coins + asset ids (mainnet, Oct 2026)", "marginTables used by the six coins"),
    *("info.metaAndAssetCtxs contexts (Oct 2026)", "ws.trades", "ws.bbo", "ws.candle", "ws.activeAssetCtx"),
    *("ws.user(userEvents) fill", "ws.orderUpdates", "ws.subscriptionResponse l2Book (server adds nulls)", "ws.error"),
}


def same(recorded: Any, simulated: Any) -> list[str]:
    """Differences in both directions: nothing is missing and nothing is added."""
    return [*differences(shape(recorded), shape(simulated)), *differences(shape(simulated), shape(recorded))]


def answered(name: str) -> Any:
    """Our answer to what the record with that name answered."""
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


@needs_recordings
@pytest.mark.parametrize("name", sorted(set(payloads() if DATA.is_dir() else ()) - COMPARED_ABOVE - {"_provenance"}))
def test_every_other_record_has_the_same_keys_types_and_numbers(name: str) -> None:
    recorded, simulated = payloads()[name], answered(name)
    if "meta(" in name:  # Optional keys are left out rather than false: entries are compared by those both have.
        assert list(differences(shape(recorded["marginTables"]), shape(simulated["marginTables"]))) == []
        assert set(recorded) == set(simulated)
        assert all(set(row) <= ALL_UNIVERSE_KEYS for row in simulated["universe"])
        return
    assert same(recorded, simulated) == []
    if "exchange." in name:
        kinds = [list(each) if isinstance(each, dict) else each for each in _statuses(recorded)]
        assert [list(each) if isinstance(each, dict) else each for each in _statuses(simulated)] == kinds


ALL_UNIVERSE_KEYS = {"szDecimals", "name", "maxLeverage", "marginTableId", "isDelisted", "onlyIsolated", "marginMode"}


def _statuses(answer: Any) -> list[Any]:
    response = answer["response"]
    return response.get("data", {}).get("statuses", []) if isinstance(response, dict) else []
