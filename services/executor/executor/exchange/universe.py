"""The exchange's instruments, and the file that keeps the last ones: without `meta` nothing could be signed."""

import contextlib
import json
import os
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from executor.exchange.errors import ExchangeUnavailable
from executor.exchange.http import ExchangeConfig, run_within

UNIVERSE_FILE: Final = "universe.json"
"""In the executor's data folder."""
DISK_LIMIT_S: Final = 1.0
"""A disk that takes longer has nothing kept: no close waits for it."""

Row = dict[str, Any]


async def ask_universe(ask: Callable[[Row], Awaitable[Any]], config: ExchangeConfig) -> Any:
    """The answer to `meta`, or the one that was kept last. Raises ExchangeUnavailable without either."""
    try:
        return await ask({"type": "meta", "dex": ""})
    except ExchangeUnavailable:
        kept = None
        if config.universe_file is not None:
            with contextlib.suppress(TimeoutError):
                kept = await run_within(DISK_LIMIT_S, partial(read_universe, config))
        if kept is None:
            raise
        return kept


def read_universe(config: ExchangeConfig) -> Any:
    """What is kept of this exchange; None where there is none that can be read."""
    with contextlib.suppress(OSError, ValueError, LookupError, TypeError):
        kept = json.loads(Path(config.universe_file or "").read_bytes())
        if kept["url"] == config.url.rstrip("/") and kept["meta"]["universe"]:
            return kept["meta"]
    return None


def keep_universe(config: ExchangeConfig, meta: Any) -> None:
    """Keeps the instruments, as far as the disk lets it."""
    if config.universe_file is None:
        return
    unfinished = config.universe_file.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):
        unfinished.write_text(json.dumps({"url": config.url.rstrip("/"), "meta": meta}), encoding="utf-8")
        os.replace(unfinished, config.universe_file)
