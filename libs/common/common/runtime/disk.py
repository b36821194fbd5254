"""How much room there is on the disk on which the arena keeps its data."""

import os
from decimal import Decimal
from pathlib import Path


def free_percent(folder: Path) -> Decimal | None:
    """What an ordinary user may still fill of the folder's disk, in percent; None where the disk doesn't say.

    A folder that doesn't exist yet lies on the disk of the nearest one that does.
    """
    path = folder.absolute()
    while not path.exists() and path != path.parent:
        path = path.parent
    try:
        disk = os.statvfs(path)
    except OSError:
        return None
    usable = disk.f_blocks - disk.f_bfree + disk.f_bavail
    return None if usable <= 0 else Decimal(100 * disk.f_bavail) / usable
