"""Golden examples: what older services have written stays readable, and is written the same way."""

import json
from pathlib import Path

import pytest

from common.events.catalog import CATALOG
from common.events.codec import UnreadableEvent, decode, encode
from common.trading.instruments import Symbol

FOLDER = Path(__file__).parents[3] / "golden" / "events"
EXAMPLES = sorted(FOLDER.glob("*.json"))


def example(event_type: str, version: int) -> str:
    """The text of one golden example."""
    return (FOLDER / f"{event_type}.v{version}.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_of_any_version_is_read_as_the_present_one(path: Path) -> None:
    event_type = path.stem.rsplit(".v", 1)[0]
    present = CATALOG[event_type].payload.VERSION
    event = decode(event_type, path.read_bytes())
    assert event.version == present
    assert json.loads(encode(event)) == json.loads(example(event_type, present))


def test_every_version_that_is_read_has_an_example() -> None:
    read = {
        f"{spec.type}.v{version}"
        for spec in CATALOG.values()
        for version in (spec.payload.VERSION, *spec.payload.READS)
    }
    assert read == {path.stem for path in EXAMPLES}


def test_an_unknown_version_is_unreadable() -> None:
    body = json.loads(example("risk.denied", 4)) | {"version": 5}
    with pytest.raises(UnreadableEvent, match="version 5"):
        decode("risk.denied", json.dumps(body).encode())


def test_a_state_from_before_the_sums_is_still_read() -> None:
    body = json.loads(example("account.updated", 1))
    del body["data"]["sums"], body["data"]["foreign_positions"]
    event = decode("account.updated", json.dumps(body).encode())
    assert event.data.sums is None
    assert event.data.external_positions == ()


def test_a_command_names_its_coin_where_it_has_one_alone() -> None:
    """Readers from before CLOSE refuse the field: halt, resume and flatten must not carry it."""
    event = decode("control.command", example("control.command", 1).encode())
    assert "symbol" not in json.loads(encode(event))["data"]
    close = event.model_copy(update={"data": event.data.model_copy(update={"symbol": Symbol.ETH})})
    assert json.loads(encode(close))["data"]["symbol"] == "ETH"
    assert decode("control.command", encode(close)).data == close.data
