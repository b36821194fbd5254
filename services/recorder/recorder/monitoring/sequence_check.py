"""Reads every stream whole and alerts where a producer's sequence numbers have a gap."""

from typing import Final, cast

from common.events import AlertCode, AlertSeverity
from common.events.catalog import CATALOG
from common.runtime.outages import is_outage
from common.runtime.service import Service
from recorder.domain.sequences import Sequences
from recorder.monitoring import metrics

PAGE_ENTRIES: Final = 1_000


class SequenceCheck:
    """Looks for gaps in the streams themselves, not as a member of a group: a member sees only its share.

    One task runs it beside the handlers and shares nothing with them. Each round reads, per stream, what was added
    since the round before. After an outage of Redis the next round reads every stream from its beginning, since a wiped
    Redis numbers its entries again; the sequence numbers seen so far are kept, so that a process alerts a gap once.
    An entry that is not of the bus is skipped.
    """

    def __init__(self, service: Service, interval_s: float) -> None:
        self._service, self._interval_s = service, interval_s
        self._sequences = Sequences()
        self._last_read = dict.fromkeys(CATALOG, "0-0")

    async def run(self) -> None:
        """Checks every `interval_s` seconds until cancelled, through outages of Redis."""
        while True:
            try:
                await self.check()
            except Exception as error:
                if not is_outage(error):
                    raise
                self._last_read = dict.fromkeys(CATALOG, "0-0")
            await self._service.clock.sleep(self._interval_s)

    async def check(self) -> None:
        """One round: reads what every stream got since the round before."""
        for stream in CATALOG:
            await self._read(stream)

    async def _read(self, stream: str) -> None:
        while True:
            first = f"({self._last_read[stream]}"
            answer = await self._service.redis.xrange(stream, min=first, count=PAGE_ENTRIES)
            entries = cast("list[tuple[bytes, dict[bytes, bytes]]]", answer)
            for entry_id, fields in entries:
                self._last_read[stream] = entry_id.decode()
                try:
                    place = _place_of(fields)
                except (KeyError, ValueError) as error:
                    # A stream with consumer groups has it among its dead letters, with an alert of the consumer.
                    if not CATALOG[stream].consumers:
                        self._service.report_unreadable(stream, entry_id.decode(), repr(error))
                else:
                    await self._check(stream, *place)
            if len(entries) < PAGE_ENTRIES:
                return

    async def _check(self, stream: str, source: str, epoch: int, sequence: int) -> None:
        gap = self._sequences.see(stream, source, epoch, sequence)
        if gap is not None:
            metrics.GAPS.labels(stream).inc(gap.length)
            await self._service.alert(
                AlertCode.SEQUENCE_GAP,
                AlertSeverity.CRITICAL,
                f"{gap.stream} from {gap.source}: {gap.first} to {gap.last} are missing",
                key=(gap.stream, gap.source, gap.epoch, gap.first),
                stream=gap.stream,
            )


def _place_of(fields: dict[bytes, bytes]) -> tuple[str, int, int]:
    """(producer, epoch, sequence number) of an entry. Raises KeyError or ValueError."""
    return fields[b"source"].decode(), int(fields[b"epoch"]), int(fields[b"sequence"])
