"""Shapes: what counts as a difference, and which elements of a list stand for the others."""

from typing import Any

import pytest
from hyperliquid_shapes import differences, shape, shorten

PAYLOAD = {"px": "1.5", "oid": 7, "hash": "0xab", "side": "B", "tif": None, "crossed": True, "levels": [["1.0", 2]]}


def test_a_shape_names_the_kind_of_each_value() -> None:
    assert shape(PAYLOAD) == {
        "px": "decimal",
        "oid": "int",
        "hash": "hex",
        "side": "text",
        "tif": "null",
        "crossed": "bool",
        "levels": [["decimal", "int"]],
    }


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"px": "15"}, ".px: recorded is decimal, simulated text"),
        ({"oid": "7"}, ".oid: recorded is int, simulated text"),
        ({"crossed": 1}, ".crossed: recorded is bool, simulated int"),
        ({"hash": "0xAB"}, ".hash: recorded is hex, simulated text"),
        ({"levels": [["1.0", 2], ["1.0", "2.0"]]}, ".levels[][1]: recorded is int, simulated decimal"),
    ],
)
def test_another_kind_of_value_is_a_difference(change: dict[str, Any], difference: str) -> None:
    assert list(differences(shape(PAYLOAD), shape(PAYLOAD | change))) == [difference]


def test_a_missing_key_differs_unless_it_is_a_number() -> None:
    recorded = shape({"px": "1.5", "56": 1})
    assert list(differences(recorded, {})) == [".px is missing"]


def test_null_equals_every_kind() -> None:
    assert list(differences(shape(PAYLOAD), shape(PAYLOAD | {"tif": "Gtc", "px": None}))) == []


def test_uniform_lists_and_histories_keep_one_element_tuples_all() -> None:
    assert shorten(["int"] * 3) == ["int"]
    assert shorten(["int", "text"]) == ["int", "text"]
    assert shorten(["int", "text"] * 10) == ["int"]
    assert shorten({"levels": [["int"] * 3, ["int"] * 5]}) == {"levels": [["int"]]}
