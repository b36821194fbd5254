"""The client's side of the WebSocket protocol: subscribe, unsubscribe, ping."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.events import Channel

CHANNELS = tuple(channel.value for channel in Channel)
CLOCK = "clock"
"""The gateway's own channel: the market's time once a second, without a sequence."""


class BadMessage(Exception):
    """A client's message that the protocol does not know; the text says why."""


@dataclass(frozen=True, slots=True)
class Subscribe:
    """`since` is the last sequence number seen of a channel, `epoch` the one that `hello` announced then."""

    channels: tuple[str, ...]
    since: Mapping[str, int]
    epoch: int | None


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ping:
    pass


def parse_message(text: str | bytes) -> Subscribe | Unsubscribe | Ping:
    """A client's message. Raises BadMessage."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise BadMessage("not JSON") from None
    op = body.get("op") if isinstance(body, dict) else None
    if op == "ping":
        return Ping()
    if op not in ("subscribe", "unsubscribe"):
        raise BadMessage("op must be subscribe, unsubscribe or ping")
    channels = _parse_channels(body.get("channels"))
    if op == "unsubscribe":
        return Unsubscribe(channels)
    since, epoch = body.get("since") or {}, body.get("epoch")
    if not isinstance(since, dict) or not all(_is_whole(value) for value in since.values()):
        raise BadMessage("since must map channels to whole numbers")
    if epoch is not None and not _is_whole(epoch):
        raise BadMessage("epoch must be the number that hello announced")
    return Subscribe(channels, since, epoch)


def _parse_channels(listed: Any) -> tuple[str, ...]:
    """The channels, each once."""
    if not isinstance(listed, list) or not listed or not all(name in (*CHANNELS, CLOCK) for name in listed):
        raise BadMessage(f"channels must be a list out of {', '.join((*CHANNELS, CLOCK))}")
    return tuple(dict.fromkeys(listed))


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
