"""A market that replays recorded candles, with books and trades that reproduce each candle exactly."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

from simulator.market.candles import (
    DAY_MS,
    HOUR_MS,
    INTERVALS_MS,
    MINUTE_MS,
    STORED,
    STORED_ROWS,
    Candle,
    CandleBook,
    join,
)
from simulator.market.coin_market import Trade
from simulator.market.listing import DEFAULT_LISTING, Listing
from simulator.market.market import Market, hour_of
from simulator.market.recorded.candle_files import InvalidFiles, Row, read_all_candles, read_funding

HISTORY_SHARE = 4
LONGEST_HISTORY_MS = 7 * DAY_MS
MINUTES_MADE = 600
SAMPLE_MS = 15_000
EXTREMES = (Decimal(1) / 3, Decimal(2) / 3)
"""Where in a candle its high and low are reached; which one first follows from its direction."""

Print = tuple[int, Decimal, Decimal]
"""(time in ms, price, size traded there)."""


class CoinPath:
    """A coin's price path through its candles."""

    def __init__(self, rows: Sequence[Row], length_ms: int, size_step: Decimal) -> None:
        self.rows, self.length_ms, self.start_ms, self.size_step = rows, length_ms, rows[0].t, size_step
        self.end_ms = rows[-1].t + length_ms

    def between(self, after_ms: int, until_ms: int) -> Iterator[Print]:
        """The prints in (after, until]: the corners of candles, and the price at `until_ms`."""
        first = max(0, (after_ms + 1 - self.start_ms) // self.length_ms)
        last = min(len(self.rows) - 1, (until_ms - self.start_ms) // self.length_ms)
        for row in self.rows[first : last + 1]:
            corners = self._corners(row)
            inside = [(at, price) for at, price in corners if after_ms < at <= until_ms]
            if row.t <= until_ms < corners[-1][0] and (not inside or inside[-1][0] < until_ms):
                inside.append((until_ms, self._price(corners, until_ms)))
            done = self._volume(row, max(after_ms, row.t - 1), corners)
            for at, price in inside:
                total = self._volume(row, at, corners)
                yield at, price, total - done
                done = total

    def _corners(self, row: Row) -> list[tuple[int, Decimal]]:
        """Open, both extremes and close; the close a millisecond before the next candle's open."""
        extremes = (row.l, row.h) if row.c >= row.o else (row.h, row.l)
        times = [row.t, *(row.t + int(self.length_ms * share) for share in EXTREMES), row.t + self.length_ms - 1]
        return list(zip(times, (row.o, *extremes, row.c), strict=True))

    @staticmethod
    def _price(corners: list[tuple[int, Decimal]], at_ms: int) -> Decimal:
        for (t0, p0), (t1, p1) in pairwise(corners):
            if t0 <= at_ms <= t1:
                return p0 + (p1 - p0) * (at_ms - t0) / (t1 - t0)
        return corners[-1][1]

    def _volume(self, row: Row, at_ms: int, corners: list[tuple[int, Decimal]]) -> Decimal:
        """The volume of a candle up to a time, a multiple of the lot; all of it at its last print."""
        if at_ms < row.t:
            return Decimal(0)
        if at_ms >= corners[-1][0]:
            return row.v
        return (row.v * (at_ms - row.t) / self.length_ms).quantize(self.size_step, rounding="ROUND_DOWN")


class ReplayMarket(Market):
    """Replays a folder of candle files, one a coin, over the time that all of them cover; then it halts.

    The first part of the files is the history that charts show. Funding rates come from the files where they exist.
    """

    def __init__(self, seed: int, folder: Path, listing: Listing = DEFAULT_LISTING, *, shift_ms: int = 0) -> None:
        """Plays the files with all times moved by `shift_ms`."""
        found, length = read_all_candles(folder, listing.coins)
        found = {name: [replace(row, t=row.t + shift_ms) for row in rows] for name, rows in found.items()}
        self.paths = {name: CoinPath(rows, length, listing.coins[name].lot) for name, rows in found.items()}
        self.rates = {
            name: {hour + shift_ms // HOUR_MS: rate for hour, rate in read_funding(folder, name).items()}
            for name in listing.coins
        }
        begin = max(path.start_ms for path in self.paths.values())
        self._end_ms = min(path.end_ms for path in self.paths.values()) - 1
        if self._end_ms - begin < 2 * length:
            raise InvalidFiles(f"{folder}: the coins' files must share at least two candles")
        past = min((self._end_ms - begin) // HISTORY_SHARE, LONGEST_HISTORY_MS)
        start = begin + max(past // length, 1) * length - 1
        super().__init__(
            seed, start, listing=listing, pasts={name: past_of(path, start) for name, path in self.paths.items()}
        )
        self._set_recorded_rates()

    @property
    def end_ms(self) -> int:
        return self._end_ms

    @property
    def halt_reason(self) -> str | None:
        return "the recorded candles have ended" if self.time_ms >= self._end_ms else None

    def _advance(self, now_ms: int) -> dict[str, list[Trade]]:
        trades: dict[str, list[Trade]] = {}
        for name, market in self.coins.items():
            prints = list(self.paths[name].between(self.time_ms, now_ms))
            trades[name] = market.play_prints(prints, self.rng, (now_ms - self.time_ms) / 1000, self.next_tid)
            self.next_tid += 1 + len(prints)
        self.time_ms = now_ms
        self._set_recorded_rates()
        return trades

    def settle_hour(self, name: str) -> tuple[float, float]:
        rate, premium = super().settle_hour(name)
        return self.rates[name].get(hour_of(self.time_ms), rate), premium

    def _set_recorded_rates(self) -> None:
        for name, rates in self.rates.items():
            self.coins[name].reported_rate = rates.get(hour_of(self.time_ms) + 1)

    def load(self, saved: dict[str, Any], closed: dict[tuple[str, str], list[list[float]]]) -> None:
        super().load(saved, closed)
        for market in self.coins.values():
            market.candles.is_continuous = False
        self._set_recorded_rates()


def past_of(path: CoinPath, until_ms: int) -> CandleBook:
    """The candles up to a time, in every interval; intervals shorter than the files' are built from the price path."""
    book = CandleBook()
    book.is_continuous = False
    base = [
        Candle(row.t, float(row.o), float(row.h), float(row.l), float(row.c), float(row.v), max(1, int(row.v > 0)))
        for row in path.rows
        if row.t <= until_ms
    ]
    minutes = [] if path.length_ms == MINUTE_MS else _minutes(path, until_ms)
    for name in STORED:
        source = base if INTERVALS_MS[name] >= path.length_ms else minutes
        book.series[name] = join(source, INTERVALS_MS[name])[-STORED_ROWS[name] :]
    return book


def _minutes(path: CoinPath, until_ms: int) -> list[Candle]:
    out: list[Candle] = []
    first = max(path.start_ms, until_ms + 1 - MINUTES_MADE * MINUTE_MS)
    for at_ms in range(first, until_ms, SAMPLE_MS):
        open_ms = at_ms - at_ms % MINUTE_MS
        for _, price, size in path.between(at_ms - 1, at_ms + SAMPLE_MS - 1):
            if out and out[-1].open_ms == open_ms:
                out[-1].add(float(price), float(size), int(size > 0))
            else:
                out.append(Candle.first(open_ms, float(price), float(size), int(size > 0)))
    return out
