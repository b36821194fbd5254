"""What an ingester has recorded plays back as it was: books, trades, contexts, candles."""

import asyncio
import gzip
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from harness import eventually

from common.runtime.roster import read_roster
from simulator.market.recorded.capture import CaptureMarket, read_records
from simulator.testing.process import SimulatorProcess
from support.simulator_process import ForkedSimulator

COINS = [symbol.value for symbol in read_roster(None).coins]
STORED = ("1m", "5m", "15m", "1h", "4h", "1d")


def seen_of(simulator: SimulatorProcess) -> dict[str, Any]:
    """Everything that a client can see of the market."""
    seen: dict[str, Any] = {"mids": simulator.info(type="allMids")}
    _, contexts = simulator.info(type="metaAndAssetCtxs")  # type: ignore[misc]
    seen["contexts"] = [row for row in contexts if row["midPx"] is not None]
    for coin in COINS:
        book: Any = simulator.info(type="l2Book", coin=coin)
        seen[f"book {coin}"] = book["levels"]
        seen[f"trades {coin}"] = simulator.info(type="recentTrades", coin=coin)
        for interval in STORED:
            request = {"coin": coin, "interval": interval, "startTime": 0, "endTime": 2**50}
            rows: Any = simulator.info(type="candleSnapshot", req=request)
            seen[f"candles {coin} {interval}"] = rows[-400:]
    return seen


def captured(folder: Path) -> list[tuple[int, dict[str, Any]]]:
    """What is recorded so far."""
    return list(read_records(folder)) if any(folder.glob("*.jsonl.gz")) else []


def has_all_pasts(folder: Path) -> bool:
    return sum(1 for _, line in captured(folder) if line.get("request", {}).get("type") == "candleSnapshot") == 36


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A folder recorded by the command, and what its simulator showed at the end."""
    folder = tmp_path_factory.mktemp("capture")
    simulator = ForkedSimulator(tmp_path_factory.mktemp("a"), seed=4, simulator_stepwise="true").start()
    try:
        asyncio.run(record(simulator, folder))
        return folder, seen_of(simulator)
    finally:
        simulator.stop()


async def record(simulator: SimulatorProcess, folder: Path) -> None:
    environment = os.environ | {
        "HYPERLIQUID_API_URL": simulator.url,
        "CAPTURE_DIR": str(folder),
        "HISTORY_WEIGHT_PER_MINUTE": "1200",
        "AICOIN_DATA_DIR": str(folder / "none"),
    }
    command = [str(Path(sys.executable).parent / "aicoin"), "capture"]
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.DEVNULL)
    try:
        await eventually("all past candles", lambda: has_all_pasts(folder), every_s=0.2)
        for _ in range(20):
            simulator.panel("step", count=9, ms=1_000)
            await asyncio.sleep(0.02)
        end = simulator.panel("step", count=1, ms=1_000)["time_ms"]
        newest = newest_of(simulator, end)
        await eventually("the last step", lambda: newest.items() <= recorded(folder).items(), every_s=0.2)
    finally:
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0


def newest_of(simulator: SimulatorProcess, end_ms: Any) -> dict[str, Any]:
    """The content of each stream's last message, once the market has stopped at `end_ms`."""
    newest: dict[str, Any] = {"mids": simulator.info(type="allMids")}
    meta, contexts = simulator.info(type="metaAndAssetCtxs")  # type: ignore[misc]
    by_coin = {row["name"]: context for row, context in zip(meta["universe"], contexts, strict=True)}
    for coin in COINS:
        trades: Any = simulator.info(type="recentTrades", coin=coin)
        newest |= {f"context {coin}": by_coin[coin], f"book {coin}": end_ms}
        newest[f"trade {coin}"] = max(trade["tid"] for trade in trades)
        for interval in STORED:
            request = {"coin": coin, "interval": interval, "startTime": 0, "endTime": 2**50}
            rows: Any = simulator.info(type="candleSnapshot", req=request)
            newest[f"candle {coin} {interval}"] = rows[-1]
    return newest


def recorded(folder: Path) -> dict[str, Any]:
    """The same, as far as it is recorded."""
    newest: dict[str, Any] = {}
    for _, line in captured(folder):
        channel, data = line.get("frame", {}).get("channel"), line.get("frame", {}).get("data")
        if channel == "allMids":
            newest["mids"] = data["mids"]
        elif channel == "activeAssetCtx":
            newest[f"context {data['coin']}"] = data["ctx"]
        elif channel == "l2Book":
            newest[f"book {data['coin']}"] = data["time"]
        elif channel == "candle":
            newest[f"candle {data['s']} {data['i']}"] = data
        elif channel == "trades":
            newest |= {f"trade {row['coin']}": row["tid"] for row in data}
    return newest


def test_a_captured_market_replays_equally(session: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder, seen = session
    simulator = ForkedSimulator(
        tmp_path / "b", simulator_stepwise="true", simulator_market="capture", simulator_market_path=str(folder)
    ).start()
    try:
        assert httpx.get(simulator.url, timeout=60).json()["market"] == "CAPTURE"
        simulator.panel("step", count=60, ms=1_000)
        simulator.kill()
        simulator.start()
        simulator.panel("step", count=300, ms=1_000)
        replayed = seen_of(simulator)
        ready = httpx.get(f"http://127.0.0.1:{simulator.metrics_port}/readyz", timeout=60)
    finally:
        simulator.stop()
    assert "recorded messages have ended" in ready.text
    for what, value in seen.items():
        assert replayed[what] == value, what


def test_equal_runs_over_a_captured_market_are_equal(session: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = session
    markets = [CaptureMarket(1, folder) for _ in range(2)]
    tapes = [[market.step(market.time_ms + step) for step in [700] * 150] for market in markets]
    assert tapes[0] == tapes[1]
    assert sum(len(trades) for tape in tapes[0] for trades in tape.values()) > 50
    assert markets[0].save() == markets[1].save()


def test_a_truncated_capture_replays_up_to_its_end(session: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder, _ = session
    whole = next(folder.glob("*.jsonl.gz"))
    cut = tmp_path / whole.name
    cut.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * 0.9)])
    with gzip.open(whole) as lines:
        expected = [json.loads(line) for line in lines][1:]
    got = [line for _, line in read_records(tmp_path)]
    assert len(expected) // 2 < len(got) < len(expected)
    assert got == expected[: len(got)]
    CaptureMarket(1, tmp_path)
