"""The single list of cache keys: who writes them, who reads them, and what kind of value they hold."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from common.events.catalog import AGENT, SERVICES

OWN: Final = "{contender}"
"""Stands for the contender of the agent that reads or writes; for every other service for any contender."""
OWN_SERVICE: Final = "{service}"
"""Stands for the name of the service that writes; for a reader for any service's."""


class CacheKind(StrEnum):
    """What lies under a key."""

    VALUE = "value"
    LIST = "list"
    SPENDING = "spending"


@dataclass(frozen=True, slots=True)
class CacheSpec:
    """Keys of one pattern, `*` for any part of a name."""

    pattern: str
    writers: tuple[str, ...]
    readers: tuple[str, ...]
    kind: CacheKind = CacheKind.VALUE


CACHE: Final = (
    CacheSpec("price:*", ("ingester",), ("gateway",)),
    CacheSpec("orderbook:*", ("ingester",), ("gateway",)),
    CacheSpec("tape:*", ("ingester",), ("gateway",)),
    CacheSpec("kline:*", ("ingester",), ("gateway",), CacheKind.LIST),
    CacheSpec("open_interest:*", ("ingester",), ("ingester",)),
    CacheSpec("snapshot:latest", ("ingester",), ("ingester", "risk")),
    CacheSpec("run:id", ("ingester",), ("ingester",)),
    CacheSpec("market:source", ("ingester",), ("gateway",)),
    CacheSpec(f"account:{OWN}", ("executor",), ("risk", "gateway", "notifier", AGENT)),
    CacheSpec(f"memory:{OWN}", ("recorder",), ("notifier", AGENT)),
    CacheSpec(f"risk:day:{OWN}", ("risk",), ("notifier", "gateway", AGENT)),
    CacheSpec("risk:limits", ("risk",), ("gateway",)),
    CacheSpec(f"spending:{OWN}:*", (AGENT,), (), CacheKind.SPENDING),
    CacheSpec(f"log:{OWN_SERVICE}", SERVICES, ("gateway",)),
    CacheSpec(f"service:{OWN_SERVICE}", SERVICES, ("gateway", "notifier")),
)
