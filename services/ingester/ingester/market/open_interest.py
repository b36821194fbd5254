"""One coin's open interest over the last day, one sample for each minute of market time."""

from collections import deque
from dataclasses import dataclass
from itertools import islice

from common.trading.durations import DAY_MS, HOUR_MS, MINUTE_MS

KEPT_MINUTES = 25 * HOUR_MS // MINUTE_MS
AVERAGED_MINUTES = 4 * HOUR_MS // MINUTE_MS
TOLERATED_MINUTES = 5
"""A change is taken from the sample nearest to where it begins, at most this far from it."""


@dataclass(frozen=True, slots=True)
class OpenInterestSamples:
    """In coin, oldest first; the last one is `newest_minute`'s, counted from 1970. None for a minute without one."""

    newest_minute: int
    samples: list[float | None]


class OpenInterestHistory:
    """The first value of each minute of the last day and an hour."""

    def __init__(self) -> None:
        self._samples: deque[float | None] = deque(maxlen=KEPT_MINUTES)
        self._newest_minute = 0
        self._has_changed = False

    def add(self, open_interest_coin: float, market_ms: int) -> None:
        """Takes what is known at a market time; 0 stands for none. Samples from after it are another market's."""
        minute = market_ms // MINUTE_MS
        if not minute:
            return
        while self._samples and (self._newest_minute > minute or self._samples[-1] is None):
            self._samples.pop()
            self._newest_minute -= 1
        if self._samples:
            if minute == self._newest_minute:
                return
            self._samples.extend([None] * min(minute - self._newest_minute - 1, KEPT_MINUTES))
        self._samples.append(open_interest_coin)
        self._newest_minute, self._has_changed = minute, True

    def restore(self, stored: OpenInterestSamples) -> None:
        """Takes what was stored, unless there are samples already."""
        if not self._samples:
            self._samples.extend(stored.samples)
            self._newest_minute = stored.newest_minute

    def pop_changed(self) -> OpenInterestSamples | None:
        """All samples, if one was added since the last call."""
        has_changed, self._has_changed = self._has_changed, False
        return OpenInterestSamples(self._newest_minute, list(self._samples)) if has_changed else None

    @property
    def average_coin(self) -> float | None:
        """Mean of the last four hours' samples, to eight figures."""
        known = [each for each in islice(reversed(self._samples), AVERAGED_MINUTES) if each is not None]
        return float(f"{sum(known) / len(known):.8g}") if known else None

    def change_1h_percent(self, now_coin: float, market_ms: int) -> float | None:
        """Of what it was an hour before a market time; None while that isn't known."""
        return self._change_percent(now_coin, market_ms - HOUR_MS)

    def change_24h_percent(self, now_coin: float, market_ms: int) -> float | None:
        """Of what it was a day before a market time; None while that isn't known."""
        return self._change_percent(now_coin, market_ms - DAY_MS)

    def _change_percent(self, now_coin: float, then_ms: int) -> float | None:
        place = len(self._samples) - 1 - (self._newest_minute - then_ms // MINUTE_MS)
        if not -TOLERATED_MINUTES <= place < len(self._samples) + TOLERATED_MINUTES:
            return None
        for distance in range(TOLERATED_MINUTES + 1):
            for near in (place - distance, place + distance):
                then_coin = self._samples[near] if 0 <= near < len(self._samples) else None
                if then_coin:
                    return round((now_coin - then_coin) / then_coin * 100, 4)
        return None
