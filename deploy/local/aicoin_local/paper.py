"""Paper accounts, made once and kept private: an account and an API wallet per model, as on the real exchange."""

import json
from collections.abc import Mapping
from pathlib import Path

from eth_account import Account

from aicoin_local.catalog import MODELS
from aicoin_local.stores import write_private

FILE = "paper_keys.json"


def paper_environment(folder: Path) -> dict[str, str]:
    """The executor's and simulator's variables for paper accounts; new ones are made when there are none."""
    path = folder / FILE
    accounts = json.loads(path.read_text(encoding="utf-8")) if path.exists() else _new_accounts()
    complete = {model: _kill_wallet() | row for model, row in accounts.items()}
    if not path.exists() or complete != accounts:
        write_private(path, json.dumps(complete, indent=2) + "\n")
    return _variables(complete)


def has_paper_accounts(folder: Path) -> bool:
    return (folder / FILE).exists()


def new_paper_variables() -> dict[str, str]:
    """The same variables for accounts that were made just now."""
    return _variables(_new_accounts())


def _variables(accounts: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    pairs = [
        f"{row['account_address']}:{row[wallet]}"
        for row in accounts.values()
        for wallet in ("wallet_address", "kill_wallet_address")
    ]
    variables = {"SIMULATOR_ACCOUNTS": ",".join(pairs)}
    for model, row in accounts.items():
        variables[f"HYPERLIQUID_ACCOUNT_ADDRESS_{model.upper()}"] = row["account_address"]
        variables[f"HYPERLIQUID_PRIVATE_KEY_{model.upper()}"] = row["wallet_key"]
        variables[f"HYPERLIQUID_KILL_KEY_{model.upper()}"] = row["kill_key"]
    return variables


def _new_accounts() -> dict[str, dict[str, str]]:
    return {model: _new_account() for model in MODELS}


def _new_account() -> dict[str, str]:
    """The account's own key is thrown away: paper needs no withdrawals."""
    account, wallet = Account.create(), Account.create()
    return {
        "account_address": account.address,
        "wallet_address": wallet.address,
        "wallet_key": f"0x{bytes(wallet.key).hex()}",
        **_kill_wallet(),
    }


def _kill_wallet() -> dict[str, str]:
    """The kill switch's own API wallet."""
    wallet = Account.create()
    return {"kill_wallet_address": wallet.address, "kill_key": f"0x{bytes(wallet.key).hex()}"}
