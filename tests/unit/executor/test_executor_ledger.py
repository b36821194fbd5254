"""What moves an account's cash, from the exchange's rows: signs, foreign coins, and the same id for the same row."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from common.trading.symbols import Side
from executor import ledger
from executor.ledger import Books
from executor.parse import state_of

ME, OTHER = "0x" + "a" * 40, "0x" + "b" * 40
RECORDED = Path(__file__).parents[4] / "shared" / "data" / "hyperliquid" / "http_recorded"
FUNDING = RECORDED / "user_funding_history_with_end_time__0_userFunding.json"


@pytest.mark.parametrize(
    ("delta", "amount"),
    [
        ({"type": "deposit", "usdc": "100.5"}, "100.5"),
        ({"type": "withdraw", "usdc": "99.0", "nonce": 1, "fee": "1.0"}, "-100"),
        ({"type": "accountClassTransfer", "usdc": "5.0", "toPerp": True}, "5"),
        ({"type": "accountClassTransfer", "usdc": "5.0", "toPerp": False}, "-5"),
        ({"type": "internalTransfer", "usdc": "7.0", "user": OTHER, "destination": ME, "fee": "1.0"}, "7"),
        ({"type": "internalTransfer", "usdc": "7.0", "user": ME, "destination": OTHER, "fee": "1.0"}, "-8"),
        ({"type": "subAccountTransfer", "usdc": "7.0", "user": OTHER, "destination": ME}, "7"),
        ({"type": "vaultDeposit", "vault": OTHER, "usdc": "3.0"}, "-3"),
        ({"type": "vaultWithdraw", "vault": OTHER, "netWithdrawnUsd": "2.5", "requestedUsd": "3"}, "2.5"),
        ({"type": "liquidation", "liquidatedNtlPos": "10.0", "accountValue": "1.0"}, None),
        ({"type": "somethingNew", "usdc": "1.0"}, None),
    ],
)
def test_money_in_is_positive_and_money_out_negative(delta: dict[str, Any], amount: str | None) -> None:
    assert ledger.transfer_usd(ME, delta) == (None if amount is None else Decimal(amount))


def test_equal_rows_have_equal_ids_and_different_ones_differ() -> None:
    row = {"time": 1, "hash": "0x0", "delta": {"type": "deposit", "usdc": "1.0"}}
    other = {"time": 1, "hash": "0x0", "delta": {"type": "deposit", "usdc": "2.0"}}
    first, again, second = ledger.transfers(ME, [row, dict(row), other])
    assert first.entry.id == again.entry.id != second.entry.id


def test_fills_on_coins_outside_the_arena_are_told_apart() -> None:
    row = {"time": 5, "tid": 1, "oid": 2, "sz": "3.0", "dir": "Close Long", "closedPnl": "4.5", "fee": "0.5"}
    coins = ("ATOM", "ETH", "@107", "PURR/USDC", "xyz:GOLD")
    found = ledger.foreign_fills(ME, [row | {"coin": coin} for coin in coins])
    assert [(movement.coin, movement.amount_usd) for movement in found] == [("ATOM", Decimal(4))]


def test_a_position_on_another_coin_is_seen_and_its_profit_is_not_cash() -> None:
    position = {"coin": "ATOM", "szi": "-3.0", "positionValue": "12.3", "unrealizedPnl": "0.5"}
    answer = {
        "marginSummary": {"accountValue": "100.5", "totalMarginUsed": "4", "totalNtlPos": "12.3"},
        "assetPositions": [{"position": position}],
        "withdrawable": "90",
        "time": 1,
    }
    state = state_of(answer)
    assert [(each.coin, each.side, each.size_coin) for each in state.foreign] == [("ATOM", Side.SHORT, Decimal(3))]
    assert state.positions == ()
    assert (state.cash_usd, state.unrealised_pnl_usd) == (Decimal(100), Decimal("0.5"))


def test_the_residual_is_what_no_sum_explains() -> None:
    sums = (Decimal(20), Decimal("1.5"), Decimal("-0.25"), Decimal(100))
    books = Books(1, Decimal(1000), *sums, movements_until_ms=1)
    assert books.residual_usd(Decimal("1118.25")) == 0
    assert books.residual_usd(Decimal("1118.20")) == Decimal("-0.05")


@pytest.mark.skipif(not FUNDING.exists(), reason="recorded funding payments are not at hand")
def test_recorded_funding_payments_are_read() -> None:
    rows = json.loads(FUNDING.read_text(encoding="utf-8"))["response"]
    found = ledger.funding_payments(ME, rows)
    assert len({movement.entry.id for movement in found}) == len(rows)
    assert sum(m.amount_usd for m in found) == sum(Decimal(row["delta"]["usdc"]) for row in rows)
    assert found[0].coin == rows[0]["delta"]["coin"]
