"""What forbids trading at start, each with the setting and what to do."""

from typing import Any

import pytest

from common.trading.instruments import INSTRUMENTS, Symbol
from executor.account import preflight
from executor.domain.account_standing import read_leverage_limits

NOW_MS = 1_790_000_000_000
COINS = tuple(Symbol)
WALLET = "0x" + "a" * 40


def universe(**changes: dict[str, Any]) -> dict[str, Any]:
    rows = [
        {"name": symbol.value, "szDecimals": INSTRUMENTS[symbol].size_decimals, "maxLeverage": 50} for symbol in Symbol
    ]
    return {"universe": [row | changes.get(str(row["name"]), {}) for row in rows]}


def test_every_coin_must_be_listed_with_the_lot_of_its_instrument() -> None:
    assert preflight.check_coins(universe(), COINS) == []
    assert "another lot" in preflight.check_coins(universe(XRP={"szDecimals": 1}), COINS)[0]
    assert "not listed" in preflight.check_coins(universe(BNB={"isDelisted": True}), COINS)[0]


def test_a_lower_leverage_is_a_warning_and_no_problem() -> None:
    limits = read_leverage_limits(universe(ETH={"maxLeverage": 10}), COINS)
    [(code, text)] = preflight.check_leverage(limits, 20)
    assert (code, text) == ("LEVERAGE_LOWERED", "ETH allows at most 10x on this exchange now; entries are judged by it")
    assert preflight.check_leverage(limits, 10) == []


@pytest.mark.parametrize(("days", "problems", "warnings"), [(-0.1, 1, 0), (6.9, 0, 1), (7.1, 0, 0)])
def test_an_api_wallet_ends_and_is_announced_a_week_before(days: float, problems: int, warnings: int) -> None:
    row = {"name": "n1", "address": WALLET.upper().replace("X", "x"), "validUntil": NOW_MS + round(days * 86_400_000)}
    expired, ending = preflight.check_expiry("HYPERLIQUID_PRIVATE_KEY_QWEN", WALLET, [row], NOW_MS)
    assert (len(expired), len(ending)) == (problems, warnings)
    assert preflight.check_expiry("KEY", "0x" + "b" * 40, [row], NOW_MS) == ([], [])
