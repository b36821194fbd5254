"""Watches the disk: measures its room for the gate, and reports when it gets short and when it is over."""

import asyncio
import os
from decimal import Decimal
from enum import IntEnum
from pathlib import Path
from typing import Final

from common.events import AlertCode, AlertSeverity
from common.runtime.service import Service
from risk import metrics
from risk.handlers import RiskHandlers

MEASURE_EVERY_S: Final = 1.0
REPORT_EVERY_S: Final = 2.0
MARGIN_PERCENT: Final = Decimal(1)
"""Above a threshold by so much, what was below it counts as over: room that comes and goes is one alert."""


class Room(IntEnum):
    """How much room there is."""

    ENOUGH = 0
    LOW = 1
    FULL = 2


async def measure_disk(service: Service, handlers: RiskHandlers, folder: Path) -> None:
    """Measures for ever; nothing of it waits for a store."""
    while True:
        handlers.disk_free_percent = await asyncio.to_thread(free_percent, folder)
        if handlers.disk_free_percent is not None:
            metrics.DISK_FREE.set(float(handlers.disk_free_percent))
        await service.clock.sleep(MEASURE_EVERY_S)


async def report_disk(service: Service, handlers: RiskHandlers, low_percent: Decimal) -> None:
    """Alerts at each change, for ever; an alert waits for Redis."""
    before = Room.ENOUGH
    while True:
        free, full_percent = handlers.disk_free_percent, handlers.limits.min_disk_free_percent
        room = before if free is None else room_at(free, before, low_percent, full_percent)
        if free is not None and room is not before:
            await _alert(service, room, free, full_percent)
            before = room
        await service.clock.sleep(REPORT_EVERY_S)


def room_at(free: Decimal, before: Room, low_percent: Decimal, full_percent: Decimal) -> Room:
    """What that share of free room means, after what it has meant before."""
    if free < full_percent + (MARGIN_PERCENT if before is Room.FULL else 0):
        return Room.FULL
    return Room.LOW if free < low_percent + (MARGIN_PERCENT if before is not Room.ENOUGH else 0) else Room.ENOUGH


async def _alert(service: Service, room: Room, free: Decimal, full_percent: Decimal) -> None:
    code, severity, text = {
        Room.ENOUGH: (AlertCode.DISK_FREE, AlertSeverity.INFO, "there is room again, entries go on"),
        Room.LOW: (AlertCode.DISK_LOW, AlertSeverity.WARNING, f"below {full_percent:f} % entries are denied"),
        Room.FULL: (AlertCode.DISK_FULL, AlertSeverity.CRITICAL, "entries are denied; stops and exits go on"),
    }[room]
    shown = f"{free:.1f}"
    await service.alert(code, severity, f"{shown} % of the disk is free: {text}", free_percent=shown)


def free_percent(folder: Path) -> Decimal | None:
    """What an ordinary user may still fill of the folder's disk, in percent; None where the disk doesn't say.

    A folder that doesn't exist yet, or that may not be looked at, lies on the disk of the nearest one that does. Never
    raises: whoever watches the disk must not end when it fails.
    """
    disk = None
    for path in (folder.absolute(), *folder.absolute().parents):
        try:
            disk = os.statvfs(path)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue
        except OSError:
            pass
        break
    if disk is None:
        return None
    usable = disk.f_blocks - disk.f_bfree + disk.f_bavail
    return None if usable <= 0 else Decimal(100 * disk.f_bavail) / usable
