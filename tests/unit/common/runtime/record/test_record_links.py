"""An event is split into a record and its texts, and joined again; a record is read only in its own form."""

import hashlib
import json
from typing import Any

import pytest
from recorded_cycles import cycles

from common.events import AgentDecision, Event
from common.runtime.record.links import (
    FIRST,
    MARKET,
    TEXT_BYTES,
    UnreadableRecord,
    canonical,
    chain_of,
    join_event,
    make_record,
    next_link,
    read_record,
    split_event,
)

EVENTS = cycles(1)
DECISION = next(event for event in EVENTS if isinstance(event.data, AgentDecision))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: f"{event.type} of {chain_of(event)}")
def test_an_event_is_joined_from_its_record_and_texts(event: Event[Any]) -> None:
    body, texts = split_event(event)
    record = read_record(make_record(chain_of(event), 7, "1.0", body))
    run_id = "run" if event.cycle_id else None
    assert (record.chain, record.sequence, record.run_id, record.version) == (chain_of(event), 7, run_id, "1.0")
    assert {(each.place, each.hash) for each in record.references} == {(text.place, text.hash) for text in texts}
    assert join_event(record.event, {text.hash: text.content for text in texts}) == event


def test_every_long_text_of_a_decision_is_beside_its_record() -> None:
    body, texts = split_event(DECISION)
    assert {text.place for text in texts} == {
        "data.prompt.system",
        "data.prompt.user",
        "data.inputs.account_state",
        "data.inputs.limits",
        "data.inputs.strategy",
        "data.calls.0.body",
        "data.calls.0.text",
        "data.calls.1.added_messages.0.content",
    }
    for text in texts:
        assert hashlib.sha256(text.content).digest() == text.hash
        assert len(text.content) >= TEXT_BYTES
    assert len(canonical(body)) < 6_000


def test_the_snapshots_coins_are_one_text() -> None:
    body, [text] = split_event(EVENTS[0])
    assert chain_of(EVENTS[0]) == MARKET
    assert (text.place, body["data"]["coins"]["is_json"]) == ("data.coins", True)


def test_a_link_is_the_hash_of_the_link_before_and_the_record() -> None:
    record = make_record("qwen", 1, "1.0", split_event(DECISION)[0])
    assert next_link(FIRST, record) == hashlib.sha256(bytes(32) + record).digest()
    assert canonical(json.loads(record)) == record


@pytest.mark.parametrize(
    "change",
    [{"format": 2}, {"event": {}}, {"event": []}, {"extra": 1}, {"event": {"recorded_ms": "x"}}],
)
def test_a_record_of_another_form_is_refused(change: dict[str, object]) -> None:
    record = json.loads(make_record("qwen", 1, "1.0", split_event(DECISION)[0]))
    with pytest.raises(UnreadableRecord):
        read_record(canonical(record | change))


def test_bytes_that_are_no_json_are_refused() -> None:
    for record in (b"", b"{", b"[]", b"\xff"):
        with pytest.raises(UnreadableRecord):
            read_record(record)
