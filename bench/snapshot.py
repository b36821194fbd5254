"""A snapshot of all markets with its indicators, beside nothing but the calls of TA-Lib that it needs.

Run: make bench NAME=snapshot. Before each snapshot a minute passes in which every open candle moves and every minute's
candle closes. The bare calls have the same candles as arrays already. Processor time; only the ratio means something.
"""

import argparse
import asyncio
import time
from collections.abc import Callable

import talib
from market import SERIES, Market
from report import Race, write_json

from common.runtime.garbage_collection import tune_gc
from ingester.market.candles import Columns

CYCLES = 60


def bare_calls(columns: Columns) -> None:
    _, highs, lows, closes, volumes = columns.figures
    talib.EMA(closes, 20)
    talib.EMA(closes, 50)
    talib.MACD(closes, 12, 26, 9)
    talib.RSI(closes, 7)
    talib.RSI(closes, 14)
    talib.ATR(highs, lows, closes, 3)
    talib.ATR(highs, lows, closes, 14)
    talib.SMA(volumes, 20)


class Bench:
    """One market; each candidate works on the minutes that follow those of the one before."""

    def __init__(self) -> None:
        self.market = Market()

    async def arena(self) -> float:
        return self._mean_ms(self.market.freeze)

    async def bare(self) -> float:
        def all_series() -> None:
            for each in columns:
                bare_calls(each)

        columns = [self.market.state.candles.window(series).columns(self.market.boundary_ms) for series in SERIES]
        return self._mean_ms(all_series)

    def _mean_ms(self, work: Callable[[], object]) -> float:
        spent = 0.0
        for _ in range(CYCLES):
            self.market.advance()
            started = time.process_time()
            work()
            spent += time.process_time() - started
        return spent / CYCLES * 1_000


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--redis-url", help="not used")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", help="file for all figures")
    options = parser.parse_args()
    bench = Bench()
    race = Race("snapshot of six coins, six intervals, all indicators", "ms", higher_is_better=False)
    await race.run({"aicoin": bench.arena, "bare TA-Lib calls": bench.bare}, options.rounds)
    write_json(options.json, [race], race.print("aicoin", {"bare TA-Lib calls": 2.0}))


if __name__ == "__main__":
    tune_gc()
    asyncio.run(main())
