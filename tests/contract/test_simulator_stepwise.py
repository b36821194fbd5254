"""Time by hand: equal seeds and requests give equal runs, byte by byte, also across a SIGKILL."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from hyperliquid.exchange import Exchange
from hyperliquid.info import Info

from simulator.testing.process import SimulatorProcess
from support.simulator_process import ForkedSimulator

KEY = "0x" + "17" * 32


def journal(folder: Path) -> list[Any]:
    """Everything that happened, in order, without the nonces (those are wall time)."""
    with sqlite3.connect(folder / "simulator.sqlite") as database:
        rows = database.execute("SELECT number, kind, account, body FROM rows ORDER BY number").fetchall()
        query = "SELECT key, body FROM documents WHERE kind IN ('order', 'account') ORDER BY kind, key"
        documents = database.execute(query).fetchall()
    database.close()
    return [*rows, *documents]


def maybe_killed(simulator: SimulatorProcess, info: Info, user: str, *, is_killed: bool) -> None:
    """A SIGKILL and a new start, after which everything stands as it stood."""
    if not is_killed:
        return
    coins = ("BTC", "ETH", "DOGE")
    before = [info.user_state(user), info.frontend_open_orders(user), *map(info.l2_snapshot, coins)]
    simulator.kill()
    simulator.start()
    assert [info.user_state(user), info.frontend_open_orders(user), *map(info.l2_snapshot, coins)] == before


def run(folder: Path, *, is_killed: bool) -> list[Any]:
    """One scripted session on a market that is stepped by hand."""
    wallet = Account.from_key(KEY)
    simulator = ForkedSimulator(folder, seed=9, simulator_stepwise="true").start()
    simulator.fund(wallet.address)
    info = Info(simulator.url, skip_ws=True, timeout=60)
    exchange = Exchange(wallet, simulator.url, meta=info.meta(), spot_meta=info.spot_meta(), timeout=60)
    exchange.update_leverage(5, "ETH", is_cross=False)
    exchange.market_open("ETH", True, 0.5)
    resting = exchange.order("BTC", True, 0.01, 100_000, {"limit": {"tif": "Gtc"}})
    # What was taken is missing from the book that the next order meets, and for some seconds from those after it.
    exchange.market_open("DOGE", True, 60_000)
    maybe_killed(simulator, info, wallet.address, is_killed=is_killed)
    exchange.market_close("DOGE")
    exchange.market_open("DOGE", True, 60_000)
    simulator.panel("step", count=1, ms=250)
    maybe_killed(simulator, info, wallet.address, is_killed=is_killed)
    simulator.panel("step", count=1, ms=250)
    exchange.market_close("DOGE")
    exchange.usd_transfer(25, "0x" + "12" * 20)
    simulator.panel("step", count=200, ms=1000)
    maybe_killed(simulator, info, wallet.address, is_killed=is_killed)
    exchange.cancel("BTC", resting["response"]["data"]["statuses"][0]["resting"]["oid"])
    simulator.panel("step", count=20, ms=1000)
    exchange.market_close("ETH")
    simulator.stop()
    return journal(folder)


@pytest.mark.parametrize("is_killed", [False, True])
def test_equal_seeds_and_requests_give_equal_records_over_sigkill(tmp_path: Path, is_killed: bool) -> None:
    first = run(tmp_path / "a", is_killed=False)
    assert sum(1 for row in first if row[1] == "fill") >= 6
    assert run(tmp_path / "b", is_killed=is_killed) == first
