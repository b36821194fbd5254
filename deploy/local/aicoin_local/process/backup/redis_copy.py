"""Redis as a part of a backup: every key as Redis itself dumps it, with the time at which it expires.

Layout: per key the lengths of key and dump and the expiry in ms since the epoch (−1: never), then both.
"""

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any, Final, Protocol

import redis

HEADER: Final = struct.Struct(">IIq")
PAGE_KEYS: Final = 200
LEASES: Final = b"bus:lease:"
"""Of processes that are gone when a backup is restored."""
PROBE: Final = "aicoin:restore:probe"


class Writer(Protocol):
    def write(self, data: bytes) -> int: ...


@contextmanager
def paused_writes(client: Any, limit_ms: int) -> Iterator[None]:
    """Holds back every write to Redis; after the limit Redis itself lets them go on."""
    client.execute_command("CLIENT", "PAUSE", limit_ms, "WRITE")
    try:
        yield
    finally:
        client.execute_command("CLIENT", "UNPAUSE")


def dump_keys(client: "redis.Redis", out: Writer) -> int:
    """Writes all keys; returns how many."""
    count = 0
    for keys in _pages(client):
        pipeline: Any = client.pipeline(transaction=False)
        for key in keys:
            pipeline.execute_command("PEXPIRETIME", key)
            pipeline.dump(key)
        replies = pipeline.execute()
        for key, expires_ms, dump in zip(keys, replies[::2], replies[1::2], strict=True):
            if dump is None:
                continue  # It has expired meanwhile.
            out.write(HEADER.pack(len(key), len(dump), expires_ms) + key + dump)
            count += 1
    return count


def load_keys(client: "redis.Redis", source: IO[bytes]) -> int:
    """Restores keys into an empty Redis; returns how many there were, those included that have expired since."""
    count = 0
    while header := source.read(HEADER.size):
        key_length, dump_length, expires_ms = HEADER.unpack(header)
        key, dump = source.read(key_length), source.read(dump_length)
        count += 1
        if expires_ms >= 0:
            client.restore(key, expires_ms, dump, absttl=True)
        else:
            client.restore(key, 0, dump)
    return count


def probe_dump(client: "redis.Redis", source: IO[bytes]) -> None:
    """Restores the first key under a name of its own, and deletes it again. Raises what this Redis says to it."""
    if header := source.read(HEADER.size):
        key_length, dump_length, _ = HEADER.unpack(header)
        source.read(key_length)
        client.restore(PROBE, 0, source.read(dump_length), replace=True)
        client.delete(PROBE)


def _pages(client: "redis.Redis") -> Iterator[Sequence[bytes]]:
    page: list[bytes] = []
    seen: set[bytes] = set()
    for key in client.scan_iter(count=1_000):
        if key in seen or key.startswith(LEASES):
            continue
        seen.add(key)
        page.append(key)
        if len(page) == PAGE_KEYS:
            yield page
            page = []
    if page:
        yield page
