"""The contenders' marks: each has a shape of its own."""

import xml.etree.ElementTree as ElementTree
from typing import get_args

from common.trading.roster import Mark
from gateway.card.marks import HALF, mark_path

MARKS: tuple[Mark, ...] = get_args(Mark)


def test_every_mark_is_drawn_with_a_shape_of_its_own() -> None:
    drawn = [mark_path(mark, 50, 20, "#123456") for mark in MARKS]
    assert len(set(drawn)) == len(MARKS) == 4
    for each in drawn:
        assert ElementTree.fromstring(each).attrib["fill"] == "#123456"


def test_a_mark_stays_within_its_box() -> None:
    for mark in MARKS:
        corners = ElementTree.fromstring(mark_path(mark, 50, 20, "red")).attrib.get("points", "").split()
        for corner in corners:
            x, y = map(float, corner.split(","))
            assert abs(x - 50) <= HALF
            assert abs(y - 20) <= HALF
