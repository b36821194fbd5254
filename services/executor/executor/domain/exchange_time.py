"""The exchange's clock as seen from here: signing and expiry go by it, whatever this machine's clock shows. Pure."""

from collections import deque
from typing import Final, NamedTuple, Protocol

from common.trading.durations import NEVER

MAX_LAG_MS: Final = 60_000
"""An account state may be that much older than the clock; one that is further away says nothing about it."""
MAX_LEAD_MS: Final = 2_000
"""A state can be ahead of the clock by as much as the clock's answer took; a market that runs faster is further."""
VALID_WITHOUT_CLOCK_MS: Final = 3_600_000
"""How near to this machine's an account state's time must be to count while the exchange's clock was never read."""
LAG_LIMIT_S: Final = 10.0
"""How long an answer of the exchange may show the account as it was before what is known to have happened since."""
WINDOW_S: Final = 300.0
FRESH_S: Final = 60.0
RETRY_S: Final = 60.0
MAX_READINGS: Final = 200


class LocalClock(Protocol):
    """What is needed of this machine's clock."""

    def now_ms(self) -> int: ...
    def monotonic(self) -> float: ...


class _Reading(NamedTuple):
    """A time of the exchange, less the monotonic time at which it arrived."""

    at_s: float
    difference_ms: float


class ExchangeTime:
    """Estimates the exchange's clock from the times in its answers.

    A time in an answer is older than the clock by the way back, and by the lag of a read: of the readings of the last
    minutes the latest one is the nearest. Between readings the monotonic clock counts, so that a jump of this machine's
    clock moves nothing. `observe_clock` takes the exchange's own clock, and is believed also where it jumps.
    `observe_state` takes the time of an account state, which on paper may be that of a recorded or faster market: it
    counts only near the last reading of the clock itself. `is_due` asks for a reading of the clock: while there is
    none, when a refusal contradicts it, and when nothing has confirmed it for FRESH_S; not again within RETRY_S after
    one that failed (`mark_asked`). Without any reading the time is this machine's.

    `seen_ms` is no estimate but the time in the last of these answers: what is void by it is void.
    """

    def __init__(self, clock: LocalClock) -> None:
        self._clock = clock
        self._readings: deque[_Reading] = deque(maxlen=MAX_READINGS)
        self._clock_reading: _Reading | None = None
        self._is_uncertain = False
        self._asked_s = NEVER
        self.seen_ms: int | None = None

    @property
    def is_known(self) -> bool:
        return bool(self._readings)

    @property
    def clock_ms(self) -> int | None:
        """The exchange's own clock now, by its last answer alone; None while it has given none."""
        if self._clock_reading is None:
            return None
        return round(self._clock.monotonic() * 1000 + self._clock_reading.difference_ms)

    @property
    def is_due(self) -> bool:
        """Whether the exchange should be asked for its clock."""
        is_wanted = self._clock_reading is None or self._is_uncertain or self._age_s() > FRESH_S
        return is_wanted and self._clock.monotonic() - self._asked_s >= RETRY_S

    def mark_asked(self) -> None:
        """The exchange is being asked for its clock."""
        self._asked_s = self._clock.monotonic()

    def now_ms(self) -> int:
        """The exchange's time now."""
        if not self._readings:
            return self._clock.now_ms()
        return round(self._clock.monotonic() * 1000 + max(reading.difference_ms for reading in self._readings))

    def ahead_ms(self) -> int | None:
        """How far the exchange's clock is ahead of this machine's; negative when behind, None while it isn't known."""
        return self.now_ms() - self._clock.now_ms() if self._readings else None

    def observe_clock(self, time_ms: int) -> None:
        """The exchange's own clock, as it has just arrived."""
        if self._readings and abs(time_ms - self.now_ms()) > MAX_LAG_MS:
            self._readings.clear()
        self._clock_reading, self._is_uncertain = self._add(time_ms), False

    def observe_state(self, time_ms: int) -> None:
        """The time of an account state, as it has just arrived."""
        if self._clock_reading is None:
            is_near = abs(time_ms - self._clock.now_ms()) <= VALID_WITHOUT_CLOCK_MS
        else:
            clock_ms = self._clock.monotonic() * 1000 + self._clock_reading.difference_ms
            is_near = -MAX_LAG_MS <= time_ms - clock_ms <= MAX_LEAD_MS
        if is_near:
            self._add(time_ms)

    def contradict(self) -> None:
        """The exchange has contradicted the estimate: its clock should be asked for."""
        self._is_uncertain, self._asked_s = True, NEVER

    def _add(self, time_ms: int) -> _Reading:
        now_s = self._clock.monotonic()
        while self._readings and now_s - self._readings[0].at_s > WINDOW_S:
            self._readings.popleft()
        reading = _Reading(now_s, time_ms - now_s * 1000)
        self._readings.append(reading)
        self.seen_ms = time_ms
        return reading

    def _age_s(self) -> float:
        return self._clock.monotonic() - self._readings[-1].at_s if self._readings else float("inf")
