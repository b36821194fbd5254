"""What the launcher writes: private files, accounts that stay the same, a `.env` that is never replaced."""

import json
import os
import stat
from pathlib import Path

import pytest
from dotenv import dotenv_values
from eth_account import Account

from aicoin_local.dotenv_file import write_dotenv
from aicoin_local.lock import Held, held, holder
from aicoin_local.paper import paper_environment
from aicoin_local.runfile import read_run, remove_run, write_run


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_paper_accounts_are_private_and_stay_the_same(tmp_path: Path) -> None:
    first = paper_environment(tmp_path)
    assert paper_environment(tmp_path) == first
    assert mode_of(tmp_path / "paper_keys.json") == 0o600


def test_a_paper_account_trades_through_an_api_wallet_of_its_own(tmp_path: Path) -> None:
    variables = paper_environment(tmp_path)
    pairs = [pair.split(":") for pair in variables["SIMULATOR_ACCOUNTS"].split(",")]
    models = ("DEEPSEEK", "QWEN")
    for model, (account, wallet) in zip(models, pairs[::2], strict=True):
        assert variables[f"HYPERLIQUID_ACCOUNT_ADDRESS_{model}"] == account
        assert Account.from_key(variables[f"HYPERLIQUID_PRIVATE_KEY_{model}"]).address == wallet
    for model, (account, wallet) in zip(models, pairs[1::2], strict=True):
        assert variables[f"HYPERLIQUID_ACCOUNT_ADDRESS_{model}"] == account
        assert Account.from_key(variables[f"HYPERLIQUID_KILL_KEY_{model}"]).address == wallet
    assert len({address for pair in pairs for address in pair}) == 6


def test_accounts_from_before_the_kill_switch_get_its_wallet_and_keep_theirs(tmp_path: Path) -> None:
    before = paper_environment(tmp_path)
    path = tmp_path / "paper_keys.json"
    accounts = json.loads(path.read_text(encoding="utf-8"))
    for row in accounts.values():
        del row["kill_key"], row["kill_wallet_address"]
    path.write_text(json.dumps(accounts), encoding="utf-8")
    after = paper_environment(tmp_path)
    kept = {name for name in before if before[name] == after[name]}
    kinds = ("ACCOUNT_ADDRESS", "PRIVATE_KEY")
    assert kept == {f"HYPERLIQUID_{kind}_{model}" for kind in kinds for model in ("DEEPSEEK", "QWEN")}
    assert paper_environment(tmp_path) == after


def test_the_env_file_is_private_random_and_never_replaced(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    write_dotenv(one)
    write_dotenv(two)
    assert mode_of(one) == 0o600
    values, others = dotenv_values(one), dotenv_values(two)
    assert {name for name in values if values[name] == others[name]} == {"HYPERLIQUID_ENV"}
    assert all(values.values())
    with pytest.raises(FileExistsError):
        write_dotenv(one)
    assert dotenv_values(one) == values


def test_run_json_is_private_and_replaced_whole(tmp_path: Path) -> None:
    assert read_run(tmp_path) is None
    write_run(tmp_path, {"services": {}})
    assert mode_of(tmp_path / "run.json") == 0o600
    before = (tmp_path / "run.json").stat().st_mtime_ns
    write_run(tmp_path, {"services": {}})
    assert (tmp_path / "run.json").stat().st_mtime_ns == before
    write_run(tmp_path, {"services": {"risk": 1}})
    assert read_run(tmp_path) == {"services": {"risk": 1}}
    remove_run(tmp_path)
    assert read_run(tmp_path) is None


def test_a_half_written_run_json_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"serv', encoding="utf-8")
    assert read_run(tmp_path) is None


def test_one_launcher_holds_a_folder_and_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    assert holder(folder) is None
    with held(folder):
        assert holder(folder) == os.getpid()
        with pytest.raises(Held) as refused, held(folder):
            pass
        assert refused.value.pid == os.getpid()
    assert holder(folder) is None
