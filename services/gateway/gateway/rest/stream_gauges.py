"""Sets the gauges of the streams: entries, dead letters, and how far each consumer group lies behind."""

from typing import Any, Final

from common.events.catalog import services_of, streams_read_by
from common.runtime.outages import is_outage
from common.runtime.service import Service
from common.trading.roster import Roster
from gateway.http import metrics
from gateway.rest.operations import read_streams

EVERY_S: Final = 5.0


async def watch_streams(service: Service, roster: Roster) -> None:
    """Looks every few seconds, for ever; in an outage of Redis the figures stay as they were."""
    for group in services_of(roster.ids):
        for stream in streams_read_by(group):
            metrics.GROUP_LAG.labels(stream, group)
            metrics.GROUP_PENDING.labels(stream, group)
    while True:
        try:
            streams, dead = await read_streams(service.redis)
        except Exception as error:
            if not is_outage(error):
                raise
        else:
            note_streams(streams, dead)
        await service.clock.sleep(EVERY_S)


def note_streams(streams: list[dict[str, Any]], dead: list[dict[str, Any]]) -> None:
    """Sets the gauges from the rows of GET operations."""
    letters = {row["stream"]: row["count"] for row in dead}
    for row in streams:
        stream = row["stream"]
        metrics.STREAM_ENTRIES.labels(stream).set(row["length"])
        metrics.DEAD_ENTRIES.labels(stream).set(letters.get(stream, 0))
        for group in row["groups"]:
            metrics.GROUP_LAG.labels(stream, group["name"]).set(group["lag"] or 0)
            metrics.GROUP_PENDING.labels(stream, group["name"]).set(group["pending"])
