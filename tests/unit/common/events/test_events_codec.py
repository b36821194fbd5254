"""Events survive the wire, repeats are recognizable, and bytes that are no event are refused by name."""

import json
from decimal import Decimal

import pytest
from pydantic import ValidationError

from common.events import Command, ControlCommand, OrderCancelled, OrderRole, derive, derived_id, external_id, originate
from common.events.account import LeverageLimit
from common.events.codec import UnreadableEvent, decode, encode
from common.trading.instruments import Symbol


def cancelled(size: str) -> OrderCancelled:
    return OrderCancelled(
        model="qwen",
        intent_id="i",
        client_order_id="0x1",
        order_id=None,
        symbol=Symbol.DOGE,
        role=OrderRole.ENTRY,
        reason="EXPIRED_UNSENT",
        filled_size_coin=Decimal(size),
    )


def test_an_event_survives_the_wire_with_what_the_bus_assigned() -> None:
    event = originate(cancelled("0.10"), keys=("0x1",), time_ms=5, now_ms=6, cycle_id="c")
    back = decode(event.type, encode(event), source="executor", sequence=3, epoch=9)
    assert (back.source, back.sequence, back.epoch) == ("executor", 3, 9)
    assert back.data == event.data
    assert back.model_dump(exclude={"source", "sequence", "epoch"}) == event.model_dump(
        exclude={"source", "sequence", "epoch"}
    )


def test_sizes_are_plain_decimal_strings_without_exponents() -> None:
    event = originate(cancelled("1E+5"), keys=(1,), time_ms=5, now_ms=6)
    assert json.loads(encode(event))["data"]["filled_size_coin"] == "100000"


@pytest.mark.parametrize("size", ["NaN", "Infinity"])
def test_a_size_must_be_finite(size: str) -> None:
    with pytest.raises(ValueError, match="finite"):
        cancelled(size)


def test_ids_are_functions_of_their_cause() -> None:
    cause = originate(cancelled("1"), keys=("a",), time_ms=5, now_ms=6, cycle_id="c")
    command = ControlCommand(command=Command.HALT, model=None, reason="r", requested_by="t")
    one, again, other = (derive(cause, command, now, index=i) for now, i in ((1, 0), (2, 0), (1, 1)))
    assert one.id == again.id == derived_id(cause.id, "control.command")
    assert other.id != one.id
    assert (one.cause_id, one.cycle_id, one.time_ms) == (cause.id, "c", 5)
    assert external_id("t", "a", 1) != external_id("t", "a", 2)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"{", "EOF"),
        (b"{}", "id"),
        (b'{"id":"x","type":"order.filled","version":1,"time_ms":1,"recorded_ms":1,"data":{}}', "data"),
    ],
)
def test_what_is_no_event_is_refused_by_name(body: bytes, error: str) -> None:
    with pytest.raises(UnreadableEvent, match=error):
        decode("order.cancelled", body)


def test_an_unknown_type_another_type_or_version_is_refused() -> None:
    event = originate(cancelled("1"), keys=(1,), time_ms=5, now_ms=6)
    with pytest.raises(UnreadableEvent, match="catalog"):
        decode("order.lost", encode(event))
    with pytest.raises(UnreadableEvent, match="version 2"):
        decode("order.cancelled", encode(event).replace(b'"version":1', b'"version":2'))
    with pytest.raises(UnreadableEvent, match=r"holds order\.filled"):
        decode("order.cancelled", encode(event).replace(b'"type":"order.cancelled"', b'"type":"order.filled"'))


def test_an_unchecked_fact_is_the_validated_one() -> None:
    fields = {"symbol": Symbol.BTC, "lower_bound_usd": Decimal(1_000), "max_leverage": 20}
    validated, unchecked = LeverageLimit(**fields), LeverageLimit.unchecked(**fields)  # type: ignore[arg-type]
    assert unchecked == validated
    assert unchecked.model_dump_json() == validated.model_dump_json()
    assert unchecked.model_copy(update={"max_leverage": 10}).max_leverage == 10
    with pytest.raises(ValidationError, match="frozen"):
        unchecked.max_leverage = 10
