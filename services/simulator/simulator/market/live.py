"""The real market, relayed from Hyperliquid's public feed."""

from collections.abc import Sequence
from typing import Any

from simulator.market.candles import INTERVALS_MS, STORED
from simulator.market.listing import DEFAULT_LISTING, Listing
from simulator.market.relay import RelayMarket


class LiveMarket(RelayMarket):
    """A relayed market that is halted while the feed is lost.

    States: disconnected (`halt_reason` is set; prices and time stay) and live, once every listed coin's book was
    received since the connection. `disconnect` returns to the first state; the candles of the gap are asked for by
    `gaps` and added by `receive_past`, then `mark_gaps_filled`.
    """

    def __init__(self, seed: int, now_ms: int, listing: Listing = DEFAULT_LISTING) -> None:
        self._disconnect_reason: str | None = "not connected to the feed yet"
        self._awaited = set(listing.coins)
        self._complete_until_ms = 0
        self._is_complete = False
        super().__init__(seed, now_ms, listing)

    @property
    def halt_reason(self) -> str | None:
        return self._disconnect_reason

    def disconnect(self, reason: str) -> None:
        """Halts the market in its last state until every coin is received again."""
        self._disconnect_reason = f"no feed: {reason}"
        self._awaited = set(self.coins)
        if self._is_complete:
            self._complete_until_ms, self._is_complete = self.latest_ms, False

    def receive(self, channel: str, data: Any) -> None:
        super().receive(channel, data)
        if channel == "l2Book" and self._awaited:
            self._awaited.discard(data["coin"])
            if not self._awaited:
                self._disconnect_reason = None

    def gaps(self, count: int) -> list[tuple[str, str, int]]:
        """(coin, interval, from ms) of the last `count` candles of each series, where some are missing."""
        found = []
        for interval in STORED:
            length = INTERVALS_MS[interval]
            newest = self.latest_ms - self.latest_ms % length
            for name, market in self.coins.items():
                first = newest - (count - 1) * length
                known = [candle.open_ms for candle in market.candles.series[interval] if candle.open_ms >= first]
                # The candle during which the feed was lost is incomplete.
                whole = [open_ms for open_ms in known if open_ms + length <= self._complete_until_ms]
                # The newest one comes with the feed itself.
                if (gap := self._first_gap(whole, first, length)) < newest:
                    found.append((name, interval, gap))
        return found

    def mark_gaps_filled(self) -> None:
        """Records that the candles are complete up to now."""
        self._is_complete = True

    def load(self, saved: dict[str, Any], closed: dict[tuple[str, str], list[list[float]]]) -> None:
        super().load(saved, closed)
        self._complete_until_ms = self.latest_ms

    @staticmethod
    def _first_gap(known: Sequence[int], first: int, length: int) -> int:
        for number, open_ms in enumerate(known):
            if open_ms != first + number * length:
                return first + number * length
        return first + len(known) * length
