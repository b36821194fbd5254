"""Compares the synthetic market with recorded candles and funding.

Run: `python -m simulator.market.calibration --data FOLDER`, or `--figures FILE` with the figures of such a folder.

Every figure has a fixed band; the exit code is 1 when one is outside. Figures of returns, volume and
funding are those of the files in FOLDER; spread and depth, of which there are no records of any length, with
single contexts and one book recorded in September and October 2026 (constants below).
"""

import argparse
import csv
import gzip
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.market.candles import INTERVALS_MS, MINUTE_MS
from simulator.market.coin_market import hourly_rate
from simulator.market.listing import DEFAULT_LISTING
from simulator.market.market import Market
from simulator.market.price_process import PriceProcess

COINS = DEFAULT_LISTING.coins
Floats = NDArray[np.float64]
Key = tuple[str, str]
"""(figure, coin or pair)."""

INTERVALS = ("1m", "5m", "1h")
YEAR_MS = 365 * 24 * 60 * MINUTE_MS
FUNDING_HOURS = 8_760
BASE_RATE = 0.0000125
T0_MS = 1_760_000_400_000
IMPACT_SPREAD_BPS = {"BTC": 1.05, "ETH": 0.40, "SOL": 0.90, "BNB": 1.39, "DOGE": 1.18, "XRP": 0.72}
"""Between impactPxs of metaAndAssetCtxs, recorded in October 2026."""
BTC_TOP_USD = 755_000.0
"""Mean of both sides' five best levels of one l2Book of BTC, recorded in September 2026."""


@dataclass(frozen=True, slots=True)
class Band:
    """The allowed deviation of a simulated figure from the recorded one: a ratio, or a difference."""

    low: float
    high: float
    is_ratio: bool

    def holds(self, simulated: float, recorded: float) -> bool:
        if self.is_ratio:
            return self.low * recorded <= simulated <= self.high * recorded
        return self.low <= simulated - recorded <= self.high

    def __str__(self) -> str:
        if self.is_ratio:
            return f"{self.low:g}–{self.high:g} ×"
        return f"± {self.high:g}"


def ratio(low: float, high: float) -> Band:
    return Band(low, high, True)


def within(limit: float) -> Band:
    return Band(-limit, limit, False)


BANDS = {
    # The recorded minutes are five days of one lively week; five minutes are 133 days, hours 324.
    "volatility 1m": ratio(0.5, 1.5),
    "volatility 5m": ratio(0.7, 1.4),
    "volatility 1h": ratio(0.6, 1.5),
    "kurtosis 1m": ratio(0.5, 8),
    "kurtosis 5m": ratio(0.4, 2.5),
    "kurtosis 1h": ratio(0.2, 2.5),
    "autocorrelation of |returns| 1m, lag 1": within(0.25),
    "autocorrelation of |returns| 5m, lag 1": within(0.15),
    "autocorrelation of |returns| 5m, lag 12": within(0.15),
    "autocorrelation of |returns| 1h, lag 1": within(0.25),
    "correlation 5m": within(0.12),
    "volume a day, USD": ratio(0.4, 2.5),
    "spread of log volume 5m": ratio(0.4, 1.6),
    "correlation of |return| and volume 5m": within(0.3),
    "funding: share at the base rate": within(0.2),
    "funding: 5 % quantile": within(0.00004),
    "funding: 95 % quantile": within(0.00004),
    "funding: autocorrelation, lag 1": within(0.15),
    "impact spread, bps": ratio(0.3, 3),
    "five best levels, USD": ratio(0.3, 3),
}


def recorded_figures(folder: Path) -> dict[Key, float]:
    """The figures of the recorded files."""
    closes: dict[str, dict[str, Floats]] = {}
    figures: dict[Key, float] = {}
    for interval in INTERVALS:
        tables = {name: _table(folder / f"hyperliquid_{name}_{interval}.csv.gz") for name in COINS}
        begin, end = max(t[0, 0] for t in tables.values()), min(t[-1, 0] for t in tables.values())
        cut = {name: t[(t[:, 0] >= begin) & (t[:, 0] <= end)] for name, t in tables.items()}
        closes[interval] = {name: t[:, 4] for name, t in cut.items()}
        if interval == "5m":
            for name, table in cut.items():
                figures |= _volume_figures(name, table[:, 4], table[:, 5] * table[:, 4])
    figures |= _return_figures(closes)
    for name in COINS:
        figures |= _funding_figures(name, _table(folder / f"hyperliquid_{name}_funding_1h.csv.gz")[-FUNDING_HOURS:, 1])
        figures["impact spread, bps", name] = IMPACT_SPREAD_BPS[name]
    return figures | {("five best levels, USD", "BTC"): BTC_TOP_USD}


def read_figures(path: Path) -> dict[Key, float]:
    """Recorded figures as a file keeps them: {"figures": {figure: {coin or pair: value}}}."""
    figures: dict[str, dict[str, float]] = json.loads(path.read_text(encoding="utf-8"))["figures"]
    return {(figure, name): value for figure, values in figures.items() for name, value in values.items()}


def simulated_figures(days: int, seed: int) -> dict[Key, float]:
    """The figures of so many simulated days, minute by minute; spread and depth from ten minutes of books."""
    process, rng = PriceProcess(COINS), random.Random(seed)
    steps = [process.next(rng, 60.0) for _ in range(days * 1440)]
    closes: dict[str, dict[str, Floats]] = {interval: {} for interval in INTERVALS}
    figures: dict[Key, float] = {}
    for name, coin in COINS.items():
        path = coin.start_price * np.exp(np.cumsum([step[name].log_return for step in steps]))
        for interval in INTERVALS:
            count = INTERVALS_MS[interval] // MINUTE_MS
            closes[interval][name] = path[count - 1 :: count]
        minutes = np.array([step[name].activity for step in steps]) * coin.day_volume_usd / 1440
        figures |= _volume_figures(name, closes["5m"][name], minutes.reshape(-1, 5).sum(axis=1))
        premiums = np.array([step[name].basis for step in steps]).reshape(-1, 60).mean(axis=1)
        figures |= _funding_figures(name, np.array([hourly_rate(float(premium)) for premium in premiums]))
    return figures | _return_figures(closes) | _book_figures(seed)


def _table(path: Path) -> Floats:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    return np.array(rows, dtype=np.float64)


def _return_figures(closes: dict[str, dict[str, Floats]]) -> dict[Key, float]:
    figures: dict[Key, float] = {}
    for interval, paths in closes.items():
        returns = {name: np.diff(np.log(path)) for name, path in paths.items()}
        for name, each in returns.items():
            figures[f"volatility {interval}", name] = float(each.std() * np.sqrt(YEAR_MS / INTERVALS_MS[interval]))
            figures[f"kurtosis {interval}", name] = float((((each - each.mean()) / each.std()) ** 4).mean())
            for lag in (1, 12) if interval == "5m" else (1,):
                figures[f"autocorrelation of |returns| {interval}, lag {lag}", name] = _autocorrelation(
                    np.abs(each), lag
                )
        if interval == "5m":
            names = list(returns)
            table = np.corrcoef([returns[name] for name in names])
            for i, one in enumerate(names):
                for j in range(i + 1, len(names)):
                    figures["correlation 5m", f"{one}-{names[j]}"] = float(table[i, j])
    return figures


def _volume_figures(name: str, closes: Floats, usd: Floats) -> dict[Key, float]:
    moves = np.abs(np.diff(np.log(closes)))
    return {
        ("volume a day, USD", name): float(usd.mean() * 288),
        ("spread of log volume 5m", name): float(np.log(usd[usd > 0]).std()),
        ("correlation of |return| and volume 5m", name): float(np.corrcoef(moves, usd[1:])[0, 1]),
    }


def _funding_figures(name: str, rates: Floats) -> dict[Key, float]:
    return {
        ("funding: share at the base rate", name): float((np.abs(rates - BASE_RATE) < 1e-9).mean()),
        ("funding: 5 % quantile", name): float(np.quantile(rates, 0.05)),
        ("funding: 95 % quantile", name): float(np.quantile(rates, 0.95)),
        ("funding: autocorrelation, lag 1", name): _autocorrelation(rates, 1),
    }


def _autocorrelation(values: Floats, lag: int) -> float:
    return float(np.corrcoef(values[lag:], values[:-lag])[0, 1])


def _book_figures(seed: int) -> dict[Key, float]:
    market = Market(seed, T0_MS)
    spreads: dict[str, list[float]] = {name: [] for name in COINS}
    depths = []
    for _ in range(600):
        market.step(market.time_ms + 1_000)
        for name, each in market.coins.items():
            bid, ask = each.impact_prices()
            spreads[name].append((ask - bid) / each.mid * 1e4)
        btc = market.coins["BTC"]
        depths += [sum(float(level.price * level.size) for level in side[:5]) for side in (btc.bids, btc.asks)]
    figures = {("impact spread, bps", name): float(np.mean(values)) for name, values in spreads.items()}
    return figures | {("five best levels, USD", "BTC"): float(np.mean(depths))}


def verdicts(simulated: dict[Key, float], recorded: dict[Key, float]) -> list[tuple[Key, float, float, Band, bool]]:
    """(figure, simulated, recorded, band, whether it holds) of everything that was recorded."""
    rows = []
    for figure, band in BANDS.items():
        for key, value in recorded.items():
            if key[0] == figure:
                rows.append((key, simulated[key], value, band, band.holds(simulated[key], value)))
    return rows


def table_of(rows: Sequence[tuple[Key, float, float, Band, bool]]) -> str:
    """The verdicts as a table of Markdown."""
    lines = ["| figure | of | simulated | recorded | band | |", "|---|---|---:|---:|---|---|"]
    for (figure, name), simulated, recorded, band, holds in rows:
        verdict = "ok" if holds else "OUTSIDE"
        lines.append(f"| {figure} | {name} | {_shown(simulated)} | {_shown(recorded)} | {band} | {verdict} |")
    return "\n".join(lines)


def _shown(value: float) -> str:
    if abs(value) >= 10_000:
        return f"{value:,.0f}"
    return f"{value:.7f}" if abs(value) < 0.001 else f"{value:.2f}"


def main() -> None:
    parser: Any = argparse.ArgumentParser(description=__doc__)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", type=Path, help="folder of the recorded candles and funding")
    source.add_argument("--figures", type=Path, help="file of figures derived from such a folder")
    parser.add_argument("--days", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    recorded = recorded_figures(options.data) if options.data else read_figures(options.figures)
    rows = verdicts(simulated_figures(options.days, options.seed), recorded)
    sys.stdout.write(table_of(rows) + "\n")
    outside = sum(1 for row in rows if not row[-1])
    sys.stdout.write(f"\n{len(rows) - outside} of {len(rows)} figures within their bands\n")
    raise SystemExit(1 if outside else 0)


if __name__ == "__main__":
    main()
