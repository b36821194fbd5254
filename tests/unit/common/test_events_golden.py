"""Golden examples: what older services have written stays readable, and is written the same way."""

import json
from pathlib import Path

import pytest

from common.events.catalog import CATALOG
from common.events.codec import decode, encode

EXAMPLES = sorted((Path(__file__).parents[2] / "golden" / "events").glob("*.json"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_read_and_written_unchanged(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    event_type, version = path.stem.rsplit(".v", 1)
    event = decode(event_type, text.encode())
    assert event.version == int(version)
    assert json.loads(encode(event)) == json.loads(text)


def test_every_type_has_an_example_of_its_present_version() -> None:
    present = {f"{spec.type}.v{spec.payload.VERSION}" for spec in CATALOG.values()}
    assert present <= {path.stem for path in EXAMPLES}


def test_a_state_from_before_the_sums_is_still_read() -> None:
    body = json.loads((EXAMPLES[0].parent / "account.updated.v1.json").read_text(encoding="utf-8"))
    del body["data"]["sums"], body["data"]["foreign_positions"]
    event = decode("account.updated", json.dumps(body).encode())
    assert event.data.sums is None
    assert event.data.foreign_positions == ()
