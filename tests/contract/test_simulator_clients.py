"""Clients that were written without the simulator trade on it unchanged: ccxt, and TypeScript's @nktkas/hyperliquid."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from client_sessions import ADDRESS, BIN, NOT_INSTALLED, ccxt_session, nktkas_session

from simulator.testing.process import SimulatorProcess
from support.simulator_process import ForkedSimulator

pytestmark = pytest.mark.skipif(not BIN.is_dir(), reason=NOT_INSTALLED)


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[SimulatorProcess]:
    simulator = ForkedSimulator(tmp_path, simulator_rate_limits="true").start()
    simulator.fund(ADDRESS)
    yield simulator
    simulator.stop()


def test_ccxt_trades_unchanged(simulator: SimulatorProcess) -> None:
    seen = ccxt_session(simulator.url)
    assert 0.04 < seen.pop("fees_paid") < 0.15
    assert "minimum value of $10" in seen.pop("too_small")
    assert seen == {
        "markets": {"BTC/USDC:USDC": "0", "ETH/USDC:USDC": "1"},
        "balance": 10_000,
        "resting": [71_000],
        "moved_to_a_new_id": True,
        "after_cancel": "canceled",
        "entry": "closed",
        "watched_fill": [0.05],
        "position": {"side": "long", "contracts": 0.05, "leverage": 5, "marginMode": "isolated"},
        "triggers": [True, True],
        "flat": [],
        "triggers_left": 0,
        "candles": 50,
        "book": [20, 20, True],
        "funding": True,
        "trades": True,
        "ledger": 1,
        "watched_book": True,
        "watched_ticker": "BTC/USDC:USDC",
        "watched_candle": 6,
    }


def test_nktkas_trades_unchanged(simulator: SimulatorProcess) -> None:
    seen = nktkas_session(simulator.url)
    assert "Price must be divisible by tick size. asset=0" in seen.pop("refused")
    assert seen == {
        "assets": [0, 1, 25],
        "balance": "10000.0",
        "leverage": {"type": "isolated", "value": 4},
        "modified": True,
        "status": ["order", "71000.0"],
        "open": 0,
        "bracket": ["filled", "waitingForTrigger", "waitingForTrigger"],
        "filled": 2,
        "updates": True,
        "position": ["2.0", "isolated"],
        "triggers": ["Stop Market", "Take Profit Market"],
        "flat": 0,
        "left": 0,
        "fills": True,
        "history": True,
        "agents": ["bot"],
        "agent_acted": 3,
        "sent": "25.0",
        "ledger": ["deposit", "internalTransfer"],
        "fees": "0.00045",
        "role": "agent",
        "candles": 20,
        "book": [True, True],
        "funding": True,
        "funding_history": True,
        "funding_paid": True,
        "streams": [
            "allMids",
            "l2Book",
            "bbo",
            "trades",
            "candle",
            "activeAssetCtx",
            "clearinghouseState",
            "openOrders",
        ],
    }
