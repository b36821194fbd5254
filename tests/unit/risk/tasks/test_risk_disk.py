"""The disk's room: measured where a file system says it, and one report for each change."""

from decimal import Decimal
from pathlib import Path

import pytest

from risk.tasks.disk import Room, free_percent, room_at

D = Decimal
LOW, FULL = D(10), D(5)


@pytest.mark.parametrize(
    ("before", "free", "room"),
    [
        (Room.ENOUGH, D(10), Room.ENOUGH),
        (Room.ENOUGH, D("9.9"), Room.LOW),
        (Room.ENOUGH, D("4.9"), Room.FULL),
        (Room.LOW, D("10.5"), Room.LOW),
        (Room.LOW, D(11), Room.ENOUGH),
        (Room.LOW, D(5), Room.LOW),
        (Room.FULL, D("5.9"), Room.FULL),
        (Room.FULL, D(6), Room.LOW),
        (Room.FULL, D(11), Room.ENOUGH),
    ],
)
def test_a_threshold_is_left_by_a_margin(before: Room, free: Decimal, room: Room) -> None:
    assert room_at(free, before, LOW, FULL) is room


def test_a_folder_that_is_not_there_yet_lies_on_its_parents_disk(tmp_path: Path) -> None:
    free = free_percent(tmp_path / "not" / "there")
    assert free is not None
    assert 0 <= free <= 100
    assert free_percent(Path("/proc")) is None


def test_a_disk_that_fails_ends_nothing(tmp_path: Path) -> None:
    assert free_percent(tmp_path / ("x" * 300)) is None
