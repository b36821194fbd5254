"""The exchange's instruments, and the file that keeps the last ones: without `meta` nothing could be signed."""

import asyncio
import contextlib
import json
import os
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from common.runtime.clock import Clock
from common.trading.durations import NEVER
from executor.exchange.errors import ExchangeUnavailable
from executor.exchange.http import ExchangeConfig, run_within

UNIVERSE_FILE: Final = "universe.json"
"""In the executor's data folder."""
DISK_LIMIT_S: Final = 1.0
"""A disk that takes longer has nothing kept: no close waits for it."""

Row = dict[str, Any]
Ask = Callable[[Row], Awaitable[Any]]


class Universe:
    """The instruments, of all accounts of a process: what one account has asked for the others need not ask again.

    Each call brings the question of the account that needs the answer; one that waits for another's gets its answer.
    """

    def __init__(self, config: ExchangeConfig, clock: Clock) -> None:
        self._config, self._clock, self._turn = config, clock, asyncio.Lock()
        self._meta: Any = None
        self._asked_s = self._kept_s = NEVER

    async def load(self, ask: Ask) -> Any:
        """The instruments as they are known; asked for once, else as they were kept. Raises ExchangeUnavailable."""
        if self._meta is None:
            async with self._turn:
                if self._meta is None:
                    asked_s = self._clock.monotonic()
                    self._meta, is_new = await ask_universe(ask, self._config)
                    self._asked_s = asked_s if is_new else NEVER
        return self._meta

    async def refresh(self, ask: Ask, max_age_s: float) -> Any:
        """The instruments as they were at most `max_age_s` ago. Raises ExchangeUnavailable."""
        async with self._turn:
            asked_s = self._clock.monotonic()
            if asked_s - self._asked_s > max_age_s:
                self._meta, self._asked_s = await ask({"type": "meta", "dex": ""}), asked_s
            if self._config.universe_file is not None and self._kept_s != self._asked_s:
                self._kept_s = self._asked_s
                with contextlib.suppress(TimeoutError):
                    await run_within(DISK_LIMIT_S, partial(keep_universe, self._config, self._meta))
        return self._meta


async def ask_universe(ask: Ask, config: ExchangeConfig) -> tuple[Any, bool]:
    """(the answer to `meta`, True), or (the one that was kept last, False). Raises ExchangeUnavailable without
    either."""
    try:
        return await ask({"type": "meta", "dex": ""}), True
    except ExchangeUnavailable:
        kept = None
        if config.universe_file is not None:
            with contextlib.suppress(TimeoutError):
                kept = await run_within(DISK_LIMIT_S, partial(read_universe, config))
        if kept is None:
            raise
        return kept, False


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
