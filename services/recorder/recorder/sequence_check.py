"""Looks for gaps in `sequence`: one reader of every whole stream, never a member of a group."""

from dataclasses import dataclass
from typing import Any

from common.events import AlertSeverity
from common.events.catalog import CATALOG
from common.runtime.outages import is_outage
from common.runtime.service import Service
from recorder import metrics

PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Gap:
    """Sequence numbers `first` to `last` of a producer's stream are missing."""

    stream: str
    source: str
    epoch: int
    first: int
    last: int


class Sequences:
    """The last number seen per stream, producer and epoch. Pure."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str, int], int] = {}

    def see(self, stream: str, source: str, epoch: int, sequence: int) -> Gap | None:
        """Notes a number; the gap before it, if there is one. The first number ever seen of an epoch is no gap."""
        key = (stream, source, epoch)
        last = self._last.get(key)
        self._last[key] = max(sequence, last or 0)
        if last is None or sequence <= last + 1:
            return None
        return Gap(stream, source, epoch, last + 1, sequence - 1)


class GapCheck:
    """Reads what is new in each stream now and then. A gap is alerted once."""

    def __init__(self, service: Service, every_s: float) -> None:
        self._service, self._every_s = service, every_s
        self._sequences = Sequences()
        self._after = dict.fromkeys(CATALOG, "0-0")

    async def run(self) -> None:
        while True:
            try:
                for stream in CATALOG:
                    await self._look(stream)
            except Exception as error:
                if not is_outage(error):
                    raise
                self._after = dict.fromkeys(CATALOG, "0-0")
            await self._service.clock.sleep(self._every_s)

    async def _look(self, stream: str) -> None:
        while True:
            entries: list[tuple[bytes, dict[bytes, bytes]]] = await self._service.redis.xrange(
                stream, min=f"({self._after[stream]}", count=PAGE
            )
            for entry_id, fields in entries:
                self._after[stream] = entry_id.decode()
                await self._see(stream, fields)
            if len(entries) < PAGE:
                return

    async def _see(self, stream: str, fields: dict[bytes, Any]) -> None:
        source, epoch, sequence = fields[b"source"].decode(), int(fields[b"epoch"]), int(fields[b"sequence"])
        gap = self._sequences.see(stream, source, epoch, sequence)
        if gap is not None:
            metrics.GAPS.labels(stream).inc(gap.last - gap.first + 1)
            await self._service.alert(
                "SEQUENCE_GAP",
                AlertSeverity.CRITICAL,
                f"{gap.stream} from {gap.source}: {gap.first} to {gap.last} are missing",
                key=(gap.stream, gap.source, gap.epoch, gap.first),
                stream=gap.stream,
            )
