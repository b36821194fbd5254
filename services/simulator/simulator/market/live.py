"""The real market, relayed: what Hyperliquid's public feed says, as long as it says anything."""

from collections.abc import Sequence
from typing import Any

from simulator.market.candles import INTERVALS_MS, STORED
from simulator.market.listing import DEFAULT_LISTING, Listing
from simulator.market.relay import RelayMarket


class LiveMarket(RelayMarket):
    """Stands still from the loss of the feed until every coin has been heard again; then goes on from there."""

    def __init__(self, seed: int, now_ms: int, listing: Listing = DEFAULT_LISTING) -> None:
        self._lost: str | None = "not connected to the feed yet"
        self._awaited = set(listing.coins)
        self._whole_until_ms = 0
        self._is_whole = False
        super().__init__(seed, now_ms, listing)

    @property
    def stillness(self) -> str | None:
        return self._lost

    def lose(self, reason: str) -> None:
        """The feed is gone: what was last known stays."""
        self._lost = f"no feed: {reason}"
        self._awaited = set(self.coins)
        if self._is_whole:
            self._whole_until_ms, self._is_whole = self.heard_ms, False

    def hear(self, channel: str, data: Any) -> None:
        super().hear(channel, data)
        if channel == "l2Book" and self._awaited:
            self._awaited.discard(data["coin"])
            if not self._awaited:
                self._lost = None

    def gaps(self, count: int) -> list[tuple[str, str, int]]:
        """(coin, interval, from ms) of the last `count` candles of each series, where some haven't been heard."""
        found = []
        for interval in STORED:
            length = INTERVALS_MS[interval]
            newest = self.heard_ms - self.heard_ms % length
            for name, market in self.coins.items():
                first = newest - (count - 1) * length
                known = [candle.open_ms for candle in market.candles.series[interval] if candle.open_ms >= first]
                # The candle during which the feed was lost has been heard in part only.
                whole = [open_ms for open_ms in known if open_ms + length <= self._whole_until_ms]
                # The newest one is told by the feed itself.
                if (gap := self._first_gap(whole, first, length)) < newest:
                    found.append((name, interval, gap))
        return found

    def filled(self) -> None:
        """All gaps are filled."""
        self._is_whole = True

    def load(self, saved: dict[str, Any], closed: dict[tuple[str, str], list[list[float]]]) -> None:
        super().load(saved, closed)
        self._whole_until_ms = self.heard_ms

    @staticmethod
    def _first_gap(known: Sequence[int], first: int, length: int) -> int:
        for number, open_ms in enumerate(known):
            if open_ms != first + number * length:
                return first + number * length
        return first + len(known) * length
