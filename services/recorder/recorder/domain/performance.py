"""Figures that SQL computes badly: risk-adjusted returns, bootstrap band, time shares. Pure; see docs/statistics.md."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from typing import Final

from common.trading.durations import HOUR_MS

HOURS_A_YEAR: Final = 8_760
MIN_RETURNS: Final = 24
"""With fewer hours than a day's the figures would mean nothing: they are None."""
RESAMPLES: Final = 1_000
BAND: Final = (0.025, 0.975)
ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Holding:
    """One trade's time in the market, ms; `closed_ms` is None while it is open."""

    is_long: bool
    opened_ms: int
    closed_ms: int | None


@dataclass(frozen=True, slots=True)
class TimeShares:
    """Time spent long and short up to `until_ms`, ms, and the positions that have been open since."""

    long_ms: Decimal
    short_ms: Decimal
    until_ms: int | None
    open_longs: int
    open_shorts: int


def hourly_returns(closes: Iterable[tuple[int, Decimal]]) -> list[float]:
    """Simple returns from hour to hour, the first one from the start.

    closes: (hour in ms, growth at its last state), oldest first. An hour in which nothing was recorded returned
    nothing; what happened in it shows in the next recorded one. Ends where everything is lost.
    """
    returns: list[float] = []
    before, last_hour = Decimal(1), None
    for hour_ms, growth in closes:
        if before <= 0:
            break
        if last_hour is not None:
            returns += [0.0] * ((hour_ms - last_hour) // HOUR_MS - 1)
        returns.append(float(growth / before) - 1.0)
        before, last_hour = growth, hour_ms
    return returns


def sharpe_ratio(returns: Sequence[float]) -> float | None:
    """Mean over sample standard deviation (ddof 1) of hourly returns, risk-free rate 0, annualized by √8,760."""
    if len(returns) < MIN_RETURNS:
        return None
    mean = math.fsum(returns) / len(returns)
    deviation = math.sqrt(math.fsum((each - mean) ** 2 for each in returns) / (len(returns) - 1))
    return None if deviation < 1e-12 else mean / deviation * math.sqrt(HOURS_A_YEAR)


def sortino_ratio(returns: Sequence[float]) -> float | None:
    """Mean over downside deviation (root mean square of the negative returns over all hours), annualized alike."""
    if len(returns) < MIN_RETURNS:
        return None
    mean = math.fsum(returns) / len(returns)
    downside = math.sqrt(math.fsum(min(each, 0.0) ** 2 for each in returns) / len(returns))
    return None if downside < 1e-12 else mean / downside * math.sqrt(HOURS_A_YEAR)


def return_band(returns: Sequence[float], draw: Callable[[], float]) -> tuple[float, float] | None:
    """Bounds of the middle 95 % of resampled total returns, as fractions; `draw` returns a random number in [0, 1)."""
    if len(returns) < MIN_RETURNS or min(returns) <= -1.0:
        return None
    return _middle(math.expm1(total) for (total,) in _resampled_totals([returns], draw))


def excess_band(
    returns: Sequence[float], others: Sequence[float], draw: Callable[[], float]
) -> tuple[float, float] | None:
    """Bounds of the middle 95 % of resampled total returns less those of `others` over the same hours, as fractions."""
    if len(returns) < MIN_RETURNS or min(*returns, *others) <= -1.0:
        return None
    totals = _resampled_totals([returns, others], draw)
    return _middle(math.expm1(total) - math.expm1(other) for total, other in totals)


def paired_growths(
    closes: Iterable[tuple[int, Decimal]], prices: Iterable[tuple[int, Decimal]]
) -> list[tuple[int, Decimal, Decimal]]:
    """Each recorded hour in ms with the growth and the price at its end, from the first that has both.

    closes, prices: (hour in ms, value at its end), oldest first. An hour without a price has the one before.
    """
    ahead = list(prices)[::-1]
    price: Decimal | None = None
    pairs = []
    for hour_ms, growth in closes:
        while ahead and ahead[-1][0] <= hour_ms:
            price = ahead.pop()[1]
        if price is not None:
            pairs.append((hour_ms, growth, price))
    return pairs


def _resampled_totals(series: Sequence[Sequence[float]], draw: Callable[[], float]) -> Iterable[list[float]]:
    """Per resample each series' total log return, all of the same hours.

    Circular block bootstrap: blocks of ³√n hours keep the correlation of neighboring hours, 1,000 resamples of n hours.
    """
    count = len(series[0])
    block = round(count ** (1 / 3))
    sums = [list(accumulate(map(math.log1p, (*each, *each[:block])), initial=0.0)) for each in series]
    whole, rest = divmod(count, block)
    for _ in range(RESAMPLES):
        spans = [(int(draw() * count), block) for _ in range(whole)]
        if rest:
            spans.append((int(draw() * count), rest))
        yield [math.fsum(each[start + hours] - each[start] for start, hours in spans) for each in sums]


def _middle(totals: Iterable[float]) -> tuple[float, float]:
    ordered = sorted(totals)
    low, high = (ordered[round(share * (RESAMPLES - 1))] for share in BAND)
    return low, high


def time_shares(holdings: Iterable[Holding]) -> TimeShares:
    """How long the account was long and short. A moment with both counts for each by its share of the positions."""
    changes: dict[int, Counter[bool]] = {}
    for each in holdings:
        changes.setdefault(each.opened_ms, Counter())[each.is_long] += 1
        if each.closed_ms is not None:
            changes.setdefault(each.closed_ms, Counter())[each.is_long] -= 1
    spent = {True: ZERO, False: ZERO}
    open_now: Counter[bool] = Counter()
    until_ms = None
    for time_ms in sorted(changes):
        if until_ms is not None and open_now.total():
            for is_long, count in open_now.items():
                spent[is_long] += Decimal(time_ms - until_ms) * count / open_now.total()
        for is_long, change in changes[time_ms].items():
            open_now[is_long] += change
        until_ms = time_ms
    return TimeShares(spent[True], spent[False], until_ms, open_now[True], open_now[False])
