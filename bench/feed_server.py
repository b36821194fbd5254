"""A server for bench/ingest.py: answers every connection with the same frames, packed once, as fast as they are taken.

Started as `feed_server.py COUNT CHANNEL`; prints its port. Messages are of the exchange's form: what six coins send in
a busy second, changed from second to second; of one channel alone, or of all when it is empty.
"""

import asyncio
import base64
import hashlib
import json
import random
import sys
from collections.abc import Iterator
from typing import Any

COINS = ("BTC", "ETH", "SOL", "BNB", "DOGE", "XRP")
INTERVALS_MS = {"1m": 60_000, "5m": 300_000, "15m": 900_000, "1h": 3_600_000, "4h": 14_400_000, "1d": 86_400_000}
OTHER_MIDS = 400
LEVELS = 20
START_MS = 1_790_000_040_000
WEBSOCKET_ID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CHUNK_BYTES = 1 << 18


def messages(count: int, channel: str = "") -> list[bytes]:
    """So many messages of the exchange's form, from the same seed in every run."""
    endless = (message for second in range(count) for message in _second(random.Random(second), second, channel))
    return [next(endless) for _ in range(count)]


def _second(rng: random.Random, second: int, wanted: str) -> Iterator[bytes]:
    """One second: 1 allMids; a coin's 2 books, 4 best prices, 1 context, 2 messages of trades, 6 candles; shuffled."""
    now_ms = START_MS + second * 1_000
    bodies: list[tuple[str, Any]] = [("allMids", {"mids": _mids(rng)})]
    for coin in COINS:
        price = rng.uniform(90_000, 110_000)
        bodies += [("l2Book", _book(rng, coin, price, now_ms + part * 500)) for part in range(2)]
        bodies += [("bbo", _bbo(rng, coin, price, now_ms + part * 250)) for part in range(4)]
        bodies += [("activeAssetCtx", {"coin": coin, "ctx": _context(rng, price)})]
        bodies += [("trades", [_trade(rng, coin, price, now_ms) for _ in range(rng.randint(1, 3))]) for _ in range(2)]
        bodies += [("candle", _candle(rng, coin, interval, price, now_ms)) for interval in INTERVALS_MS]
    rng.shuffle(bodies)
    for channel, data in bodies:
        if wanted in ("", channel):
            yield json.dumps({"channel": channel, "data": data}, separators=(",", ":")).encode()


def _mids(rng: random.Random) -> dict[str, str]:
    names = (*COINS, *(f"@{number}" for number in range(OTHER_MIDS)))
    return {name: f"{rng.uniform(0.01, 100_000):.5f}" for name in names}


def _level(price: float, rng: random.Random) -> dict[str, Any]:
    return {"px": f"{price:.1f}", "sz": f"{rng.uniform(0.001, 50):.5f}", "n": rng.randint(1, 30)}


def _book(rng: random.Random, coin: str, price: float, time_ms: int) -> dict[str, Any]:
    sides = [[_level(price + sign * (step + 0.5), rng) for step in range(LEVELS)] for sign in (-1, 1)]
    return {"coin": coin, "time": time_ms, "levels": sides}


def _bbo(rng: random.Random, coin: str, price: float, time_ms: int) -> dict[str, Any]:
    return {"coin": coin, "time": time_ms, "bbo": [_level(price - 0.5, rng), _level(price + 0.5, rng)]}


def _context(rng: random.Random, price: float) -> dict[str, Any]:
    return {
        "funding": "0.0000125",
        "openInterest": f"{rng.uniform(1_000, 50_000):.5f}",
        "prevDayPx": f"{price * 0.98:.1f}",
        "dayNtlVlm": f"{rng.uniform(1e8, 1e9):.10f}",
        "premium": "-0.0000392",
        "oraclePx": f"{price + 2:.1f}",
        "markPx": f"{price + 1:.1f}",
        "midPx": f"{price:.1f}",
        "impactPxs": [f"{price - 1:.1f}", f"{price + 1:.1f}"],
        "dayBaseVlm": f"{rng.uniform(1e3, 1e5):.5f}",
    }


def _trade(rng: random.Random, coin: str, price: float, now_ms: int) -> dict[str, Any]:
    return {
        "coin": coin,
        "side": rng.choice("AB"),
        "px": f"{price:.1f}",
        "sz": f"{rng.uniform(0.001, 2):.5f}",
        "time": now_ms + rng.randint(0, 999),
        "hash": f"0x{rng.getrandbits(256):064x}",
        "tid": rng.getrandbits(50),
        "users": [f"0x{rng.getrandbits(160):040x}", f"0x{rng.getrandbits(160):040x}"],
    }


def _candle(rng: random.Random, coin: str, interval: str, price: float, now_ms: int) -> dict[str, Any]:
    open_ms = now_ms // INTERVALS_MS[interval] * INTERVALS_MS[interval]
    row = {"t": open_ms, "T": open_ms + INTERVALS_MS[interval] - 1, "s": coin, "i": interval, "o": f"{price:.1f}"}
    prices = {"c": f"{price + 1:.1f}", "h": f"{price + 5:.1f}", "l": f"{price - 5:.1f}"}
    return row | prices | {"v": f"{rng.uniform(0, 100):.5f}", "n": rng.randint(1, 5_000)}


def pack(message: bytes) -> bytes:
    """One unmasked text frame, as servers send them."""
    length = len(message)
    if length < 126:
        return bytes((0x81, length)) + message
    if length < 1 << 16:
        return bytes((0x81, 126)) + length.to_bytes(2, "big") + message
    return bytes((0x81, 127)) + length.to_bytes(8, "big") + message


async def serve(count: int, channel: str) -> None:
    body = memoryview(b"".join(pack(message) for message in messages(count, channel)))

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = [line.partition(b": ") for line in head.split(b"\r\n")]
        key = next(value for name, _, value in lines if name.lower() == b"sec-websocket-key")
        accept = base64.b64encode(hashlib.sha1(key + WEBSOCKET_ID).digest())
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        try:
            for at in range(0, len(body), CHUNK_BYTES):
                writer.write(body[at : at + CHUNK_BYTES])
                await writer.drain()
            await reader.read()
        except ConnectionError:
            pass
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2]))
