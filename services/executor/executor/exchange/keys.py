"""API wallets' keys, from a variable or a file; no error message contains one."""

from pathlib import Path
from typing import Any

from eth_account import Account
from pydantic import SecretStr

from executor.exchange.errors import InvalidKey


def open_wallet(key: str) -> Any:
    """The wallet of a key. Raises InvalidKey, whose text and traceback don't hold it."""
    try:
        return Account.from_key(key)
    except Exception:
        raise InvalidKey("not a private key: 64 hex digits, with or without 0x") from None


def wallet_address(key: str) -> str:
    """The address of a key's wallet, in lower case. Raises InvalidKey."""
    address: str = open_wallet(key).address
    return address.lower()


def check_key(value: SecretStr) -> SecretStr:
    """The value itself, for a settings field. Raises InvalidKey."""
    open_wallet(value.get_secret_value())
    return value


def read_key(name: str, value: SecretStr | None, path: Path | None) -> str | None:
    """The key in the variable `name` or in the file that `name`_FILE names; None when neither is set.

    Raises ValueError naming the variable.
    """
    if value is not None:
        return value.get_secret_value()
    if path is None:
        return None
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text"
        raise ValueError(f"{name}_FILE: {path} can't be read: {reason}") from None
