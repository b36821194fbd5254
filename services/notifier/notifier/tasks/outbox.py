"""Gathers notices into messages: what comes together is sent together, and not too often."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from common.events import AlertSeverity
from common.runtime.clock import Clock
from notifier.domain.notices import AlertNotice, Notice, TradeNotice
from notifier.domain.words import Message
from notifier.tasks.delivery import Delivery

GATHERED_S: Final = 8.0
CRITICAL_GATHERED_S: Final = 1.0
MOST_LINES: Final = 20
BURST: Final = 10
TICK_S: Final = 0.25

Compose = Callable[[Sequence[Notice], int], Message]
_Entry = tuple[Notice, asyncio.Future[bool]]


class Outbox:
    """Notices in, one message of all that gathered out to every delivery.

    *Gathering* from the first notice on for `GATHERED_S`, `CRITICAL_GATHERED_S` once a critical alert is among them;
    then *held back* while the hour's messages are spent, unless one is critical; then sent. Fills of one order become
    one notice. A message shows `MOST_LINES` notices, critical ones first, and counts the rest.
    """

    def __init__(
        self, deliveries: Sequence[Delivery], compose: Compose, clock: Clock, *, messages_per_hour: int
    ) -> None:
        self._deliveries, self._compose, self._clock = tuple(deliveries), compose, clock
        self._per_s = messages_per_hour / 3600
        self._burst = float(min(BURST, messages_per_hour))
        self._tokens, self._counted_s = self._burst, clock.monotonic()
        self._entries: list[_Entry] = []
        self._first_s = 0.0

    def add(self, notice: Notice) -> Awaitable[bool]:
        """Takes a notice in; the result is true once every target has accepted it, false if one gave it up."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        if not self._entries:
            self._first_s = self._clock.monotonic()
        self._entries.append((notice, future))
        return future

    async def run(self) -> None:
        """Sends for ever."""
        while True:
            await self._clock.sleep(TICK_S)
            if self._is_due():
                self._send()

    def _is_due(self) -> bool:
        if not self._entries:
            return False
        now_s = self._clock.monotonic()
        self._tokens = min(self._burst, self._tokens + (now_s - self._counted_s) * self._per_s)
        self._counted_s = now_s
        is_critical = any(_is_critical(notice) for notice, _ in self._entries)
        gathered_s = CRITICAL_GATHERED_S if is_critical else GATHERED_S
        return now_s - self._first_s >= gathered_s and (is_critical or self._tokens >= 1)

    def _send(self) -> None:
        entries, self._entries = self._entries, []
        self._tokens = max(0.0, self._tokens - 1)
        notices = _joined([notice for notice, _ in entries])
        shown = sorted(notices, key=_is_critical, reverse=True)[:MOST_LINES]
        message = self._compose(shown, len(notices) - len(shown))
        sent = asyncio.gather(*(delivery.add(message) for delivery in self._deliveries))
        sent.add_done_callback(lambda done: _resolve(entries, done))


def _resolve(entries: Sequence[_Entry], done: "asyncio.Future[list[bool]]") -> None:
    for _, future in entries:
        if future.done():
            continue
        if done.cancelled():
            future.cancel()
        else:
            future.set_result(all(done.result()))


def _is_critical(notice: Notice) -> bool:
    return isinstance(notice, AlertNotice) and notice.severity is AlertSeverity.CRITICAL and not notice.is_resolved


def _joined(notices: Sequence[Notice]) -> list[Notice]:
    """The notices with the fills of one order as one, at the place of the first."""
    found: dict[object, Notice] = {}
    for place, notice in enumerate(notices):
        if isinstance(notice, TradeNotice):
            key: object = (notice.model, notice.order_id)
            earlier = found.get(key)
            found[key] = earlier.joined(notice) if isinstance(earlier, TradeNotice) else notice
        else:
            found[place] = notice
    return list(found.values())
