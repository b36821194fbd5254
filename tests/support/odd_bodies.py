"""Bodies that a model API could send instead of an answer, generated from a seed: changed in structure and bytes."""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any, Final

ODD_VALUES: Final[list[Any]] = [
    None,
    True,
    False,
    0,
    -1,
    3.5,
    1e308,
    float("inf"),
    float("nan"),
    10**30,
    -(10**12),
    "",
    "x",
    "12",
    "\ud800\x00",
    "多" * 500,
    [],
    {},
    [[]],
    [None],
    [{}],
    {"text": "x"},
    {"text": {"text": 7}},
    [{"text": "x"}, {"image": "y"}, 3],
    {"error": {"message": "busy", "code": 7}},
]
ENCODINGS: Final = ("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "gbk", "latin-1")


def odd_bodies(answer: dict[str, Any], count: int, seed: int) -> Iterator[bytes]:
    """`count` bodies, each a change or two of a valid `answer`; about a quarter is broken as text as well."""
    rng = random.Random(seed)
    for _ in range(count):
        body = copy.deepcopy(answer)
        for _ in range(rng.randint(0, 3)):
            body = _changed(body, rng)
        content = _encoded(body, rng)
        yield _broken(content, rng) if rng.random() < 0.25 else content


def _places(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _places(each, (*path, key))


def _changed(body: Any, rng: random.Random) -> Any:
    """The body with one of its values replaced, removed, wrapped or repeated."""
    *path, last = ("whole", *rng.choice(list(_places(body))))
    whole = {"whole": body}
    parent: Any = whole
    for key in path:
        parent = parent[key]
    value = parent[last]
    kind = rng.randrange(5)
    if kind == 0 and last != "whole":
        del parent[last]
    elif kind == 1:
        parent[last] = [value, value]
    elif kind == 2:
        parent[last] = {"value": value, "text": value}
    else:
        parent[last] = copy.deepcopy(rng.choice(ODD_VALUES))
    return whole["whole"]


def _encoded(body: Any, rng: random.Random) -> bytes:
    encoding = rng.choice(ENCODINGS)
    text = json.dumps(body, ensure_ascii=encoding == "latin-1" or rng.random() < 0.5)
    return text.encode(encoding, "replace")


def _broken(content: bytes, rng: random.Random) -> bytes:
    """The body cut, with a byte changed, twice, deep inside brackets, or among blanks and prose."""
    at = rng.randrange(len(content) + 1)
    kinds = (
        lambda: content[:at],
        lambda: content[:at] + bytes([rng.randrange(256)]) + content[at + 1 :],
        lambda: content + content,
        lambda: b"[" * rng.choice((10, 3_000)) + content,
        lambda: b'{"output":{"choices":' * 2_000 + content,
        lambda: b"\n" * rng.randrange(2_000) + content + b"\n",
        lambda: b"data: " + content,
        lambda: b"",
    )
    return rng.choice(kinds)()
