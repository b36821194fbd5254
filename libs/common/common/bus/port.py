"""The bus as services see it: read, commit, count failures, hold a lease, trim.

Every implementation obeys one contract (tests/contract/test_bus_contract.py): outputs and acknowledgement take
effect together and once, whatever reply is lost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from common.events.catalog import CATALOG
from common.events.envelope import Event
from common.events.push import Channel, WsPush

SEEN_WINDOW_MS = 48 * 3_600_000
"""For how long at least an output id is recognised as already published."""

DEAD_STREAM_CAP = 10_000


class Unavailable(Exception):
    """The bus could not be reached or did not answer: the outcome of a write is unknown. Retry after a pause."""


class Fenced(Exception):
    """A newer owner holds the lease, or the bus has forgotten it: nothing of the commit took effect."""


class Delivery(NamedTuple):
    """One stream entry handed to a consumer. `event` is None when it can't be read; `error` then says why."""

    stream: str
    entry_id: str
    event: Event[Any] | None
    error: str | None = None


class Handled(NamedTuple):
    """An entry that was dealt with, and the events that follow from it."""

    stream: str
    entry_id: str
    outputs: Sequence[Event[Any]] = ()


@dataclass(frozen=True, slots=True)
class Fence:
    """Proof of ownership: the lease's name and the token with which it was acquired."""

    lease: str
    token: int


@dataclass(frozen=True, slots=True)
class Commit:
    """One atomic step of `source`: acknowledgements with their outputs, events of outside cause, cache values."""

    source: str
    group: str = ""
    handled: Sequence[Handled] = ()
    events: Sequence[Event[Any]] = ()
    cache: Mapping[str, bytes | str] = field(default_factory=dict)
    fence: Fence | None = None


@dataclass(frozen=True, slots=True)
class CommitResult:
    """`refused`: entries that were no longer ours, whose outputs were dropped. `repeated`: outputs published before."""

    refused: int
    published: int
    repeated: int


@dataclass(frozen=True, slots=True)
class Failure:
    """How often an entry's handler has failed, and whether it has now been moved to the dead-letter stream."""

    count: int
    dead: bool


@dataclass(frozen=True, slots=True)
class Trimmed:
    """What a trim removed; at the hard cap `broken_groups` have lost entries that they had not yet acknowledged."""

    removed: int
    broken_groups: tuple[str, ...]


class Bus(Protocol):
    """The port. Methods raise Unavailable when the bus can't be reached."""

    async def prepare(self, group: str, streams: Sequence[str]) -> None:
        """Creates missing consumer groups (from the stream's beginning) and whatever else commits need."""

    async def read_new(
        self, group: str, consumer: str, streams: Sequence[str], *, count: int, block_ms: int
    ) -> list[Delivery]:
        """Up to `count` entries nobody of the group has read, waiting up to `block_ms`; they become pending."""

    async def read_pending(
        self, group: str, consumer: str, streams: Sequence[str], *, after: Mapping[str, str], count: int
    ) -> list[Delivery]:
        """Entries already delivered to this consumer and not acknowledged, per stream past the id in `after`."""

    async def claim(
        self, group: str, consumer: str, streams: Sequence[str], *, min_idle_ms: int, count: int
    ) -> list[Delivery]:
        """Takes over entries that another consumer has left pending for at least `min_idle_ms`."""

    async def commit(self, commit: Commit) -> CommitResult:
        """Carries out one commit atomically. Raises Fenced when the lease is no longer ours."""

    async def fail(self, group: str, stream: str, entry_id: str, *, reason: str, limit: int) -> Failure:
        """Counts a handler's failure on an entry; at `limit` moves it to `<stream>.dead` and acknowledges it."""

    async def unacknowledged(self, group: str, stream: str, *, count: int) -> list[Event[Any]]:
        """Of the latest `count` events of a stream those that `group` has not acknowledged, oldest first.

        What can't be read is left out; a stream that is gone has none, and without the group all are unacknowledged.
        """

    async def cached(self, keys: Sequence[str]) -> list[bytes | None]:
        """The values of cache keys, None where there is none."""

    async def acquire_lease(self, lease: str, owner: str, *, ttl_ms: int) -> int | None:
        """A fencing token newer than all before, or None while another owner holds the lease."""

    async def renew_lease(self, lease: str, token: int, *, ttl_ms: int) -> bool:
        """Prolongs a lease; False when the token is no longer the newest."""

    async def release_lease(self, lease: str, token: int) -> None:
        """Gives a lease back if the token is still the newest."""

    async def trim(self, stream: str, *, retention_ms: int, hard_cap_entries: int) -> Trimmed:
        """Removes entries older than the retention that every group has acknowledged; past the cap, regardless."""

    async def close(self) -> None:
        """Closes the connections."""


def placing_of(event: Event[Any]) -> tuple[int, str]:
    """(1 if an id already published is dropped, channel within whose own sequence the event counts, or '').

    Price pushes and ticks are states: only the latest counts.
    """
    return _PUSHES[event.data.channel] if event.type == WsPush.TYPE else _OTHERS[event.type]


_PUSHES = {channel: (int(channel is not Channel.PRICE_UPDATE), channel.value) for channel in Channel}
_OTHERS = {spec.type: (int(spec.deduplicated), "") for spec in CATALOG.values()}
