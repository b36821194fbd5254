"""The kill switch on a real exchange simulator, with neither Redis nor PostgreSQL."""

import asyncio
import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from eth_account import Account
from executor_harness import ExecutorHarness, Fault

from common.events import Command
from common.trading.instruments import Symbol
from common.trading.orders import Side
from support.executor_process import CONTENDERS, address_of, key_of, kill_key_of, master_key_of

LAST_CLOSE_LIMIT_S = 20.0
"""Five seconds on a machine that has time; the tests' machine may have little."""
NOWHERE = {"REDIS_URL": "redis://127.0.0.1:9/0", "DATABASE_URL": "postgresql://127.0.0.1:9/none"}


def variables(folder: Path, url: str) -> dict[str, str]:
    """What the command needs: addresses, its own keys, the exchange."""
    given = {"HYPERLIQUID_ENV": "paper", "HYPERLIQUID_API_URL": url, "EXECUTOR_DATA_DIR": str(folder), **NOWHERE}
    for model in CONTENDERS:
        given[f"HYPERLIQUID_ACCOUNT_ADDRESS_{model.upper()}"] = address_of(model)
        given[f"HYPERLIQUID_KILL_KEY_{model.upper()}"] = kill_key_of(model)
    return given


async def run_switch(given: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HYPERLIQUID")}
    command = [sys.executable, "-m", "executor.cli.kill_command", *arguments]
    return await asyncio.to_thread(
        subprocess.run, command, env=environment | given, capture_output=True, text=True, check=False, timeout=120
    )


async def in_the_market(harness: ExecutorHarness) -> None:
    """A protected position, a position without a stop, and a resting entry."""
    entry = harness.approve(Side.LONG, "0.5")
    await harness.send(entry)
    await harness.ended(entry)
    await harness.protected()
    with harness.by_hand() as exchange:
        exchange.market_open("XRP", is_buy=False, sz=50.0)
        exchange.order("BTC", True, 0.001, 50_000.0, {"limit": {"tif": "Gtc"}})


def positions(harness: ExecutorHarness) -> list[str]:
    state = harness.simulator.info(type="clearinghouseState", user=address_of("deepseek"))
    return [row["position"]["coin"] for row in state["assetPositions"]]  # type: ignore[index]


async def test_the_switch_closes_everything_and_halts_entries(harness: ExecutorHarness) -> None:
    await in_the_market(harness)
    done = await run_switch(variables(harness.folder, harness.simulator.url))
    assert done.returncode == 0, done.stderr + done.stdout
    assert positions(harness) == []
    assert harness.open_orders() == []
    assert "deepseek: OUT" in done.stdout
    assert "qwen: OUT" in done.stdout
    assert "the last close was sent" in done.stdout
    entry = harness.approve(Side.LONG, "1", Symbol.SOL)
    await harness.send(entry)
    assert await harness.ended(entry) == "CANCELLED"
    for model in CONTENDERS:
        assert kill_key_of(model).removeprefix("0x") not in done.stdout + done.stderr


async def test_an_order_of_the_spot_market_stops_nothing(harness: ExecutorHarness) -> None:
    await in_the_market(harness)
    harness.proxy.renamed = (b'"coin":"BTC"', b'"coin":"@10"')
    done = await run_switch(variables(harness.folder, harness.proxy.url), "--model", "deepseek")
    assert done.returncode == 0, done.stderr + done.stdout
    assert positions(harness) == []
    assert [order["coin"] for order in harness.open_orders()] == ["BTC"]


async def test_the_switch_of_one_account_leaves_the_other_alone(harness: ExecutorHarness) -> None:
    await in_the_market(harness)
    done = await run_switch(variables(harness.folder, harness.simulator.url), "--model", "qwen")
    assert done.returncode == 0, done.stderr
    assert "deepseek" not in done.stdout
    assert sorted(positions(harness)) == ["ETH", "XRP"]
    assert [path.name for path in harness.folder.glob("halt*")] == ["halt-qwen"]


async def test_closes_whose_answers_are_lost_are_not_doubled(harness: ExecutorHarness) -> None:
    await in_the_market(harness)
    harness.executor.kill()
    harness.proxy.harm('"type": "order"', Fault.CUT_REPLY)
    done = await run_switch(variables(harness.folder, harness.proxy.url), "--model", "deepseek")
    assert done.returncode == 0, done.stderr + done.stdout
    assert harness.proxy.harmed > 0
    assert positions(harness) == []
    sold = [fill for fill in harness.fills() if fill["coin"] == "ETH" and fill["side"] == "A"]
    assert sum(Decimal(fill["sz"]) for fill in sold) == Decimal("0.5")


async def test_without_a_key_trading_is_halted_all_the_same(tmp_path: Path) -> None:
    given = variables(tmp_path, "http://127.0.0.1:9")
    for model in CONTENDERS:
        del given[f"HYPERLIQUID_KILL_KEY_{model.upper()}"]
    done = await run_switch(given)
    assert done.returncode == 1
    assert done.stderr.splitlines()[0].startswith("HYPERLIQUID_KILL_KEY_DEEPSEEK: not set")
    assert (tmp_path / "halt").exists()


async def test_the_accounts_own_key_is_refused(tmp_path: Path) -> None:
    given = variables(tmp_path, "http://127.0.0.1:9")
    given["HYPERLIQUID_KILL_KEY_QWEN"] = master_key_of("qwen")
    done = await run_switch(given, "--model", "qwen")
    assert done.returncode == 1
    assert "HYPERLIQUID_KILL_KEY_QWEN: this is the account's own key" in done.stderr
    assert master_key_of("qwen").removeprefix("0x") not in done.stderr + done.stdout


async def test_an_unknown_contender_is_refused_and_halts_nothing(tmp_path: Path) -> None:
    for model in ("mistral", "../up"):
        done = await run_switch(variables(tmp_path, "http://127.0.0.1:9"), "--model", model)
        assert done.returncode == 1
        assert repr(model) in done.stderr
    assert not (tmp_path / "halt-mistral").exists()


def break_everything(given: dict[str, str], folder: Path) -> dict[str, str]:
    """Wrong or missing is everything that the switch doesn't need."""
    return given | {
        "EXECUTOR_DATA_DIR": str(folder / "no-folder" / "executor"),
        "ARENA_FILE": str(folder / "missing.toml"),
        "HTTP_PROXY": "http://127.0.0.1:9",
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "ALL_PROXY": "socks5://127.0.0.1:9",
        "REQUESTS_CA_BUNDLE": str(folder / "none.pem"),
        "EXCHANGE_TIMEOUT_S": "soon",
        "METRICS_PORT": "none",
        "HYPERLIQUID_KILL_KEY_QWEN": "0x1234",
        "HYPERLIQUID_PRIVATE_KEY_QWEN": key_of("qwen"),
    }


async def test_with_everything_broken_at_once_it_closes_within_seconds(harness: ExecutorHarness) -> None:
    await in_the_market(harness)
    harness.executor.kill()
    (harness.folder / "no-folder").touch()
    given = break_everything(variables(harness.folder, harness.simulator.url), harness.folder)
    done = await run_switch(given)
    assert done.returncode == 3, done.stderr + done.stdout
    assert positions(harness) == []
    assert harness.open_orders() == []
    assert "deepseek: OUT" in done.stdout
    assert "qwen: OUT" in done.stdout
    assert "halt file not written" in done.stdout
    assert "the executor may enter again; stop it" in done.stdout
    assert "no entry is sent" not in done.stdout
    assert "HYPERLIQUID_KILL_KEY_QWEN: not a private key" in done.stdout
    [last_close] = re.findall(r"the last close was sent ([0-9.]+) s after the command", done.stdout)
    assert float(last_close) <= LAST_CLOSE_LIMIT_S


async def test_in_a_folder_that_no_executor_reads_it_says_so(harness: ExecutorHarness) -> None:
    await in_the_market(harness)
    elsewhere = harness.folder / "elsewhere"
    done = await run_switch(variables(elsewhere, harness.simulator.url))
    assert done.returncode == 3, done.stderr + done.stdout
    assert positions(harness) == []
    assert f"halt file written: {elsewhere / 'halt'}; but no executor has ever run on it" in done.stdout
    assert "no entry is sent" not in done.stdout


def run_without_a_report(given: dict[str, str]) -> int:
    """The exit code of a switch whose output goes to a full disk."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HYPERLIQUID")}
    command = [sys.executable, "-m", "executor.cli.kill_command"]
    with Path("/dev/full").open("w") as full:
        return subprocess.run(
            command, env=environment | given, stdout=full, stderr=full, check=False, timeout=120
        ).returncode


async def test_a_disk_that_takes_nothing_only_changes_the_report(harness: ExecutorHarness) -> None:
    """Not even the report itself can be written: /dev/full refuses every byte."""
    await in_the_market(harness)
    given = variables(Path("/proc/nowhere"), harness.simulator.url)
    assert await asyncio.to_thread(run_without_a_report, given) != 0
    assert positions(harness) == []
    assert harness.open_orders() == []


async def test_a_resume_over_the_stream_leaves_the_switchs_halt(harness: ExecutorHarness) -> None:
    done = await run_switch(variables(harness.folder, harness.simulator.url))
    assert done.returncode == 0, done.stderr + done.stdout
    assert "no entry is sent until `aicoin resume`" in done.stdout
    await harness.command(Command.RESUME)

    async def look() -> bool | None:
        return ("HALT_STAYS" in await harness.alerts()) or None

    await harness.until("the answer to the resume", look)
    entry = harness.approve(Side.LONG, "1", Symbol.SOL)
    await harness.send(entry)
    assert await harness.ended(entry) == "CANCELLED"

    async def recorded() -> bool | None:
        query = "SELECT author, reason FROM executor_halts WHERE is_local AND ended_ms IS NULL"
        return (await harness.rows(query) == [("kill switch", "the kill switch was used")]) or None

    await harness.until("the halt's record", recorded)
    command = "from executor.cli.kill_command import resume; resume(None)"
    resumed = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", command],
        env=os.environ | variables(harness.folder, harness.simulator.url),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert resumed.returncode == 0, resumed.stderr
    assert "halt file removed" in resumed.stdout
    entry = harness.approve(Side.LONG, "1", Symbol.SOL)
    await harness.send(entry)
    assert await harness.ended(entry) == "FILLED"


@pytest.mark.parametrize(("model", "kind"), [("deepseek", "ended"), ("qwen", "pruned")])
async def test_a_wallet_that_is_gone_gives_way_to_the_executors_key(
    harness: ExecutorHarness, model: str, kind: str
) -> None:
    """The exchange's clock is three days off as well, so that two refusals are answered at once."""
    await in_the_market(harness)
    with harness.by_hand("qwen") as exchange:
        exchange.market_open("SOL", is_buy=True, sz=1.0)
    given = variables(harness.folder, harness.simulator.url)
    for each in CONTENDERS:
        given[f"HYPERLIQUID_PRIVATE_KEY_{each.upper()}"] = key_of(each)
    address = Account.from_key(kill_key_of(model)).address
    harness.simulator.panel("wallet", address=address, kind=kind)
    harness.simulator.panel("clock", skew_s=3 * 86_400)
    try:
        done = await run_switch(given)
    finally:
        harness.simulator.panel("clock", skew_s=0)
    assert done.returncode == 0, done.stderr + done.stdout
    assert f"Signing with HYPERLIQUID_PRIVATE_KEY_{model.upper()} instead" in done.stdout
    assert positions(harness) == []
    assert harness.open_orders() == []
