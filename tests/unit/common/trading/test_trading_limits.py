"""The gate's limits: bounds, and which coins they allow."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from common.trading.instruments import Symbol
from common.trading.limits import Limits


def test_without_a_list_every_coin_of_the_arena_is_allowed() -> None:
    coins = (Symbol.ETH, Symbol.HYPE)
    limits = Limits().for_coins(coins)
    assert limits.symbols == set(coins)
    assert limits.allowed_symbols == "ETH,HYPE"


def test_a_list_allows_only_its_coins_in_the_arenas_order() -> None:
    limits = Limits(allowed_symbols="SOL, BTC").for_coins((Symbol.BTC, Symbol.ETH, Symbol.SOL))
    assert limits.allowed_symbols == "BTC,SOL"
    assert limits.symbols == {Symbol.BTC, Symbol.SOL}


@pytest.mark.parametrize("allowed", ["HYPE", "BTC,HYPE"])
def test_a_coin_that_the_arena_lacks_is_refused_by_name(allowed: str) -> None:
    with pytest.raises(ValueError, match="ALLOWED_SYMBOLS: this arena doesn't trade HYPE; choose from BTC, or"):
        Limits(allowed_symbols=allowed).for_coins((Symbol.BTC,))


def test_an_unknown_coin_is_named() -> None:
    with pytest.raises(ValidationError, match="unknown: FOO"):
        Limits(allowed_symbols="BTC,FOO")


def test_other_limits_survive_the_choice_of_coins() -> None:
    assert Limits(max_leverage=7, min_confidence=Decimal(70)).for_coins(tuple(Symbol)) == Limits(
        max_leverage=7, min_confidence=Decimal(70), allowed_symbols=",".join(Symbol)
    )
