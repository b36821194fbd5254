"""The commands for an account, against a real exchange simulator."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from executor.cli.commands import app
from simulator.testing.process import SimulatorProcess
from support.executor_process import environment


class Shell:
    """Runs commands for deepseek's account."""

    def __init__(self, variables: dict[str, str]) -> None:
        self.variables = variables

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, [*arguments, "--model", "deepseek"], env=self.variables)

    def lines(self, *arguments: str) -> list[str]:
        result = self.run(*arguments)
        assert result.exit_code == 0, result.output
        return result.stdout.strip().splitlines()


@pytest.fixture
def shell(simulator: SimulatorProcess, tmp_path: Path) -> Shell:
    return Shell(environment(tmp_path, api_url=simulator.url, redis_url="redis://h", database_url="postgresql://h"))


def test_from_an_order_to_its_cancellation(shell: Shell) -> None:
    assert "equity             10,000.00 USD" in shell.lines("account")
    assert shell.lines("positions") == ["no open positions"]
    reference, placed = shell.lines("order", "ETH", "buy", "0.01", "--limit", "1500")
    order_id = placed.split()[0]
    assert placed == f"{order_id}  resting"
    assert shell.lines("orders") == [f"{order_id}  ETH  BUY  0.01 at 1500.0"]
    assert shell.lines("order-status", reference.split()[-1]) == [f"{order_id}  open, 0.00 of 0.01 filled"]
    assert shell.lines("cancel", "ETH", order_id) == [f"{order_id}  cancelled"]
    newest, *_ = shell.lines("history")
    assert newest.endswith(f"{order_id}  ETH  BUY  Limit, 0.01 at 1500.0, canceled")
    assert shell.lines("orders") == ["no open orders"]
    again = shell.run("cancel", "ETH", order_id)
    assert again.exit_code == 1
    assert "never placed, already canceled, or filled" in again.stderr


def test_a_market_order_and_its_way_out(shell: Shell) -> None:
    assert "filled, 2.5 at" in shell.lines("order", "SOL", "buy", "2.509")[1]
    [position] = shell.lines("positions")
    assert position.startswith("SOL  LONG  2.5")
    used, tied_up = shell.lines("margin")
    assert used.startswith("used ")
    assert tied_up.startswith("SOL  LONG  ")
    refused = shell.run("order", "SOL", "buy", "1", "--reduce-only")
    assert refused.exit_code == 1
    assert "Reduce only order would increase position" in refused.stderr
    assert "filled" in shell.lines("order", "SOL", "sell", "100", "--reduce-only")[1]
    assert shell.lines("positions") == ["no open positions"]


def test_a_halt_lets_only_reducing_orders_pass(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "halt").touch()
    refused = shell.run("order", "ETH", "buy", "0.01")
    assert refused.exit_code == 1
    assert "halted" in refused.stderr


def test_a_silent_exchange_is_named_in_one_line(shell: Shell) -> None:
    shell.variables["HYPERLIQUID_API_URL"] = "http://127.0.0.1:9"
    result = shell.run("account")
    assert result.exit_code == 1
    assert result.stderr.startswith("HYPERLIQUID_API_URL: http://127.0.0.1:9 does not answer")
    assert len(result.stderr.splitlines()) == 1
