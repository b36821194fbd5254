"""Paper accounts, made once and kept private: one account per contender with its API wallets, as on the exchange."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from eth_account import Account

from aicoin_local.stores import write_private

FILE = "paper_keys.json"


def paper_environment(folder: Path, contenders: Sequence[str]) -> dict[str, str]:
    """The executor's and simulator's variables for the contenders' paper accounts.

    The file keeps every account that was ever made: a contender without one gets a new one, the others keep theirs.
    """
    path = folder / FILE
    kept: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    accounts = {contender: _kill_wallet() | row for contender, row in kept.items()}
    accounts |= {contender: _new_account() for contender in contenders if contender not in accounts}
    if accounts != kept:
        write_private(path, json.dumps(accounts, indent=2) + "\n")
    return _variables({contender: accounts[contender] for contender in contenders})


def stored_paper_variables(folder: Path) -> dict[str, str]:
    """The variables of every account that the file keeps; makes none. Raises OSError, ValueError or KeyError."""
    return _variables(json.loads((folder / FILE).read_text(encoding="utf-8")))


def has_paper_accounts(folder: Path) -> bool:
    return (folder / FILE).exists()


def new_paper_variables(contenders: Sequence[str]) -> dict[str, str]:
    """The same variables for accounts that were made just now."""
    return _variables({contender: _new_account() for contender in contenders})


def _variables(accounts: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    pairs = [
        f"{row['account_address']}:{row[wallet]}"
        for row in accounts.values()
        for wallet in ("wallet_address", "kill_wallet_address")
    ]
    variables = {"SIMULATOR_ACCOUNTS": ",".join(pairs)}
    for contender, row in accounts.items():
        variables[f"HYPERLIQUID_ACCOUNT_ADDRESS_{contender.upper()}"] = row["account_address"]
        variables[f"HYPERLIQUID_PRIVATE_KEY_{contender.upper()}"] = row["wallet_key"]
        variables[f"HYPERLIQUID_KILL_KEY_{contender.upper()}"] = row["kill_key"]
    return variables


def _new_account() -> dict[str, str]:
    """The account's own key is not kept: paper needs no withdrawals."""
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
