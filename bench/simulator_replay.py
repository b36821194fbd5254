"""The simulator over recorded candles, in one process: how long 30 days take, and what a week leaves in memory.

Run: make bench NAME=simulator_replay ARGS="--data FOLDER", with a folder of 5-minute candle files. Six coins are played
minute by minute; both accounts send an order in each minute through the whole of /exchange, but for the recovery of
signatures (30 ms each, a matter of the library). The goals are absolute: 300 s, and 300 MiB after a week.
"""

import argparse
import asyncio
import csv
import gzip
import json
import resource
import subprocess
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

sys.path.append(sys.path.pop(0))  # A neighbour has the package's name: the package is meant.

from report import Race, write_json

import simulator.main  # noqa: F401 - the whole program, for its memory
from simulator.exchange.world import World
from simulator.market.listing import DEFAULT_LISTING
from simulator.market.market import Market
from simulator.market.recorded.replay import ReplayMarket
from simulator.testing.in_process import claimed_signer
from simulator.wire.actions.dispatch import execute_action

MINUTE_MS = 60_000
PAST_DAYS = 7
GOAL_S, GOAL_MIB = 300.0, 300.0
ACCOUNTS = ("0x" + "a1" * 20, "0x" + "a2" * 20)
NOTIONAL_USD = 500


class Traders:
    """Two accounts that open a position in one minute and close it in the next, coin after coin."""

    def __init__(self, market: Market) -> None:
        self.world = World(1, market.time_ms, market)
        self.world.enforces_limits = False
        self.filled = self.orders = 0
        for account in ACCOUNTS:
            self.world.exchange.deposit(account, Decimal(1_000_000), market.time_ms)

    def play(self, minutes: int) -> None:
        for minute in range(minutes):
            self.world.step(self.world.market.time_ms + MINUTE_MS)
            name = list(DEFAULT_LISTING.coins)[minute // 2 % len(DEFAULT_LISTING.coins)]
            for number, account in enumerate(ACCOUNTS):
                is_opening = minute % 2 == 0
                self._order(account, name, is_buy=is_opening == (number == 0), reduce_only=not is_opening)
            self.world.take_changes()

    def _order(self, account: str, name: str, *, is_buy: bool, reduce_only: bool) -> None:
        market, coin = self.world.market.coins[name], DEFAULT_LISTING.coins[name]
        price = Decimal(repr(coin.round_price(market.mid * (1.02 if is_buy else 0.98))))
        size = Decimal(repr(round(NOTIONAL_USD / market.mid, coin.size_decimals)))
        order = {
            "a": coin.asset,
            "b": is_buy,
            "p": format(price.normalize(), "f"),
            "s": format(size.normalize(), "f"),
            "r": reduce_only,
            "t": {"limit": {"tif": "Ioc"}},
        }
        now_ms = self.world.market.time_ms
        body: dict[str, Any] = {
            "action": {"type": "order", "orders": [order], "grouping": "na"},
            "nonce": now_ms,
            "signature": {"r": "0x1", "s": account, "v": 27},
            "vaultAddress": None,
            "expiresAfter": None,
        }
        answer = execute_action(self.world, body, now_ms, recover_signers=claimed_signer)
        self.orders += 1
        self.filled += "filled" in json.dumps(answer)


def cut_files(data: Path, folder: Path, days: int) -> None:
    """The last so many days of each coin's 5-minute candles, after a week of past, and its funding."""
    for name in DEFAULT_LISTING.coins:
        with gzip.open(data / f"hyperliquid_{name}_5m.csv.gz", "rt", encoding="utf-8") as file:
            rows = list(csv.reader(file))
        # A day more than is played: the coins' files end a few candles apart.
        kept = [rows[0], *rows[-(days + PAST_DAYS + 1) * 288 :]]
        with (folder / f"{name}_5m.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(kept)
        (folder / f"{name}_funding.csv.gz").symlink_to(data / f"hyperliquid_{name}_funding_1h.csv.gz")


def week_mib() -> float:
    """The peak of memory of a process of its own that has traded through a simulated week."""
    done = subprocess.run([sys.executable, __file__, "--week"], capture_output=True, text=True, check=True)
    return float(done.stdout)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--redis-url", help="not needed here")
    parser.add_argument("--data", type=Path, default=Path("../shared/data/hyperliquid/candles"))
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--week", action="store_true", help="only measure the memory, in this process")
    parser.add_argument("--json", help="file for all figures")
    options = parser.parse_args()
    if options.week:
        Traders(Market(1, 1_760_000_400_000)).play(7 * 1440)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return
    race = Race(f"{options.days} days of six coins by the minute, two accounts trading", "s", higher_is_better=False)

    async def replay() -> float:
        with tempfile.TemporaryDirectory() as folder:
            cut_files(options.data.resolve(), Path(folder), options.days)
            traders = Traders(ReplayMarket(1, Path(folder)))
            began_ms, started = traders.world.market.time_ms, time.perf_counter()
            traders.play(options.days * 1440)
            seconds = time.perf_counter() - started
        is_whole = traders.world.market.time_ms - began_ms == options.days * 1440 * MINUTE_MS
        if not is_whole or traders.filled < 0.9 * traders.orders:
            raise SystemExit(f"not what was to be measured: {traders.filled} of {traders.orders} orders filled")
        return seconds

    await race.run({"aicoin": replay}, options.rounds)
    memory = week_mib()
    race.print("aicoin", {})
    seconds = race.median("aicoin")
    rows: list[dict[str, object]] = []
    for what, figure, goal in (("seconds", seconds, GOAL_S), ("MiB after a week", memory, GOAL_MIB)):
        print(f"  {what:<34} {figure:>12,.1f}   goal ≤ {goal:g} {'met' if figure <= goal else 'MISSED'}")
        rows.append({"title": what, "figure": figure, "goal": goal, "met": figure <= goal})
    write_json(options.json, [race], rows)


if __name__ == "__main__":
    asyncio.run(main())
