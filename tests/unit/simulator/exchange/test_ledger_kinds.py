"""The kinds of ledger rows: those that actions write, and those that only others' movements bring about."""

from decimal import Decimal
from typing import Any

import pytest
from signing_trader import SigningTrader

from simulator.exchange import interventions
from simulator.exchange.state import account_modes, ledger_rows

D = Decimal
OTHER = "0x" + "bb" * 20
CHAIN = {"signatureChainId": "0x66eee", "hyperliquidChain": "Testnet"}


@pytest.fixture
def trader() -> SigningTrader:
    return SigningTrader()


def last_row(trader: SigningTrader, user: str | None = None) -> Any:
    trader.world.take_changes()
    rows = trader.info("userNonFundingLedgerUpdates", startTime=0, **({"user": user} if user else {}))
    return rows[-1]["delta"]


def send_asset(trader: SigningTrader, source: str, target: str, amount: str = "5", to: str = OTHER) -> Any:
    fields = {"destination": to, "sourceDex": source, "destinationDex": target, "token": "USDC", "amount": amount}
    return trader.act_as_user({"type": "sendAsset", "fromSubAccount": ""} | CHAIN | fields)


def test_what_the_page_sends_is_a_send_row_for_both_sides(trader: SigningTrader) -> None:
    assert send_asset(trader, "", "")["status"] == "ok"
    row = dict(last_row(trader))
    nonce = row.pop("nonce")
    assert nonce > 0
    assert row == {
        "type": "send",
        "user": trader.user,
        "destination": OTHER,
        "sourceDex": "",
        "destinationDex": "",
        "token": "USDC",
        "amount": "5.0",
        "usdcValue": "5.0",
        "fee": "0.0",
        "nativeTokenFee": "0.0",
        "feeToken": "",
    }
    assert last_row(trader, OTHER) == row | {"nonce": nonce}


def test_a_send_to_ones_own_spot_balance_is_one_row(trader: SigningTrader) -> None:
    assert send_asset(trader, "", "spot", "7", trader.user)["status"] == "ok"
    assert (trader.account.raw_usd, trader.account.spot_usd) == (D(99_993), D(7))
    trader.world.take_changes()
    kinds = [row["delta"]["type"] for row in trader.info("userNonFundingLedgerUpdates", startTime=0)]
    assert kinds == ["deposit", "send"]
    assert send_asset(trader, "spot", "", "8", trader.user)["status"] == "err"


def test_spot_transfers_write_rows(trader: SigningTrader) -> None:
    send_asset(trader, "", "spot", "7", trader.user)
    spot_send = {"type": "spotSend", "destination": OTHER, "token": "USDC:0x6d1e", "amount": "3"}
    assert trader.act_as_user(spot_send | CHAIN)["status"] == "ok"
    row = last_row(trader, OTHER)
    assert (row["type"], row["user"], row["destination"], row["amount"]) == ("spotTransfer", trader.user, OTHER, "3.0")
    assert trader.act_as_user(spot_send | CHAIN | {"amount": "5"})["status"] == "err"
    other_token = trader.act_as_user(spot_send | CHAIN | {"token": "PURR:0x1"})
    assert "not available" in other_token["response"]


def test_claimed_rewards_write_a_row(trader: SigningTrader) -> None:
    trader.world.exchange.rewards[trader.user] = D("1.5")
    trader.act({"type": "claimRewards"})
    assert last_row(trader) == {"type": "rewardsClaim", "amount": "1.5", "token": "USDC"}


SIGNED = [(kind, D(40)) for kind in ledger_rows.INTO] + [(kind, D(-40)) for kind in ledger_rows.OUT_OF]
SIGNED += [(kind, usd) for kind in ledger_rows.EITHER for usd in (D(40), D(-40))]
SIGNED += [(kind, D(0)) for kind in ledger_rows.WITHOUT_CASH]


@pytest.mark.parametrize(("kind", "usd"), SIGNED)
@pytest.mark.parametrize("mode", [account_modes.DEFAULT, account_modes.UNIFIED])
def test_each_kind_moves_the_cash_that_its_row_shows(trader: SigningTrader, kind: str, usd: Decimal, mode: str) -> None:
    exchange = trader.world.exchange
    trader.account.raw_usd, trader.account.spot_usd = D(99_900), D(100)
    trader.account.set_mode(mode)
    interventions.move_cash(exchange, trader.user, kind, usd, trader.now_ms)
    is_pooled, is_between = mode == account_modes.UNIFIED, kind == ledger_rows.CLASS_TRANSFER
    moved = (D(0), usd) if kind in ledger_rows.OF_SPOT else (usd, -usd if is_between else D(0))
    expected = (100_000 + sum(moved), D(0)) if is_pooled else (99_900 + moved[0], 100 + moved[1])
    assert (trader.account.raw_usd, trader.account.spot_usd) == expected
    row = last_row(trader)
    assert row["type"] == kind
    shown = [row[name] for name in ("usdc", "amount", "netWithdrawnUsd") if name in row]
    if usd:
        assert D(shown[0]) == 40
    if "destination" in row:
        assert row["destination" if usd > 0 else "user"] == trader.user
    paid_in = D(100_000) if kind == ledger_rows.CLASS_TRANSFER else D(100_000) + usd
    assert trader.account.paid_in_usd == exchange.deposited - exchange.withdrawn == paid_in


@pytest.mark.parametrize(
    ("kind", "usd"),
    [("deposit", D(-1)), ("vaultDeposit", D(1)), ("cStakingTransfer", D(1)), ("spotTransfer", D(-1))],
)
def test_a_kind_that_moves_cash_the_other_way_is_refused(trader: SigningTrader, kind: str, usd: Decimal) -> None:
    with pytest.raises(ValueError, match=kind):
        interventions.move_cash(trader.world.exchange, trader.user, kind, usd, trader.now_ms)
    assert trader.account.raw_usd == D(100_000)


def test_an_unknown_kind_moves_cash_and_shows_only_what_it_is_given(trader: SigningTrader) -> None:
    interventions.move_cash(trader.world.exchange, trader.user, "newToday", D(-3), trader.now_ms, {"size": "?"})
    assert last_row(trader) == {"type": "newToday", "size": "?"}
    assert trader.account.raw_usd == D(99_997)
