"""API wallets' keys, from a variable or a file; what goes wrong is told without them."""

from pathlib import Path
from typing import Any

from eth_account import Account
from pydantic import SecretStr

from executor.exchange.errors import NotAKey


def wallet_of(key: str) -> Any:
    """The wallet of a key. Raises NotAKey, whose text and traceback don't hold it."""
    try:
        return Account.from_key(key)
    except Exception:
        raise NotAKey("not a private key: 64 hex digits, with or without 0x") from None


def read_key(name: str, value: SecretStr | None, path: Path | None) -> str | None:
    """The key in the variable `name` or in the file that `name`_FILE names; None when neither is given.

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
