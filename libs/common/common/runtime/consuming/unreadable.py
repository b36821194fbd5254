"""The alerts about entries that were set aside and rows that are left out: one a minute and place at most."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from common.bus.port import Delivery
from common.events.alerts import AlertCode
from common.events.catalog import DEAD_SUFFIX
from common.runtime.clock import Clock
from common.trading.durations import NEVER

EVERY_S: Final = 60.0
CHECK_EVERY_S: Final = 1.0
MAX_KNOWN: Final = 10_000


class Place(NamedTuple):
    """A stream or a table, with the code of its alerts."""

    code: AlertCode
    name: str


@dataclass(slots=True)
class _Noted:
    count: int
    key: str
    reason: str


class UnreadableAlerts:
    """`note_entry` and `note_row` are called by whoever leaves something out; the task `run` alerts what was noted.

    A place is alerted at once and then at most every `EVERY_S`, with the number since. A row that stays where it is and
    is met by every read is noted once per process. What could not be published, because the lease was lost, is alerted
    by the task's next run.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._noted: dict[Place, _Noted] = {}
        self._known_rows: set[tuple[str, str]] = set()
        self._alerted_s: dict[Place, float] = {}
        self._arrived = asyncio.Event()

    def note_entry(self, delivery: Delivery, reason: str) -> None:
        self._note(Place(AlertCode.DEAD_LETTER, delivery.stream), delivery.entry_id, reason)

    def note_row(self, table: str, key: str, reason: str) -> None:
        if (table, key) not in self._known_rows and len(self._known_rows) < MAX_KNOWN:
            self._known_rows.add((table, key))
            self._note(Place(AlertCode.UNREADABLE_ROW, table), key, reason)

    def _note(self, place: Place, key: str, reason: str) -> None:
        earlier = self._noted.get(place)
        self._noted[place] = _Noted(earlier.count + 1 if earlier else 1, key, reason)
        self._arrived.set()

    async def run(self, alert: Callable[[Place, str, dict[str, str]], Awaitable[None]]) -> None:
        """Calls `alert(place, message, figures)` until cancelled."""
        while True:
            await self._arrived.wait()
            for place, noted in list(self._noted.items()):
                if self._clock.monotonic() - self._alerted_s.get(place, NEVER) < EVERY_S:
                    continue
                await alert(place, _message(place, noted), {"entry": noted.key, "count": str(noted.count)})
                self._alerted_s[place] = self._clock.monotonic()
                if self._noted[place] is noted:
                    del self._noted[place]
            if not self._noted:
                self._arrived.clear()
            await self._clock.sleep(CHECK_EVERY_S)


def _message(place: Place, noted: _Noted) -> str:
    if place.code is AlertCode.DEAD_LETTER:
        return f"{place.name}: {noted.count} set aside in {place.name}{DEAD_SUFFIX}; the last: {noted.reason}"
    return f"{place.name}: {noted.count} can't be read and left out; the last: {noted.reason}"
