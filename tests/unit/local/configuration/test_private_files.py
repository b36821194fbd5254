"""What the launcher writes: private files, accounts that stay the same, a `.env` that is never replaced."""

import json
import os
import stat
from pathlib import Path

import pytest
from dotenv import dotenv_values
from eth_account import Account

from aicoin_local.configuration.dotenv_file import complete_dotenv, write_dotenv
from aicoin_local.configuration.paper import paper_environment
from aicoin_local.configuration.runfile import read_run, remove_run, write_run
from aicoin_local.process.lock import Held, held, holder
from common.events.catalog import services_of
from common.runtime.rights.__main__ import password_variable
from common.runtime.roster import read_roster

ROSTER = read_roster(None)
IDS = ROSTER.ids


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_paper_accounts_are_private_and_persistent(tmp_path: Path) -> None:
    first = paper_environment(tmp_path, IDS)
    assert paper_environment(tmp_path, IDS) == first
    assert mode_of(tmp_path / "paper_keys.json") == 0o600


def test_paper_account_trades_through_its_own_api_wallet(tmp_path: Path) -> None:
    variables = paper_environment(tmp_path, IDS)
    pairs = [pair.split(":") for pair in variables["SIMULATOR_ACCOUNTS"].split(",")]
    models = ("DEEPSEEK", "QWEN")
    for model, (account, wallet) in zip(models, pairs[::2], strict=True):
        assert variables[f"HYPERLIQUID_ACCOUNT_ADDRESS_{model}"] == account
        assert Account.from_key(variables[f"HYPERLIQUID_PRIVATE_KEY_{model}"]).address == wallet
    for model, (account, wallet) in zip(models, pairs[1::2], strict=True):
        assert variables[f"HYPERLIQUID_ACCOUNT_ADDRESS_{model}"] == account
        assert Account.from_key(variables[f"HYPERLIQUID_KILL_KEY_{model}"]).address == wallet
    assert len({address for pair in pairs for address in pair}) == 6


def test_account_without_a_kill_wallet_gets_one_and_keeps_its_own(tmp_path: Path) -> None:
    before = paper_environment(tmp_path, IDS)
    path = tmp_path / "paper_keys.json"
    accounts = json.loads(path.read_text(encoding="utf-8"))
    for row in accounts.values():
        del row["kill_key"], row["kill_wallet_address"]
    path.write_text(json.dumps(accounts), encoding="utf-8")
    after = paper_environment(tmp_path, IDS)
    kept = {name for name in before if before[name] == after[name]}
    kinds = ("ACCOUNT_ADDRESS", "PRIVATE_KEY")
    assert kept == {f"HYPERLIQUID_{kind}_{model}" for kind in kinds for model in ("DEEPSEEK", "QWEN")}
    assert paper_environment(tmp_path, IDS) == after


def test_new_contender_gets_an_account_and_the_others_keep_theirs(tmp_path: Path) -> None:
    before = paper_environment(tmp_path, IDS)
    after = paper_environment(tmp_path, (*IDS, "llama"))
    assert {name: after[name] for name in before if name != "SIMULATOR_ACCOUNTS"}.items() <= before.items()
    assert after["SIMULATOR_ACCOUNTS"].startswith(before["SIMULATOR_ACCOUNTS"] + ",")
    assert Account.from_key(after["HYPERLIQUID_PRIVATE_KEY_LLAMA"]).address in after["SIMULATOR_ACCOUNTS"]
    assert paper_environment(tmp_path, IDS) == before
    assert paper_environment(tmp_path, (*IDS, "llama")) == after


def test_env_file_is_private_random_and_never_replaced(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    write_dotenv(one, ROSTER)
    write_dotenv(two, ROSTER)
    assert mode_of(one) == 0o600
    values, others = dotenv_values(one), dotenv_values(two)
    assert {name for name in values if values[name] == others[name]} == {"HYPERLIQUID_ENV"}
    assert all(values.values())
    with pytest.raises(FileExistsError):
        write_dotenv(one, ROSTER)
    assert dotenv_values(one) == values


def test_an_env_file_of_an_earlier_version_gets_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    before = "# mine\nHYPERLIQUID_PRIVATE_KEY_QWEN=only-copy\nREDIS_PASSWORD=old\nPOSTGRES_PASSWORD=old"
    path.write_text(before, encoding="utf-8")
    added = complete_dotenv(path, ROSTER)
    assert set(added) >= {password_variable(name) for name in services_of(ROSTER.ids)}
    assert path.read_text(encoding="utf-8").startswith(f"{before}\n")
    values = dotenv_values(path)
    assert (values["REDIS_PASSWORD"], mode_of(path)) == ("old", 0o600)
    assert all(values.values())
    assert complete_dotenv(path, ROSTER) == []


def test_a_contender_added_to_the_roster_gets_what_the_file_lacks(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    write_dotenv(path, ROSTER)
    before = dotenv_values(path)
    llama = ROSTER.contenders[0].model_copy(update={"id": "llama"})
    roster = ROSTER.model_copy(update={"contenders": (ROSTER.contenders[1], llama)})
    added = complete_dotenv(path, roster)
    assert {"STORE_PASSWORD_AGENT_LLAMA", "HYPERLIQUID_PRIVATE_KEY_LLAMA", "SIMULATOR_ACCOUNTS"} <= set(added)
    after = dotenv_values(path)
    assert {name: after[name] for name in before if name != "SIMULATOR_ACCOUNTS"}.items() <= before.items()
    assert str(after["SIMULATOR_ACCOUNTS"]).startswith(f"{before['SIMULATOR_ACCOUNTS']},")
    assert str(after["HYPERLIQUID_ACCOUNT_ADDRESS_LLAMA"]) in str(after["SIMULATOR_ACCOUNTS"])
    assert complete_dotenv(path, roster) == []


def test_real_accounts_are_never_made_up(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("HYPERLIQUID_ENV=testnet\n", encoding="utf-8")
    assert not [name for name in complete_dotenv(path, ROSTER) if "HYPERLIQUID" in name or "ACCOUNTS" in name]


def test_run_json_is_private_and_replaced_atomically(tmp_path: Path) -> None:
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


def test_truncated_run_json_counts_as_missing(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"serv', encoding="utf-8")
    assert read_run(tmp_path) is None


def test_lock_admits_one_launcher_and_names_it(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    assert holder(folder) is None
    with held(folder):
        assert holder(folder) == os.getpid()
        with pytest.raises(Held) as refused, held(folder):
            pass
        assert refused.value.pid == os.getpid()
    assert holder(folder) is None
