"""The market at the start: chooses its source, which is then kept, and loads or creates the market."""

import asyncio
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from simulator.config import SimulatorSettings
from simulator.market.live import LiveMarket
from simulator.market.market import Market
from simulator.market.recorded.candle_files import InvalidFiles
from simulator.market.recorded.capture import CaptureMarket, is_captured, last_time_ms
from simulator.market.recorded.redating import shift_to
from simulator.market.recorded.replay import ReplayMarket
from simulator.market.source import SYNTHETIC, Source
from simulator.server.storage.store import Store
from simulator.server.upstream import Unreachable, Upstream, is_reachable

FIRST_LIVE_LIMIT_S = 60.0
STEPWISE_START_MS = 1_760_000_400_000
"""The start of a market that is stepped by hand: equal seeds and requests give equal runs."""


@dataclass(slots=True)
class OpenedMarket:
    """A market, its source, and the task that feeds it from the network, if there is one."""

    market: Market
    source: Source
    feed_task: "asyncio.Task[None] | None" = None


async def open_market(settings: SimulatorSettings, store: Store, now_ms: Callable[[], int]) -> OpenedMarket:
    """The market to play. Ends the process with the setting's name where there is none to be had.

    A stored market continues when its source is the chosen one. A stored market of records or of the feed that
    lacks a coin listed now is begun again instead: only a synthetic market can begin a coin on its own.
    """
    kept = store.source()
    lacks_coins = not settings.listing.coins.keys() <= store.last_prices().keys()
    continued = None if kept is not None and kept.kind != "synthetic" and lacks_coins else kept
    source = await _choose_source(settings, kept, now_ms())
    opened = None
    if source.kind == "live":
        opened = await _live(settings, store, source, now_ms, is_continued=continued == source)
        if opened is None:
            source = SYNTHETIC
    if source.kind == "capture":
        opened = OpenedMarket(_recorded(settings, source), source)
    if opened is None:
        start_ms = STEPWISE_START_MS if settings.simulator_stepwise else now_ms()
        prices = None if kept in (None, source) else store.last_prices()
        opened = OpenedMarket(
            Market(settings.simulator_seed, start_ms, listing=settings.listing, prices=prices), source
        )
    if continued == source and source.kind != "live":
        store.load_market(opened.market)
    elif continued != source:
        store.begin_market(source)
        if source.shift_ms:
            opened.market.step(now_ms())
    return opened


async def _choose_source(settings: SimulatorSettings, kept: Source | None, now_ms: int) -> Source:
    if settings.simulator_market == "auto":
        if kept is not None:
            return kept
        url = settings.simulator_upstream_url
        return Source("live", url) if await is_reachable(url, settings.listing.coins) else SYNTHETIC
    if settings.simulator_market == "capture":
        source = Source("capture", str((settings.simulator_market_path or settings.simulator_data_dir).resolve()))
        return _redated(settings, source, kept, now_ms) if settings.simulator_redated else source
    if settings.simulator_market == "live":
        return Source("live", settings.simulator_upstream_url)
    return SYNTHETIC


async def _live(
    settings: SimulatorSettings, store: Store, source: Source, now_ms: Callable[[], int], *, is_continued: bool
) -> OpenedMarket | None:
    """The live market: a stored one at once, halted until the feed is received; a new one once it is complete.

    None when the feed doesn't answer at a first start with automatic choice; else that ends the process.
    """
    market = LiveMarket(settings.simulator_seed, now_ms(), settings.listing)
    upstream = Upstream(source.origin, market, random.Random())
    if is_continued and store.last_prices():
        store.load_market(market)
        return OpenedMarket(market, source, asyncio.create_task(upstream.run()))
    try:
        feed_task = await upstream.open(FIRST_LIVE_LIMIT_S)
    except Unreachable as error:
        if settings.simulator_market == "auto" and not store.last_prices():
            return None
        _refuse(
            f"SIMULATOR_UPSTREAM_URL: {source.origin} gave no market within {FIRST_LIVE_LIMIT_S:.0f} s ({error}); "
            "SIMULATOR_MARKET=synthetic does without"
        )
    market.open_at(now_ms())
    return OpenedMarket(market, source, feed_task)


def _redated(settings: SimulatorSettings, source: Source, kept: Source | None, now_ms: int) -> Source:
    """The recording moved to the present: as the stored market was, unless that has ended by now."""
    market = _recorded(settings, source)
    path = Path(source.origin)
    end_ms = last_time_ms(path) if is_captured(path) else market.end_ms
    is_kept = kept is not None and kept.shift_ms != 0 and kept == replace(source, shift_ms=kept.shift_ms)
    if kept is not None and is_kept and now_ms < end_ms + kept.shift_ms:
        return kept
    return replace(source, shift_ms=shift_to(now_ms, market.time_ms, end_ms))


def _recorded(settings: SimulatorSettings, source: Source) -> Market:
    path = settings.simulator_market_path or settings.simulator_data_dir
    if settings.simulator_market == "auto":
        path = type(path)(source.origin)
    try:
        if is_captured(path):
            return CaptureMarket(settings.simulator_seed, path, settings.listing, shift_ms=source.shift_ms)
        if not path.is_dir():
            raise InvalidFiles(f"{path} is neither a folder nor a recorded file (.jsonl.gz)")
        return ReplayMarket(settings.simulator_seed, path, settings.listing, shift_ms=source.shift_ms)
    except InvalidFiles as error:
        _refuse(f"SIMULATOR_MARKET_PATH: {error}")


def _refuse(line: str) -> NoReturn:
    sys.stderr.write(f"simulator: {line}\n")
    raise SystemExit(2)
