"""The bus as services see it: read, commit, count failures, hold a lease, trim.

Every implementation obeys one contract (tests/contract/test_bus_contract.py): outputs and acknowledgment take
effect together and once, whatever reply is lost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from common.events.catalog import CATALOG
from common.events.envelope import Event
from common.events.push import Channel, WsPush

SEEN_WINDOW_MS = 48 * 3_600_000
"""For how long at least an output id is recognized as already published."""


class BusError(Exception):
    """What a bus raises besides errors of its caller."""


class Unavailable(BusError):
    """The bus could not be reached or did not reply: the outcome of a write is unknown. Retry after a pause."""


class WrongKind(Unavailable):
    """A key of the bus holds another type of value: what concerns it has to wait, as if the bus were unavailable."""


class Fenced(BusError):
    """A newer owner holds the lease, or the bus has lost its record of it: nothing of the commit took effect."""


class Delivery(NamedTuple):
    """One stream entry as delivered to a consumer. `event` is None when it can't be read; `error` has the reason."""

    stream: str
    entry_id: str
    event: Event[Any] | None
    error: str | None = None


class Handled(NamedTuple):
    """An entry whose handler has returned, and the events that follow from it."""

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
    """One atomic step of `source`: acknowledgments with their outputs, events of outside cause, cache values."""

    source: str
    group: str = ""
    handled: Sequence[Handled] = ()
    events: Sequence[Event[Any]] = ()
    cache: Mapping[str, bytes | str] = field(default_factory=dict)
    fence: Fence | None = None


@dataclass(frozen=True, slots=True)
class CommitResult:
    """`refused`: entries that were no longer pending, whose outputs were dropped. `repeated`: ids published before."""

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
    """The port.

    Every method raises Unavailable when the bus can't be reached. A read that raised has changed nothing that a repeat
    would not find; a write that raised either took effect wholly or not at all, and its caller doesn't know which. Any
    number of tasks may call; commits are atomic and take effect one after another.
    """

    async def prepare(self, group: str, streams: Sequence[str]) -> None:
        """Creates missing consumer groups (from the stream's beginning) and whatever else commits need.

        Call it before the first read or commit and again after any Unavailable: a bus that was wiped has lost both.
        Existing groups keep their position.
        """

    async def read_new(
        self, group: str, consumer: str, streams: Sequence[str], *, count: int, block_ms: int
    ) -> list[Delivery]:
        """Up to `count` entries per stream that no consumer of the group has read; they become pending for `consumer`.

        Waits up to `block_ms` for the first one. Entries of one stream come in order; streams come in the order given.
        When the reply is lost, the entries are pending all the same: `read_pending` returns them.
        """

    async def read_pending(
        self, group: str, consumer: str, streams: Sequence[str], *, after: Mapping[str, str], count: int
    ) -> list[Delivery]:
        """Up to `count` entries per stream that are pending for `consumer`, past the id in `after`, in order.

        An entry that was trimmed while pending is delivered with `event` None.
        """

    async def claim(
        self, group: str, consumer: str, streams: Sequence[str], *, min_idle_ms: int, count: int
    ) -> list[Delivery]:
        """Makes entries that have been pending for at least `min_idle_ms` pending for `consumer`, whoever had them.

        Their former consumer is not informed: its commit of them is refused once this one has acknowledged them, so a
        claimed entry can be handled twice but takes effect once.
        """

    async def commit(self, commit: Commit) -> CommitResult:
        """Carries out one commit atomically: acknowledgments, their outputs, further events, cache values.

        Outputs of an entry are published only if this commit acknowledged it; an entry that is no longer pending counts
        as refused and its outputs are dropped. A deduplicated stream drops an id published within `SEEN_WINDOW_MS`,
        so that a repeat after Unavailable publishes nothing twice. The bus assigns `source`, `sequence` and `epoch`.
        Raises Fenced, with nothing done, when the fence is older than the lease's newest token.
        """

    async def fail(self, group: str, stream: str, entry_id: str, *, reason: str, limit: int) -> Failure:
        """Counts a handler's failure on a pending entry; at `limit` moves it to `<stream>.dead` and acknowledges it.

        The count is the group's, kept with the entry across restarts, and ends with its acknowledgment. An entry that
        is no longer pending counts nothing: Failure(0, False).
        """

    async def unacknowledged(self, group: str, stream: str, *, count: int) -> list[Event[Any]]:
        """Of the latest `count` events of a stream those that `group` has not acknowledged, oldest first.

        Reads only: nothing becomes pending. Entries that can't be decoded are left out; a stream that does not exist
        has none, and without the group all are unacknowledged.
        """

    async def cached(self, keys: Sequence[str]) -> list[bytes | None]:
        """The values of cache keys, None where there is none; all as of one moment."""

    async def acquire_lease(self, lease: str, owner: str, *, ttl_ms: int) -> int | None:
        """A fencing token newer than all before, or None while another owner's lease has not expired.

        The owner that holds the lease gets a new token, which fences its earlier one.
        """

    async def renew_lease(self, lease: str, token: int, owner: str, *, ttl_ms: int) -> bool:
        """Prolongs a lease; False when the token is no longer the newest. An expired lease is held again."""

    async def release_lease(self, lease: str, token: int) -> None:
        """Gives a lease back if the token is still the newest; otherwise does nothing."""

    async def trim(self, stream: str, *, retention_ms: int, hard_cap_entries: int) -> Trimmed:
        """Removes entries older than the retention that every group has acknowledged; past the cap, regardless."""

    async def close(self) -> None:
        """Closes the connections; a later call of another method opens them again."""


def publication_of(event: Event[Any]) -> tuple[int, str]:
    """(1 if an id already published is dropped, the channel that has a sequence of its own, or '').

    Price pushes and ticks are states, of which only the latest matters: their ids are not remembered.
    """
    return _PUSHES[event.data.channel] if event.type == WsPush.TYPE else _OTHERS[event.type]


_PUSHES = {channel: (int(channel is not Channel.PRICE_UPDATE), channel.value) for channel in Channel}
_OTHERS = {spec.type: (int(spec.deduplicated), "") for spec in CATALOG.values()}
