"""Candle and funding files: one CSV (.csv or .csv.gz) per coin and kind, the coin a word of the file's name."""

import csv
import gzip
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import IO

from simulator.market.candles import HOUR_MS, INTERVALS_MS

CANDLE_COLUMNS = ("t", "o", "h", "l", "c", "v")
FUNDING_COLUMNS = ("time", "fundingRate")


class InvalidFiles(Exception):
    """Files that can't be replayed; the message names the file and the reason."""


@dataclass(frozen=True, slots=True)
class Row:
    """One recorded candle; time in ms, volume in coin."""

    t: int
    o: Decimal
    h: Decimal
    l: Decimal  # noqa: E741 - the files' own name
    c: Decimal
    v: Decimal


def read_all_candles(folder: Path, coins: Iterable[str]) -> tuple[dict[str, list[Row]], int]:
    """Each coin's candles of the shortest interval that all coins have, and its length in ms. Raises InvalidFiles."""
    files = {coin: _files_by_length(folder, coin) for coin in coins}
    shared = set.intersection(*(set(lengths) for lengths in files.values()))
    if not shared:
        raise InvalidFiles(f"{folder}: the coins' files have no interval in common")
    length = min(shared)
    return {coin: _checked(lengths[length], length) for coin, lengths in files.items()}, length


def read_funding(folder: Path, coin: str) -> dict[int, float]:
    """The coin's hourly rates by hour number (time // hour); empty without a file. Raises InvalidFiles."""
    rates: dict[int, float] = {}
    for path in _paths(folder, coin):
        if _columns(path) == FUNDING_COLUMNS:
            try:
                with _opened(path) as file:
                    rates |= {int(r["time"]) // HOUR_MS: float(r["fundingRate"]) for r in csv.DictReader(file)}
            except (OSError, EOFError, ValueError, TypeError) as error:
                raise InvalidFiles(f"{path.name}: {error or type(error).__name__}") from error
    return rates


def _files_by_length(folder: Path, coin: str) -> dict[int, Path]:
    found: dict[int, Path] = {}
    for path in _paths(folder, coin):
        if (columns := _columns(path)) == FUNDING_COLUMNS:
            continue
        if columns != CANDLE_COLUMNS:
            raise InvalidFiles(f"{path.name}: the first line must be {','.join(CANDLE_COLUMNS)}")
        length = _length(path)
        if length in found:
            raise InvalidFiles(f"{path.name} and {found[length].name} hold candles of the same coin and interval")
        found[length] = path
    if not found:
        raise InvalidFiles(f"{folder} must hold a .csv or .csv.gz file of candles with {coin} in its name")
    return found


def _paths(folder: Path, coin: str) -> list[Path]:
    return [path for path in sorted(folder.glob("*.csv*")) if coin in re.split(r"[^A-Za-z0-9]+", path.name)]


def _opened(path: Path) -> IO[str]:
    return gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8")


def _columns(path: Path) -> tuple[str, ...]:
    try:
        with _opened(path) as file:
            return tuple(file.readline().strip().split(","))
    except (OSError, EOFError, ValueError) as error:
        raise InvalidFiles(f"{path.name}: {error or type(error).__name__}") from error


def _length(path: Path) -> int:
    """The interval, by the first two rows."""
    times = [row.t for row in _rows(path, most=2)]
    length = times[1] - times[0] if len(times) == 2 else 0
    if length not in INTERVALS_MS.values():
        raise InvalidFiles(f"{path.name}: at least two candles of one known interval, without gaps, are needed")
    return length


def _rows(path: Path, most: int | None = None) -> list[Row]:
    rows: list[Row] = []
    try:
        with _opened(path) as file:
            for r in csv.DictReader(file):
                rows.append(Row(int(r["t"]), *(Decimal(r[name]) for name in CANDLE_COLUMNS[1:])))
                if len(rows) == most:
                    break
    except (OSError, EOFError, ValueError, TypeError, ArithmeticError) as error:
        raise InvalidFiles(f"{path.name}: {error or type(error).__name__}") from error
    return rows


def _checked(path: Path, length_ms: int) -> list[Row]:
    rows = _rows(path)
    for one, two in pairwise(rows):
        if two.t - one.t != length_ms:
            raise InvalidFiles(
                f"{path.name}: at t={two.t} a candle is missing or out of order; they must be without gaps"
            )
    for row in rows:
        if not 0 < row.l <= min(row.o, row.c) <= max(row.o, row.c) <= row.h or row.v < 0:
            raise InvalidFiles(f"{path.name}: at t={row.t} high and low don't hold open and close")
    return rows
