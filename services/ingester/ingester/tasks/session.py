"""The market session: what the connection delivers, and whether the market is connected and known."""

from common.runtime.service import Service
from common.trading.durations import NEVER
from common.trading.instruments import Symbol
from ingester import metrics
from ingester.exchange.feed import Feed
from ingester.exchange.throttled_warnings import ThrottledWarnings
from ingester.exchange.wire import MARKET_CHANNELS, Frame, UnreadableFrame
from ingester.market.market_time import MarketTime
from ingester.market.state import MarketState


class MarketSession:
    """Owns the market's state and market time.

    The connection calls `receive`, `on_change` and `find_silent_stream`; the tick loop calls `apply_pending`. Nothing
    in here awaits, so the two never see each other's half-done work. A lost connection marks every candle series as
    possibly incomplete; prices stay until newer ones come, and their age shows in their receipt times.
    """

    def __init__(
        self, service: Service, market: MarketState, warnings: ThrottledWarnings, *, stall_limit_s: float
    ) -> None:
        self.market, self.is_connected = market, False
        self._service, self._clock = service, service.clock
        self._warnings, self._stall_limit_s = warnings, stall_limit_s
        self._feed, self._time = Feed(market), MarketTime()
        self._connected_at_s = NEVER
        self._moved = 0, self._clock.monotonic()
        self._frames = dict.fromkeys(MARKET_CHANNELS, 0)
        for channel in MARKET_CHANNELS:
            metrics.FRAMES.labels(channel)

    def receive(self, frame: Frame) -> None:
        """Takes one frame; one that can't be read is skipped and counted."""
        if frame.channel not in self._frames:
            return
        self._frames[frame.channel] += 1
        try:
            self._feed.receive(frame, self._clock.now_ms())
        except UnreadableFrame as error:
            self._warnings.report_unreadable(str(error))

    def on_change(self, is_connected: bool, reason: str) -> None:
        """Begins or ends a connection; a loss is reported once, also when several attempts fail after it."""
        if is_connected:
            self._feed.begin_connection(self._clock.now_ms())
            self._connected_at_s = self._clock.monotonic()
        elif self.is_connected:
            self.market.candles.mark_disconnected()
        self.is_connected = is_connected
        metrics.CONNECTED.set(is_connected)
        self.report_readiness(reason)

    def find_silent_stream(self) -> str | None:
        """A stream that has been silent past the stall limit."""
        return self._feed.find_silent_stream(self.fresh_since_ms())

    def apply_pending(self) -> set[Symbol]:
        """Applies the pending frames and the exchange time they carry; returns the coins that changed."""
        applied = self._feed.apply_pending(self.market_ms())
        self._time.observe(self._feed.newest_ms, self._clock.monotonic())
        if self._feed.newest_ms not in (0, self._moved[0]):
            self._moved = self._feed.newest_ms, self._clock.monotonic()
        for reason in applied.unreadable:
            self._warnings.report_unreadable(reason)
        return applied.changed

    def market_ms(self) -> int:
        """Market time, 0 before the first exchange time."""
        return self._time.now_ms(self._clock.monotonic())

    def fresh_since_ms(self) -> int:
        """The wall time before which a price counts as old."""
        return self._clock.now_ms() - round(self._stall_limit_s * 1000)

    def connected_for_s(self) -> float:
        return self._clock.monotonic() - self._connected_at_s

    def report_readiness(self, reason: str = "") -> None:
        unknown = self.market.list_unknown()
        waiting = f"waiting for the first prices of {', '.join(unknown)}" if unknown else ""
        self._service.set_ready("market", self.is_connected and not unknown, reason or waiting)

    def report_metrics(self) -> None:
        now_ms = self._clock.now_ms()
        for channel, count in self._frames.items():
            metrics.FRAMES.labels(channel).inc(count)
            self._frames[channel] = 0
        silent_s = (now_ms - min(self._feed.received_ms.values(), default=now_ms)) / 1000
        # A connection begins with the newest of every stream, also of a market that stands still.
        metrics.MARKET_AGE_S.set(max(0.0, silent_s, self._clock.monotonic() - self._moved[1]))
        metrics.COMPLETE_SERIES.set(len(self.market.candles.complete))
