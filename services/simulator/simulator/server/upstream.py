"""The connection to the feed that a live market relays: WebSocket and past candles, with endless reconnection."""

import asyncio
import contextlib
import json
import random
import sys
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from simulator.market.candles import STORED
from simulator.market.live import LiveMarket
from simulator.market.relay import InvalidMessage

PROBE_LIMIT_S = 3.0
OPEN_LIMIT_S = 10.0
SILENT_AFTER_S = 10.0
PING_EVERY_S = 20.0
PAUSE_BASE_S, PAUSE_CAP_S = 0.5, 15.0
STEADY_AFTER_S = 30.0
PAST_CANDLES = 510
"""Of each interval; all series together stay within one minute's request budget of the exchange."""
REFUSED_PAUSE_S = 15.0
MAX_FRAME_BYTES = 4_000_000
PER_COIN = ("l2Book", "activeAssetCtx", "bbo", "trades")


class Unreachable(Exception):
    """The feed gave no usable answer in time."""


async def is_reachable(url: str, coins: Iterable[str]) -> bool:
    """Whether the feed answers within three seconds and has all of `coins`."""
    try:
        async with _open_client(url, PROBE_LIMIT_S) as client:
            request = client.post(f"{url}/info", json={"type": "allMids"})
            answer = await asyncio.wait_for(request, PROBE_LIMIT_S)
            mids = answer.raise_for_status().json()
    except Unreachable as error:
        _log("warning", "the market feed can't be asked", reason=str(error))
        return False
    except (httpx.HTTPError, ValueError, OSError, TimeoutError):
        return False
    return isinstance(mids, dict) and all(name in mids for name in coins)


class Upstream:
    """Feeds a market from `url`.

    `run` holds at most one connection at a time. When a session fails, for whatever network reason, the market is
    halted (`LiveMarket.disconnect`) and `run` connects again after a jittered, growing pause; only cancelling the task
    ends it. All state that outlives a session is the market's.
    """

    def __init__(self, url: str, market: LiveMarket, rng: random.Random) -> None:
        self._url, self._market, self._rng = url, market, rng
        self._is_complete = asyncio.Event()

    async def open(self, limit_s: float) -> "asyncio.Task[None]":
        """The task of `run`, once every coin and its past candles are received. Raises Unreachable."""
        running = asyncio.create_task(self.run())
        try:
            await asyncio.wait_for(self._is_complete.wait(), limit_s)
        except TimeoutError:
            await cancel_and_wait(running)
            raise Unreachable(self._market.halt_reason or "no past candles") from None
        return running

    async def run(self) -> None:
        """Connects and listens until cancelled; between connections the market is halted."""
        attempt = 0
        while True:
            began_s = asyncio.get_running_loop().time()
            try:
                await self._session()
            except (WebSocketException, httpx.HTTPError, OSError, ValueError, ImportError, Unreachable) as error:
                # An ImportError is a SOCKS proxy of the environment without the package that it needs.
                reason = str(error) or type(error).__name__
                self._market.disconnect(reason)
                _log("warning", "connection to the market feed lost; reconnecting", reason=reason)
            if asyncio.get_running_loop().time() - began_s >= STEADY_AFTER_S:
                attempt = 0
            bound = min(PAUSE_CAP_S, PAUSE_BASE_S * 2.0 ** min(attempt, 20))
            attempt += 1
            await asyncio.sleep(bound * self._rng.uniform(0.5, 1.0))

    async def _session(self) -> None:
        """One connection, until it closes or is silent for SILENT_AFTER_S. Raises the cause of its end."""
        address = f"ws{self._url.removeprefix('http')}/ws"
        async with connect(
            address,
            open_timeout=OPEN_LIMIT_S,
            close_timeout=1,
            ping_interval=None,
            max_size=MAX_FRAME_BYTES,
            proxy=None if _is_loopback(self._url) else True,
        ) as socket:
            for subscription in subscriptions(self._market.coins):
                await socket.send(json.dumps({"method": "subscribe", "subscription": subscription}))
            tasks = [asyncio.create_task(each) for each in (self._listen(socket), _ping(socket), self._fill_gaps())]
            try:
                done, _ = await asyncio.wait(tasks[:2], return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                for task in tasks:
                    await cancel_and_wait(task)

    async def _listen(self, socket: ClientConnection) -> None:
        received_s = asyncio.get_running_loop().time()
        while True:
            left_s = received_s + SILENT_AFTER_S - asyncio.get_running_loop().time()
            try:
                raw = await asyncio.wait_for(socket.recv(), max(0.0, left_s))
            except TimeoutError:
                raise Unreachable(f"nothing received for {SILENT_AFTER_S:.0f} s") from None
            with contextlib.suppress(InvalidMessage, ValueError):
                frame = json.loads(raw)
                if isinstance(frame, dict) and frame.get("channel") in ("allMids", *PER_COIN, "candle"):
                    received_s = asyncio.get_running_loop().time()
                    self._market.receive(frame["channel"], frame.get("data"))

    async def _fill_gaps(self) -> None:
        """Requests the missing candles, once every coin is received."""
        while self._market.halt_reason is not None or self._market.missing_coins():  # noqa: ASYNC110 - a market has no event
            await asyncio.sleep(0.05)
        async with _open_client(self._url, OPEN_LIMIT_S) as client:
            for name, interval, from_ms in self._market.gaps(PAST_CANDLES):
                request = {"coin": name, "interval": interval, "startTime": from_ms, "endTime": self._market.latest_ms}
                await self._fetch_past(client, {"type": "candleSnapshot", "req": request})
        self._market.mark_gaps_filled()
        self._is_complete.set()

    async def _fetch_past(self, client: httpx.AsyncClient, body: dict[str, Any]) -> None:
        while True:
            try:
                answer = await client.post(f"{self._url}/info", json=body)
                self._market.receive_past(answer.raise_for_status().json())
            except (httpx.HTTPError, ValueError, InvalidMessage) as error:
                _log("warning", "past candles unavailable; retrying", reason=str(error) or type(error).__name__)
                await asyncio.sleep(REFUSED_PAUSE_S * self._rng.uniform(0.5, 1.0))
            else:
                return


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host == "localhost" or host == "::1" or host.startswith("127.")


def _open_client(url: str, limit_s: float) -> httpx.AsyncClient:
    """Takes the environment's proxy, but none to this machine. Raises Unreachable for a proxy that can't be used."""
    try:
        return httpx.AsyncClient(timeout=limit_s, trust_env=not _is_loopback(url))
    except (ImportError, ValueError) as error:
        raise Unreachable(f"the proxy of HTTPS_PROXY, HTTP_PROXY or ALL_PROXY can't be used: {error}") from error


def subscriptions(coins: Iterable[str]) -> list[dict[str, str]]:
    """The subscriptions that a market needs."""
    rows: list[dict[str, str]] = [{"type": "allMids"}]
    for name in coins:
        rows += [{"type": kind, "coin": name} for kind in PER_COIN]
        rows += [{"type": "candle", "coin": name, "interval": interval} for interval in STORED]
    return rows


async def cancel_and_wait(task: "asyncio.Task[Any]") -> None:
    """Cancels a task and waits for its end, ignoring its outcome."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _ping(socket: ClientConnection) -> None:
    while True:
        await asyncio.sleep(PING_EVERY_S)
        await socket.send('{"method":"ping"}')


def _log(level: str, event: str, **context: str) -> None:
    sys.stdout.write(json.dumps({"event": event, "level": level, "service": "simulator", **context}) + "\n")
    sys.stdout.flush()
