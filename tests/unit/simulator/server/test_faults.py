"""Pending faults: how often, to which target, and what becomes of a message."""

from typing import Any

import pytest

from simulator.server.faults import Faults, InvalidFault


def faults_with(**fault: Any) -> Faults:
    faults = Faults()
    faults.add({"where": "ws"} | fault)
    return faults


def test_a_fault_applies_to_its_target_count_times() -> None:
    faults = faults_with(where="http", kind="429", target="/info", count=2)
    taken = [faults.take(faults.http, [path], "http", 0) for path in ("/exchange", "/info", "/info", "/info")]
    assert [fault is not None for fault in taken] == [False, True, True, False]
    assert faults.counts == {"http.429": 2}


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        ("drop", []),
        ("duplicate", [(0.0, "a"), (0.0, "a")]),
        ("disconnect", [(0.0, None)]),
        ("delay", [(1.0, "a")]),
    ],
)
def test_messages_by_kind_of_fault(kind: str, sent: list[tuple[float, str | None]]) -> None:
    assert faults_with(kind=kind).messages("trades", "a", []) == sent


def test_a_reordered_message_follows_the_next_one() -> None:
    faults, held = faults_with(kind="reorder"), list[str]()
    assert faults.messages("trades", "a", held) == []
    assert faults.messages("trades", "b", held) == [(0.0, "b"), (0.0, "a")]


def test_reset_removes_faults_and_keeps_counts() -> None:
    faults = faults_with(kind="drop", count=5)
    faults.messages("trades", "a", [])
    faults.reset()
    assert (faults.messages("trades", "a", []), faults.counts) == ([(0.0, "a")], {"ws.drop": 1})


@pytest.mark.parametrize(
    "body", [None, {"where": "disk"}, {"where": "ws", "kind": "429"}, {"where": "ws", "kind": "drop", "count": 0}]
)
def test_an_invalid_description_is_refused(body: Any) -> None:
    with pytest.raises(InvalidFault):
        Faults().add(body)
