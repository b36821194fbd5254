"""What each service may do in Redis, made from the catalogs of streams and cache keys. Pure.

A user's rights are selectors: a command passes when one selector allows it together with all of its keys. Commands
inside the bus's functions are judged by the caller's rights too, so a service can't publish through a function what it
can't publish without one. Redis has no rights on consumer groups: who may read a stream under its own group may do so
under another's, which can delay that group's entries or acknowledge them, but writes nothing.
"""

from collections.abc import Iterable
from typing import Final

from common.bus.cache_keys import CACHE, OWN, OWN_SERVICE, CacheKind, CacheSpec
from common.events.catalog import AGENT, CATALOG, DEAD_SUFFIX, LEASED, StreamSpec, role_of

NO_KEYS: Final = ("ping", "hello", "time", "client|setinfo", "client|setname", "fcall|aicoin_version")
OBSERVER: Final = "gateway"
"""Counts the entries of every stream for the page of operations."""
CONSUMING: Final = ("xreadgroup", "xack", "xautoclaim", "xgroup|create", "xpending", "xrange")
READING: Final = ("xrange", "xrevrange", "xread", "xinfo|groups", "xpending")
TRIMMING: Final = ("exists", "xinfo|groups", "xpending", "xtrim", "xlen", "xrange")
WRITING_CACHE: Final = {
    CacheKind.VALUE: ("set",),
    CacheKind.LIST: ("del", "rpop", "rpush", "ltrim", "lrange"),
    CacheKind.SPENDING: ("fcall|aicoin_spend", "hgetall", "hset", "expire"),
}
READING_CACHE: Final = {CacheKind.VALUE: ("get", "mget"), CacheKind.LIST: ("lrange",), CacheKind.SPENDING: ("hgetall",)}
READ, WRITE, BOTH = "%R~", "%W~", "~"


def acl_rules(service: str) -> tuple[str, ...]:
    """The rules of the service's user for ACL SETUSER, from nothing on; its password is not among them."""
    role, streams = role_of(service), CATALOG.values()
    produced = [spec for spec in streams if role in spec.producers]
    consumed = [spec for spec in streams if role in spec.consumers]
    trimmed = [spec for spec in produced if spec.producers[0] == role]
    selectors = [
        *_of_functions(produced, consumed, trimmed),
        *_of_producer(produced),
        *_of_consumer(service, consumed),
        _selector(READING, READ, (spec.type for spec in streams if role in spec.readers)),
        _selector(TRIMMING, BOTH, (spec.type for spec in trimmed)),
        *(_of_observer() if role == OBSERVER else ()),
        *_of_cache(service),
        *(_of_owner(service) if service in LEASED else ()),
    ]
    commands = [f"+{command}" for command in _without_keys(service)]
    return ("-@all", "resetkeys", "resetchannels", "clearselectors", *commands, *filter(None, selectors))


def _without_keys(service: str) -> tuple[str, ...]:
    """The commands that name no key: everybody's, those of a lease, and a transaction for who writes lists."""
    writes_lists = any(spec.kind is CacheKind.LIST and role_of(service) in spec.writers for spec in CACHE)
    transaction = ("multi", "exec", "discard") if writes_lists else ()
    lease = ("fcall|aicoin_acquire", "fcall|aicoin_renew") if service in LEASED else ()
    return (*NO_KEYS, *transaction, *lease)


def _of_owner(service: str) -> Iterable[str | None]:
    yield _selector(("get", "set", "del"), BOTH, (f"bus:lease:{service}", f"bus:fence:{service}"))


def _of_observer() -> Iterable[str | None]:
    yield _selector(("xlen", "xinfo|groups"), READ, CATALOG)
    yield _selector(("xlen",), READ, (stream + DEAD_SUFFIX for stream in CATALOG))


def _of_functions(
    produced: list[StreamSpec], consumed: list[StreamSpec], trimmed: list[StreamSpec]
) -> Iterable[str | None]:
    """The bus's functions by the keys that they are called with; what they do there is judged again."""
    committed = sorted({spec.type for spec in (*produced, *consumed)})
    # A commit of cache keys alone has no stream among its keys, so the command stands without one as well.
    yield _selector(("fcall|aicoin_commit",), BOTH, committed)
    yield _selector(("fcall|aicoin_fail",), BOTH, (spec.type for spec in consumed))
    yield _selector(("fcall|aicoin_trim",), BOTH, (spec.type for spec in trimmed))


def _of_producer(produced: list[StreamSpec]) -> Iterable[str | None]:
    yield _selector(("xadd",), WRITE, (spec.type for spec in produced))
    yield _selector(("hget", "hset"), BOTH, (f"bus:seq:{spec.type}" for spec in produced))
    seen = (f"bus:seen:{spec.type}:*" for spec in produced if spec.deduplicated)
    yield _selector(("exists", "sismember", "sadd", "expire"), BOTH, seen)


def _of_consumer(service: str, consumed: list[StreamSpec]) -> Iterable[str | None]:
    yield _selector(CONSUMING, BOTH, (spec.type for spec in consumed))
    yield _selector(("xadd",), WRITE, (spec.type + DEAD_SUFFIX for spec in consumed))
    failures = (f"bus:failures:{spec.type}:{service}" for spec in consumed)
    yield _selector(("exists", "hincrby", "hdel"), BOTH, failures)


def _of_cache(service: str) -> Iterable[str | None]:
    role = role_of(service)
    for spec in CACHE:
        if role in spec.writers:
            rights = WRITE if spec.kind is CacheKind.VALUE else BOTH
            yield _selector(WRITING_CACHE[spec.kind], rights, [_key(spec, service, is_writer=True)])
    for kind in CacheKind:
        keys = [_key(spec, service) for spec in CACHE if spec.kind is kind and role in spec.readers]
        yield _selector(READING_CACHE[kind], READ, keys)


def _key(spec: CacheSpec, service: str, *, is_writer: bool = False) -> str:
    own = service.removeprefix(f"{AGENT}-") if role_of(service) == AGENT else "*"
    return spec.pattern.replace(OWN, own).replace(OWN_SERVICE, service if is_writer else "*")


def _selector(commands: Iterable[str], rights: str, keys: Iterable[str]) -> str | None:
    """None without a key: a selector without one would allow its commands on none anyway."""
    patterns = [f"{rights}{key}" for key in keys]
    return f"({' '.join([*(f'+{command}' for command in commands), *patterns])})" if patterns else None
