"""A simulator that relays another one's feed: the same market, halted while the other is unreachable."""

import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from eth_account import Account
from harness import wait_until
from hyperliquid.exchange import Exchange

from simulator.market.listing import DEFAULT_LISTING
from simulator.testing.process import SimulatorProcess
from support.simulator_process import ForkedSimulator

KEY = "0x" + "21" * 32
NOWHERE = "http://127.0.0.1:9"


def source_of(simulator: SimulatorProcess) -> str:
    return str(httpx.get(simulator.url, timeout=60).json()["market"])


def shown(simulator: SimulatorProcess) -> dict[str, Any]:
    """Mids, books, tapes, contexts and minutes as a client sees them; without a whole market's own times."""
    contexts: Any = simulator.info(type="metaAndAssetCtxs")
    seen: dict[str, Any] = {
        "mids": simulator.info(type="allMids"),
        "contexts": [row for row in contexts[1] if row["midPx"] is not None],
    }
    for coin in DEFAULT_LISTING.coins:
        book: Any = simulator.info(type="l2Book", coin=coin)
        seen[f"book {coin}"] = book["levels"]
        seen[f"trades {coin}"] = simulator.info(type="recentTrades", coin=coin)
        for interval in ("1m", "1h"):
            request = {"coin": coin, "interval": interval, "startTime": 0, "endTime": 2**50}
            rows: Any = simulator.info(type="candleSnapshot", req=request)
            seen[f"{interval} {coin}"] = rows[-450:]
    return seen


def differing(one: SimulatorProcess, other: SimulatorProcess) -> dict[str, tuple[Any, Any]]:
    """What the two show differently, by name."""
    first, second = shown(one), shown(other)
    return {name: (first[name], second[name]) for name in first if first[name] != second[name]}


def await_agreement(what: str, one: SimulatorProcess, other: SimulatorProcess, *, but: str = "") -> None:
    """Waits until both show the same; `but` is left out. A time-out names what differs."""
    left: dict[str, Any] = {}

    def is_same() -> bool:
        nonlocal left
        left = {name: each for name, each in differing(one, other).items() if name != but}
        return not left

    wait_until(what, is_same, details=lambda: str({name: _rows(*each) for name, each in left.items()}))


def _rows(first: Any, second: Any) -> str:
    """The rows of two lists that differ, at most four; of anything else both."""
    if not isinstance(first, list) or not isinstance(second, list):
        return str((first, second))
    rows = [(number, *pair) for number, pair in enumerate(itertools.zip_longest(first, second)) if pair[0] != pair[1]]
    return str(rows[:4])


def is_still(simulator: SimulatorProcess) -> bool:
    ready = httpx.get(f"http://127.0.0.1:{simulator.metrics_port}/readyz", timeout=60)
    return "stands still: no feed" in ready.text


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[SimulatorProcess]:
    """A market that is stepped by hand."""
    simulator = ForkedSimulator(tmp_path / "upstream", seed=5, simulator_stepwise="true").start()
    yield simulator
    simulator.stop()


def test_a_relayed_market_follows_halts_and_resumes(upstream: SimulatorProcess, tmp_path: Path) -> None:
    relay = ForkedSimulator(
        tmp_path / "relay", simulator_market="auto", simulator_upstream_url=upstream.url, simulator_seed="8"
    ).start()
    try:
        assert source_of(relay) == "LIVE"
        await_agreement("the first picture", upstream, relay)
        for _ in range(3):
            upstream.panel("step", count=12, ms=5_000)
            await_agreement("the same market", upstream, relay)

        wallet = Account.from_key(KEY)
        relay.fund(wallet.address)
        exchange = Exchange(wallet, relay.url, timeout=60)
        filled = exchange.market_open("ETH", True, 0.5)["response"]["data"]["statuses"][0]["filled"]
        book: Any = upstream.info(type="l2Book", coin="ETH")
        assert filled["avgPx"] == book["levels"][1][0]["px"]

        before = upstream.info(type="allMids")
        upstream.kill()
        wait_until("the freeze", lambda: is_still(relay))
        frozen: Any = relay.info(type="l2Book", coin="BTC")
        time.sleep(1)
        assert relay.info(type="l2Book", coin="BTC") == frozen
        assert relay.info(type="allMids") == before

        relay.kill()
        relay.start()
        assert (source_of(relay), relay.info(type="allMids")) == ("LIVE", before)
        state: Any = relay.info(type="clearinghouseState", user=wallet.address)
        assert state["assetPositions"][0]["position"]["szi"] == "0.5"

        upstream.start()
        upstream.panel("step", count=70, ms=1_000)
        # The depth that the order took recovers while the feed is live; its last lots take longer than this test waits.
        await_agreement("the same market again", upstream, relay, but="book ETH")
        assert relay.info(type="allMids") != before
    finally:
        relay.stop()


def test_without_a_feed_the_market_is_synthetic_and_stays_so(upstream: SimulatorProcess, tmp_path: Path) -> None:
    folder = tmp_path / "alone"
    alone = ForkedSimulator(folder, simulator_market="auto", simulator_upstream_url=NOWHERE).start()
    assert source_of(alone) == "SIMULATED"
    alone.stop()
    reachable = ForkedSimulator(folder, simulator_market="auto", simulator_upstream_url=upstream.url).start()
    assert source_of(reachable) == "SIMULATED"
    reachable.stop()


def test_a_newly_chosen_synthetic_market_begins_at_the_last_prices(upstream: SimulatorProcess, tmp_path: Path) -> None:
    folder = tmp_path / "changing"
    upstream.panel("step", count=600, ms=60_000)
    relay = ForkedSimulator(folder, simulator_market="live", simulator_upstream_url=upstream.url).start()
    last: Any = wait_until("prices", lambda: relay.info(type="allMids"))
    relay.stop()
    made = ForkedSimulator(folder, simulator_market="synthetic").start()
    try:
        assert source_of(made) == "SIMULATED"
        now: Any = made.info(type="allMids")
        for coin in DEFAULT_LISTING.coins:
            assert float(now[coin]) == pytest.approx(float(last[coin]), rel=0.01), coin
            assert float(now[coin]) != pytest.approx(DEFAULT_LISTING.coins[coin].start_price, rel=1e-4)
    finally:
        made.stop()


def test_a_stored_live_market_begins_again_with_a_coin_listed_later(tmp_path: Path) -> None:
    coins = {"simulator_coins": "BTC,ETH,SOL,BNB,DOGE,XRP,HYPE"}
    upstream = ForkedSimulator(tmp_path / "upstream", seed=5, simulator_stepwise="true", **coins).start()
    settings = {"simulator_market": "live", "simulator_upstream_url": upstream.url}
    try:
        relay = ForkedSimulator(tmp_path / "relay", **settings).start()
        wallet = Account.from_key(KEY)
        relay.fund(wallet.address)
        Exchange(wallet, relay.url, timeout=60).market_open("ETH", True, 0.5)
        relay.stop()
        relay = ForkedSimulator(tmp_path / "relay", **settings, **coins).start()
        try:
            assert source_of(relay) == "LIVE"
            assert relay.info(type="allMids") == upstream.info(type="allMids")
            state: Any = relay.info(type="clearinghouseState", user=wallet.address)
            assert state["assetPositions"][0]["position"]["szi"] == "0.5"
        finally:
            relay.stop()
    finally:
        upstream.stop()
