"""What a service gives to its consumer: handlers of events, and hooks around them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from common.events.envelope import Event

Outputs = tuple[Event[Any], ...]
Handler = Callable[[Event[Any], int], Outputs | Awaitable[Outputs]]
BatchHandler = Callable[[Sequence[Event[Any]], int], Awaitable[Outputs]]
Hook = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Handlers:
    """What a service does with its events. Either `batch` is used, or the two tables, which are keyed by stream.

    `each`: the loop waits for the result. `deferred`: the loop goes on while the result is awaited. `rebuild` runs at
    the start of every session, `before_commit` between the handlers and each commit. Of the entries that are committed
    together those of the streams in `last` are handled after all others: what they are judged by is what is committed.
    """

    each: dict[str, Handler]
    deferred: dict[str, Handler]
    last: set[str] = field(default_factory=set)
    batch: BatchHandler | None = None
    rebuild: Hook | None = None
    before_commit: Hook | None = None
