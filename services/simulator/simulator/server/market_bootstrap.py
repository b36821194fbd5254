"""The market at the start: which source, chosen once and kept, and the market as it was left or as it begins."""

import asyncio
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from simulator.config import SimulatorSettings
from simulator.market.live import LiveMarket
from simulator.market.market import Market
from simulator.market.recorded.candle_files import BadFiles
from simulator.market.recorded.capture import CaptureMarket, is_captured
from simulator.market.recorded.replay import ReplayMarket
from simulator.market.source import SYNTHETIC, Source
from simulator.server.storage.store import Store
from simulator.server.upstream import Unreachable, Upstream, answers

FIRST_LIVE_LIMIT_S = 60.0
STEPWISE_START_MS = 1_760_000_400_000
"""Where a market begins that is moved by hand: equal seeds and requests give equal runs."""


@dataclass(slots=True)
class Opened:
    """A market, where it comes from, and the task that feeds it, if one does."""

    market: Market
    source: Source
    feeding: "asyncio.Task[None] | None" = None


async def open_market(settings: SimulatorSettings, store: Store, now_ms: Callable[[], int]) -> Opened:
    """The market to play. Ends the process with the setting's name where there is none to be had.

    A stored market continues when its source is still the wanted one. A stored market of records or of the feed that
    lacks a coin listed now is begun again instead: only a synthetic market can begin a coin on its own.
    """
    kept = store.source()
    lacks_coins = not settings.listing.coins.keys() <= store.last_prices().keys()
    continued = None if kept is not None and kept.kind != "synthetic" and lacks_coins else kept
    wanted = await _wanted(settings, kept)
    opened = None
    if wanted.kind == "live":
        opened = await _live(settings, store, wanted, now_ms, is_continued=continued == wanted)
        if opened is None:
            wanted = SYNTHETIC
    if wanted.kind == "capture":
        opened = Opened(_recorded(settings, wanted), wanted)
    if opened is None:
        start_ms = STEPWISE_START_MS if settings.simulator_stepwise else now_ms()
        prices = None if kept in (None, wanted) else store.last_prices()
        opened = Opened(Market(settings.simulator_seed, start_ms, listing=settings.listing, prices=prices), wanted)
    if continued == wanted and wanted.kind != "live":
        store.load_market(opened.market)
    elif continued != wanted:
        store.begin_market(wanted)
    return opened


async def _wanted(settings: SimulatorSettings, kept: Source | None) -> Source:
    if settings.simulator_market == "auto":
        if kept is not None:
            return kept
        url = settings.simulator_upstream_url
        return Source("live", url) if await answers(url, settings.listing.coins) else SYNTHETIC
    if settings.simulator_market == "capture":
        return Source("capture", str((settings.simulator_market_path or settings.simulator_data_dir).resolve()))
    if settings.simulator_market == "live":
        return Source("live", settings.simulator_upstream_url)
    return SYNTHETIC


async def _live(
    settings: SimulatorSettings, store: Store, wanted: Source, now_ms: Callable[[], int], *, is_continued: bool
) -> Opened | None:
    """A known live market goes on at once, standing still until it is heard; a new one waits to be known.

    None where nothing was asked for by name and the feed doesn't come up after all.
    """
    market = LiveMarket(settings.simulator_seed, now_ms(), settings.listing)
    upstream = Upstream(wanted.origin, market, random.Random())
    if is_continued and store.last_prices():
        store.load_market(market)
        return Opened(market, wanted, asyncio.create_task(upstream.run()))
    try:
        feeding = await upstream.open(FIRST_LIVE_LIMIT_S)
    except Unreachable as error:
        if settings.simulator_market == "auto":
            return None
        _refuse(
            f"SIMULATOR_UPSTREAM_URL: {wanted.origin} gave no market within {FIRST_LIVE_LIMIT_S:.0f} s ({error}); "
            "SIMULATOR_MARKET=synthetic does without"
        )
    market.open_at(now_ms())
    return Opened(market, wanted, feeding)


def _recorded(settings: SimulatorSettings, wanted: Source) -> Market:
    path = settings.simulator_market_path or settings.simulator_data_dir
    if settings.simulator_market == "auto":
        path = type(path)(wanted.origin)
    try:
        if is_captured(path):
            return CaptureMarket(settings.simulator_seed, path, settings.listing)
        if not path.is_dir():
            raise BadFiles(f"{path} is neither a folder nor a recorded file (.jsonl.gz)")
        return ReplayMarket(settings.simulator_seed, path, settings.listing)
    except BadFiles as error:
        _refuse(f"SIMULATOR_MARKET_PATH: {error}")


def _refuse(line: str) -> NoReturn:
    sys.stderr.write(f"simulator: {line}\n")
    raise SystemExit(2)
