"""Played candles come out exactly, at any step; files that can't be played are refused by name."""

import csv
import random
from decimal import Decimal
from pathlib import Path

import pytest

from simulator.market.candles import MINUTE_MS
from simulator.market.listing import DEFAULT_LISTING
from simulator.market.market import Market
from simulator.market.recorded.candle_files import InvalidFiles
from simulator.market.recorded.replay import ReplayMarket

T0 = 1_753_097_460_000
COUNT = 16
Rows = list[tuple[int, float, float, float, float, float]]


def made(seed: int, name: str) -> Rows:
    """Candles with gaps between close and open, on the coin's price and size steps."""
    rng, coin = random.Random(f"{seed}{name}"), DEFAULT_LISTING.coins[name]
    price, rows = coin.start_price, []
    for number in range(COUNT):
        points = [coin.round_price(price * (1 + rng.gauss(0, 0.002))) for _ in range(4)]
        volume = round(rng.uniform(0, 900), coin.size_decimals) if rng.random() < 0.9 else 0.0
        rows.append((T0 + number * MINUTE_MS, points[0], max(points), min(points), points[3], volume))
        price = points[3]
    return rows


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in DEFAULT_LISTING.coins:
        with (tmp_path / f"recorded_{name}_1m.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow("tohlcv")
            writer.writerows(made(3, name))
    return tmp_path


@pytest.mark.parametrize("step_ms", [250, 7_001, 60_000, 150_000])
def test_replayed_candles_equal_the_recorded_ones(folder: Path, step_ms: int) -> None:
    market = ReplayMarket(1, folder)
    while market.time_ms < market.end_ms:
        market.step(market.time_ms + step_ms)
    for name in DEFAULT_LISTING.coins:
        replayed = {
            c.open_ms: (c.open_ms, c.open, c.high, c.low, c.close, pytest.approx(c.volume, abs=1e-6))
            for c in market.coins[name].candles.series["1m"]
        }
        for row in made(3, name):
            assert replayed[row[0]] == row, name


def test_trades_of_a_candle_lie_within_it_and_add_up_to_its_volume(folder: Path) -> None:
    market = ReplayMarket(1, folder)
    row = next(row for row in made(3, "ETH") if row[0] > market.time_ms)
    traded = Decimal(0)
    while market.time_ms < row[0] + MINUTE_MS - 1:
        for trade in market.step(market.time_ms + 250)["ETH"]:
            assert row[3] <= trade.price <= row[2]
            traded += trade.size
        book = market.coins["ETH"]
        assert book.bids[0].price < book.asks[0].price
    assert float(traded) == pytest.approx(row[5])


def test_the_market_halts_at_the_end_of_the_files(folder: Path) -> None:
    market = ReplayMarket(1, folder)
    market.step(market.end_ms + 10**9)
    price = market.coins["BTC"].mid
    assert market.step(market.end_ms + 2 * 10**9)["BTC"] == []
    assert (market.time_ms, market.coins["BTC"].mid) == (market.end_ms, price)


def test_a_loaded_replay_continues_where_it_was(folder: Path) -> None:
    market, other = ReplayMarket(1, folder), ReplayMarket(1, folder)
    for _ in range(50):
        market.step(market.time_ms + 1_000)
    closed = {
        (name, interval): [[c.open_ms, c.open, c.high, c.low, c.close, c.volume, c.count] for c in series[:-1]]
        for name, each in market.coins.items()
        for interval, series in each.candles.series.items()
    }
    other.load(market.save(), closed)
    for _ in range(200):
        market.step(market.time_ms + 1_000)
        other.step(other.time_ms + 1_000)
    assert other.save() == market.save()


def test_a_loaded_synthetic_market_continues_equally() -> None:
    market, other = Market(5, T0), Market(6, T0)
    for _ in range(20):
        market.step(market.time_ms + 250)
    other.load(market.save(), {})
    market.step(market.time_ms + 250)
    other.step(other.time_ms + 250)
    assert [each.mid for each in other.coins.values()] == [each.mid for each in market.coins.values()]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (None, "must hold a .csv or .csv.gz file of candles with DOGE in its name"),
        ("time,price\n1,2\n", "the first line must be t,o,h,l,c,v"),
        ("t,o,h,l,c,v\n0,1,1,1,1,1\n", "at least two candles"),
        ("t,o,h,l,c,v\n0,1,1,1,1,1\n60000,1,1,1,1,1\n180000,1,1,1,1,1\n", "t=180000 a candle is missing"),
        ("t,o,h,l,c,v\n0,1,1,1,1,1\n60000,5,4,1,1,1\n", "t=60000 high and low"),
        ("t,o,h,l,c,v\n0,1,1,1,1,1\n60000,x,4,1,1,1\n", "recorded_DOGE_1m.csv: "),
    ],
)
def test_invalid_files_are_refused(folder: Path, content: str | None, error: str) -> None:
    path = folder / "recorded_DOGE_1m.csv"
    path.unlink()
    if content is not None:
        path.write_text(content)
    with pytest.raises(InvalidFiles, match=error):
        ReplayMarket(1, folder)
