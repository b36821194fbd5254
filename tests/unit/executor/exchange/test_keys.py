"""Keys of API wallets."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from executor.exchange.errors import InvalidKey
from executor.exchange.keys import read_key, wallet_address

KEY = "0x" + "17" * 32


def test_the_wallets_address_is_in_lower_case() -> None:
    assert wallet_address(KEY) == wallet_address(KEY.removeprefix("0x")).lower()


def test_an_invalid_key_is_not_shown() -> None:
    with pytest.raises(InvalidKey) as refused:
        wallet_address(KEY + "0")
    assert KEY[2:] not in str(refused.value)


def test_the_variable_comes_before_the_file(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(f" {KEY}\n", encoding="utf-8")
    assert read_key("NAME", SecretStr("own"), path) == "own"
    assert read_key("NAME", None, path) == KEY
    assert read_key("NAME", None, None) is None
    with pytest.raises(ValueError, match=r"NAME_FILE: .*missing can't be read"):
        read_key("NAME", None, tmp_path / "missing")
