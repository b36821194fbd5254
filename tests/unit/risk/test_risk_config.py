"""Risk's settings: the mainnet cap, and the limits of an arena."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from common.runtime.roster import read_roster
from common.trading.instruments import Symbol
from risk.config import RiskSettings

ROSTER = read_roster(None)


def settings(**changes: Any) -> RiskSettings:
    return RiskSettings(metrics_port=0, database_url=SecretStr("postgresql://unused"), **changes)


def test_mainnet_requires_a_dollar_cap() -> None:
    with pytest.raises(ValidationError, match="MAX_NOTIONAL_USD: not set"):
        settings(hyperliquid_env="mainnet")
    assert settings(hyperliquid_env="mainnet", max_notional_usd=Decimal(500)).max_notional_usd == 500


def test_the_limits_allow_the_coins_of_the_roster() -> None:
    limits = settings(max_leverage=7).limits(ROSTER)
    assert limits.max_leverage == 7
    assert limits.symbols == frozenset(ROSTER.coins)


def test_allowed_symbols_narrow_the_roster() -> None:
    assert settings(allowed_symbols="ETH,BTC").limits(ROSTER).symbols == frozenset({Symbol.BTC, Symbol.ETH})


@pytest.mark.parametrize("allowed", ["HYPE", "BTC,HYPE"])
def test_an_allowed_coin_that_is_not_traded_ends_the_start(allowed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        settings(allowed_symbols=allowed).limits(ROSTER)
    assert capsys.readouterr().err == (
        "risk: ALLOWED_SYMBOLS: this arena doesn't trade HYPE; choose from BTC,ETH,SOL,BNB,DOGE,XRP, "
        "or add it to the coins of arena.toml\n"
    )
