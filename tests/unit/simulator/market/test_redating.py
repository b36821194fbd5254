"""A recording that is moved to the present: the same market, at times that a wall clock shows."""

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from simulator.config import SimulatorSettings
from simulator.exchange.world import World
from simulator.main import market_clock
from simulator.market.candles import DAY_MS, HOUR_MS, MINUTE_MS
from simulator.market.listing import DEFAULT_LISTING
from simulator.market.recorded.capture import CaptureMarket
from simulator.market.recorded.redating import moved, shift_to
from simulator.market.recorded.replay import ReplayMarket
from simulator.server.market_bootstrap import OpenedMarket, open_market
from simulator.server.storage.store import Store

T0 = 1_753_142_400_000
COUNT = 1_200
NOW_MS = 1_795_400_123_456


@pytest.fixture
def candles(tmp_path: Path) -> Path:
    """Twenty hours of the six coins by the minute, with their funding."""
    folder = tmp_path / "candles"
    folder.mkdir()
    for name, coin in DEFAULT_LISTING.coins.items():
        prices = [coin.round_price(coin.start_price * (1 + number % 5 / 1_000)) for number in range(COUNT)]
        with (folder / f"{name}_1m.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow("tohlcv")
            writer.writerows((T0 + number * MINUTE_MS, *[price] * 4, 10) for number, price in enumerate(prices))
        rows = [f"{T0 + hour * HOUR_MS + 15},0.0000{hour + 10}\n" for hour in range(20)]
        (folder / f"{name}_funding.csv").write_text("time,fundingRate\n" + "".join(rows))
    return folder


@pytest.fixture
def messages(tmp_path: Path) -> Path:
    """Half an hour of books, contexts and candles, one message a minute of each coin."""
    path = tmp_path / "capture-1.jsonl.gz"
    lines: list[Any] = [{"capture": 1, "url": "https://api.hyperliquid.xyz"}]
    for number in range(30):
        for name, coin in DEFAULT_LISTING.coins.items():
            at_ms, price = T0 + number * MINUTE_MS, coin.round_price(coin.start_price)
            sides = [[{"px": str(price * factor), "sz": "5", "n": 1}] for factor in (1, 1.01)]
            context = {"markPx": str(price), "oraclePx": str(price), "funding": "0.00001", "premium": None}
            candle = {"s": name, "i": "1m", "t": at_ms, "T": at_ms + 59_999, "v": "1", "n": 1}
            frames = {
                "l2Book": {"coin": name, "time": at_ms, "levels": sides},
                "activeAssetCtx": {"coin": name, "ctx": context | {"openInterest": "1"}},
                "candle": candle | dict.fromkeys("ohlc", str(price)),
            }
            lines += [{"frame": {"channel": channel, "data": data}} for channel, data in frames.items()]
    with gzip.open(path, "wt") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
    return path


async def opened(tmp_path: Path, recording: Path, now_ms: int = NOW_MS) -> tuple[OpenedMarket, Store]:
    store = Store(tmp_path / "state")
    return await open_market(settings_of(recording), store, lambda: now_ms), store


def settings_of(recording: Path) -> SimulatorSettings:
    return SimulatorSettings(simulator_market="capture", simulator_market_path=recording, simulator_redated=True)


@pytest.mark.parametrize(
    ("length_ms", "unit_ms"), [(30 * DAY_MS, DAY_MS), (2 * DAY_MS, HOUR_MS), (9 * HOUR_MS, MINUTE_MS), (5, MINUTE_MS)]
)
def test_a_recording_is_moved_by_whole_units(length_ms: int, unit_ms: int) -> None:
    shift_ms = shift_to(NOW_MS, T0, T0 + length_ms)
    assert shift_ms % unit_ms == 0
    assert T0 + shift_ms <= NOW_MS < T0 + shift_ms + unit_ms


def test_only_times_are_moved() -> None:
    row = {"t": 1, "T": 2, "s": "BTC", "n": 3, "o": "4"}
    assert moved({"data": [row], "time": 5}, 10) == {"data": [row | {"t": 11, "T": 12}], "time": 15}


async def test_candles_begin_at_the_present(candles: Path, tmp_path: Path) -> None:
    found, _ = await opened(tmp_path, candles)
    plain, market = ReplayMarket(1, candles), found.market
    assert (market.time_ms, market.halt_reason) == (NOW_MS, None)
    assert found.source.shift_ms % HOUR_MS == 0
    plain.step(NOW_MS - found.source.shift_ms)
    for name in DEFAULT_LISTING.coins:
        before, after = (each.coins[name].candles.read("1m", 0, NOW_MS) for each in (plain, market))
        assert [candle.open_ms + found.source.shift_ms for candle in before] == [candle.open_ms for candle in after]
        assert [candle.close for candle in before] == [candle.close for candle in after]
        assert market.coins[name].funding_rate() == plain.coins[name].funding_rate() > 0


async def test_messages_begin_at_the_present(messages: Path, tmp_path: Path) -> None:
    found, _ = await opened(tmp_path, messages)
    market, plain = found.market, CaptureMarket(1, messages)
    assert (market.time_ms, market.halt_reason) == (NOW_MS, None)
    newest = market.coins["BTC"].candles.series["1m"][-1]
    assert newest.open_ms == NOW_MS // MINUTE_MS * MINUTE_MS
    assert newest.close == plain.coins["BTC"].candles.series["1m"][-1].close


async def test_the_market_goes_by_the_wall_clock(candles: Path, tmp_path: Path) -> None:
    found, _ = await opened(tmp_path, candles)
    clock = market_clock(settings_of(candles), World(1, NOW_MS, found.market), found.source)
    assert clock(NOW_MS + 5_000) == NOW_MS + 5_000


async def test_a_restart_goes_on_until_the_recording_ends(candles: Path, tmp_path: Path) -> None:
    first, store = await opened(tmp_path, candles)
    store.save_market(World(1, NOW_MS, first.market))
    store.close()
    again, store = await opened(tmp_path, candles, NOW_MS + HOUR_MS)
    assert (again.source, again.market.time_ms) == (first.source, NOW_MS)
    store.close()
    later, _ = await opened(tmp_path, candles, NOW_MS + DAY_MS)
    assert later.source.shift_ms > first.source.shift_ms
    assert (later.market.time_ms, later.market.halt_reason) == (NOW_MS + DAY_MS, None)
