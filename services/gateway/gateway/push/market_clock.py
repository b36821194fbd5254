"""The market's time as the gateway knows it, learned from the ingester's pushes."""

from typing import Any, Final

from common.runtime.clock import Clock
from common.runtime.outages import is_outage
from common.runtime.service import Service
from gateway.storage.market_cache import MarketCache

PATIENCE_S: Final = 3.0
"""A single push may come late; when all of so many seconds lie behind the clock, the clock is wrong."""
SPEED_EVERY_S: Final = 1.0


class MarketClock:
    """Runs `speed` times as fast as the monotonic clock, from the newest market time that was pushed.

    A push arrives late by more or less, so the one that lies furthest ahead is nearest to the truth: a later one never
    sets the clock back, and silence doesn't stop it, so that what stands still grows old. Only when every push of
    PATIENCE_S lies behind, as after a restart with another market, the clock is set to the foremost of them.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.speed = 1.0
        self._market_ms: float | None = None
        self._at_s = 0.0
        self._is_assumed = False
        self._behind_since_s: float | None = None
        self._least_lag_ms = 0.0

    def assume(self, market_ms: int, age_s: float) -> None:
        """Takes the market time of an earlier push, `age_s` after it was made, until one arrives."""
        if self._market_ms is None or self._is_assumed:
            self._set(market_ms + max(0.0, age_s) * self.speed * 1000)
            self._is_assumed = True

    def observe(self, market_ms: int) -> None:
        """Takes the market time of a push that has just arrived."""
        shown_ms = self._now()
        if shown_ms is None or self._is_assumed or market_ms >= shown_ms:
            self._set(market_ms)
            return
        now_s, lag_ms = self._clock.monotonic(), shown_ms - market_ms
        if self._behind_since_s is None:
            self._behind_since_s, self._least_lag_ms = now_s, lag_ms
        self._least_lag_ms = min(self._least_lag_ms, lag_ms)
        if now_s - self._behind_since_s >= PATIENCE_S:
            self._set(shown_ms - self._least_lag_ms)

    def set_speed(self, speed: float) -> None:
        """From now on the market runs so many times as fast as the wall clock."""
        if speed != self.speed:
            shown_ms = self._now()
            if shown_ms is not None:
                self._market_ms, self._at_s = shown_ms, self._clock.monotonic()
            self.speed = speed

    def now_ms(self) -> int | None:
        """The market's time now, None before the first push."""
        shown_ms = self._now()
        return None if shown_ms is None else round(shown_ms)

    def reading(self) -> dict[str, Any]:
        """What pages learn: this machine's time, the market's, and its speed."""
        return {"time_ms": self._clock.now_ms(), "market_ms": self.now_ms(), "market_speed": self.speed}

    def _now(self) -> float | None:
        if self._market_ms is None:
            return None
        return self._market_ms + (self._clock.monotonic() - self._at_s) * self.speed * 1000

    def _set(self, market_ms: float) -> None:
        self._market_ms, self._at_s = market_ms, self._clock.monotonic()
        self._is_assumed, self._behind_since_s = False, None


async def follow_speed(market_clock: MarketClock, market: MarketCache, service: Service) -> None:
    """Keeps the clock at the speed that the ingester has found out, until cancelled."""
    while True:
        try:
            market_clock.set_speed((await market.source()).speed)
        except Exception as error:
            if not is_outage(error):
                raise
        await service.clock.sleep(SPEED_EVERY_S)
