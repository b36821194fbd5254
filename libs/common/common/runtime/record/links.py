"""What a chain is made of: an event's record, the texts beside it, and the links over both. Pure.

A *record* is an event as JSON (members in the event's order, no blanks, UTF-8) in which every long text is replaced by
its SHA-256 and its length. A *link* is the SHA-256 of the link before it and the record. So one link commits to every
record and every text before it, and stays checkable when the texts themselves are no longer kept.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from common.events import Event
from common.events.codec import decode, encode
from common.events.market import MarketSnapshot

FORMAT: Final = 1
"""Of records; in each of them."""
MARKET: Final = "_market"
"""The chain of the snapshots, which all contenders share; no contender can be called so."""
FIRST: Final = bytes(32)
"""What the first link of a chain follows."""
TEXT_BYTES: Final = 1_024
"""A string of at least so many bytes is a text of its own."""
DAY_MS: Final = 86_400_000
_COINS: Final = "coins"


class UnreadableRecord(Exception):
    """Bytes that are no record of this format."""


@dataclass(frozen=True, slots=True)
class Text:
    """A long text of an event: where it stands (`data.prompt.user`), its SHA-256 and its bytes."""

    place: str
    hash: bytes
    content: bytes


@dataclass(frozen=True, slots=True)
class TextReference:
    """What a record holds instead of a text. `is_json`: the text is the JSON of what stands there, not a string."""

    place: str
    hash: bytes
    length: int
    is_json: bool


@dataclass(frozen=True, slots=True)
class Record:
    """A link's record, as read: its place in its chain, the arena's run and version, and the event.

    `references` are those that stand in the event, in the order of their places.
    """

    chain: str
    sequence: int
    run_id: str | None
    version: str
    event: dict[str, Any]
    references: tuple[TextReference, ...]

    @property
    def day(self) -> int:
        """The UTC day (counted since 1970) under which its texts are stored."""
        return day_of(self.event["recorded_ms"])


def day_of(time_ms: int) -> int:
    return time_ms // DAY_MS


def chain_of(event: Event[Any]) -> str:
    """The chain that an event belongs to: its contender's, or the market's."""
    return MARKET if isinstance(event.data, MarketSnapshot) else event.data.model


def split_event(event: Event[Any]) -> tuple[dict[str, Any], tuple[Text, ...]]:
    """The event as JSON with references instead of texts, and the texts in the order of their places."""
    body: dict[str, Any] = json.loads(encode(event))
    texts: list[Text] = []
    if isinstance(event.data, MarketSnapshot):
        content = canonical(body["data"].pop(_COINS))
        body["data"][_COINS] = _refer(f"data.{_COINS}", content, texts) | {"is_json": True}
    split = _split(body, "", texts)
    assert isinstance(split, dict)  # noqa: S101 - an object stays one
    return split, tuple(texts)


def join_event(event: Mapping[str, Any], texts: Mapping[bytes, bytes]) -> Event[Any]:
    """The event that `split_event` was given, with texts by their hash. Raises KeyError for a text that is missing."""
    return decode(event["type"], canonical(_join(event, texts)))


def make_record(chain: str, sequence: int, version: str, event: Mapping[str, Any]) -> bytes:
    """A record's bytes. The run is the one in the cycle's id; None for what belongs to no cycle."""
    cycle_id = event.get("cycle_id")
    run_id = cycle_id.rpartition("-")[0] or None if cycle_id else None
    content = {
        "format": FORMAT,
        "chain": chain,
        "sequence": sequence,
        "run_id": run_id,
        "version": version,
        "event": event,
    }
    return canonical(content)


def read_record(record: bytes) -> Record:
    """A record's content. Raises UnreadableRecord."""
    try:
        content = json.loads(record)
        if content.pop("format") != FORMAT:
            raise UnreadableRecord("of another format")
        read = Record(**content, references=tuple(_references(content["event"], "")))
        _ = read.day
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UnreadableRecord(repr(error)) from None
    return read


def next_link(previous: bytes, record: bytes) -> bytes:
    """The link of a record after the link `previous`; after none, `FIRST`."""
    return hashlib.sha256(previous + record).digest()


def canonical(content: Any) -> bytes:
    """The one JSON text of a value. Members keep their order: a prompt shows coins in that of its snapshot."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _refer(place: str, content: bytes, texts: list[Text]) -> dict[str, Any]:
    text = Text(place, hashlib.sha256(content).digest(), content)
    texts.append(text)
    return {"sha256": text.hash.hex(), "bytes": len(content)}


def _split(value: Any, place: str, texts: list[Text]) -> Any:
    match value:
        case str() if len(content := value.encode()) >= TEXT_BYTES:
            return _refer(place, content, texts)
        case dict():
            return {name: _split(each, f"{place}.{name}".removeprefix("."), texts) for name, each in value.items()}
        case list():
            return [_split(each, f"{place}.{index}", texts) for index, each in enumerate(value)]
    return value


def _join(value: Any, texts: Mapping[bytes, bytes]) -> Any:
    match value:
        case {"sha256": str(digest)}:
            content = texts[bytes.fromhex(digest)]
            return json.loads(content) if value.get("is_json") else content.decode()
        case dict():
            return {name: _join(each, texts) for name, each in value.items()}
        case list():
            return [_join(each, texts) for each in value]
    return value


def _references(value: Any, place: str) -> list[TextReference]:
    match value:
        case {"sha256": str(digest), "bytes": int(length)}:
            return [TextReference(place, bytes.fromhex(digest), length, bool(value.get("is_json")))]
        case dict():
            pairs = ((f"{place}.{name}".removeprefix("."), each) for name, each in value.items())
            return [reference for name, each in pairs for reference in _references(each, name)]
        case list():
            return [found for index, each in enumerate(value) for found in _references(each, f"{place}.{index}")]
    return []
