"""Liquidations: the order of steps, who fills them, and who bears what the margin doesn't cover."""

import pytest

from simulator.exchange.state.account import figures
from simulator.exchange.step import step
from simulator.exchange.trading import margin
from simulator.market.coins import COINS
from simulator.testing.manual_exchange import T0, A, B, D, ManualExchange

C = "0x" + "cc" * 20


def leveraged(usd: int, coins: float, *, is_cross: bool = True) -> ManualExchange:
    """A long of that many ETH on that much money, twenty-fold."""
    venue = ManualExchange(usd)
    venue.set_book("ETH", 4_000, [(3_999, 1_000)], [(4_001, 1_000)])
    margin.set_leverage(venue.exchange, A, COINS["ETH"], 20, is_cross)
    venue.order(A, coins, 4_001, "Ioc")
    return venue


def total_usd(venue: ManualExchange) -> D:
    """Everything there is: all accounts' and the house's value at mark, and the fees."""
    exchange, marks = venue.exchange, venue.exchange.marks()
    accounts = exchange.accounts.values()
    held = sum((figures(account, marks).account_value + account.spot_usd for account in accounts), D(0))
    sizes = {coin: sum((account.position_size(coin) for account in accounts), D(0)) for coin in marks}
    house = exchange.house.raw_usd - sum((size * marks[coin] for coin, size in sizes.items()), D(0))
    return held + house + exchange.fees


def test_a_resting_order_fills_a_liquidation_at_its_price_for_its_fee() -> None:
    venue = leveraged(2_600, 10)
    venue.exchange.deposit(C, D(100_000), T0)
    venue.set_book("ETH", 3_815, [(3_814, 1_000)], [(3_816, 1_000)])
    venue.order(C, 4, 3_815)
    venue.step()
    mine = [fill for fill in venue.fills if fill.account == C]
    assert [(fill.price, fill.size, fill.fee) for fill in mine] == [(D(3815), D(4), D("2.289"))]
    assert mine[0].liquidation == {"liquidatedUser": A, "markPx": "3815.0", "method": "market"}
    assert venue.size() == 0


@pytest.mark.parametrize("is_cross", [True, False])
def test_a_liquidation_is_recorded_in_the_ledger(is_cross: bool) -> None:
    venue = leveraged(2_600, 10, is_cross=is_cross)
    venue.set_book("ETH", 3_815, [(3_814, 1_000)], [(3_816, 1_000)])
    step(venue.exchange, {}, 0.25, venue.now_ms)
    rows = [row["delta"] for _, row in venue.exchange.take_changes().ledger if row["delta"]["type"] == "liquidation"]
    assert [row["liquidatedPositions"] for row in rows] == [[{"coin": "ETH", "szi": "10.0"}]]
    assert rows[0]["leverageType"] == ("Cross" if is_cross else "Isolated")
    assert rows[0]["liquidatedNtlPos"] == "38150.0"
    assert 0 < float(rows[0]["accountValue"]) < 38_150 / 50


def test_liquidation_closes_only_what_the_margin_needs() -> None:
    venue = leveraged(8_200, 1)
    venue.set_book("BTC", 100_000, [(99_999, 100)], [(100_001, 100)])
    margin.set_leverage(venue.exchange, A, COINS["BTC"], 40, is_cross=True)
    venue.order(A, 0.7, 100_001, "Ioc", coin="BTC")
    venue.set_book("BTC", 90_000, [(89_999, 100)], [(90_001, 100)])
    venue.set_book("ETH", 3_990, [(3_989, 1_000)], [(3_991, 1_000)])
    venue.account().raw_usd -= 450
    venue.step(coin="BTC")
    assert venue.size(coin="BTC") == 0
    assert venue.size() == 1


def test_liquidation_cancels_the_accounts_orders_first() -> None:
    venue = leveraged(2_600, 10)
    other = venue.order(A, 1, 900.0, coin="SOL", trigger_price=D(800), trigger_kind="sl", trigger_is_market=True)
    venue.set_book("ETH", 3_815, [(3_814, 1_000)], [(3_816, 1_000)])
    venue.step()
    assert venue.ended[other.oid] == "liquidatedCanceled"


def test_the_liquidation_order_is_limited_to_the_zero_equity_price() -> None:
    venue = leveraged(2_600, 10)
    before = total_usd(venue)
    venue.set_book("ETH", 3_815, [(3_814, 4), (3_600, 1_000)], [(3_816, 1_000)])
    venue.step()
    assert venue.size() == 6
    assert all(fill.price == D(3814) for fill in venue.fills[1:])
    assert abs(total_usd(venue) - before) < D("1e-6")


@pytest.mark.parametrize("is_cross", [True, False])
def test_winners_are_deleveraged_before_the_house_bears_a_loss(is_cross: bool) -> None:
    venue = leveraged(2_600, 10, is_cross=is_cross)
    venue.exchange.deposit(C, D(1_000_000), T0)
    venue.order(B, -2, 3_999, "Ioc")
    venue.order(C, -4, 3_999, "Ioc")
    before = total_usd(venue)
    venue.set_book("ETH", 3_600, [(3_599, 1_000)], [(3_601, 1_000)])
    venue.step()
    assert venue.size() == venue.size(B) == venue.size(C) == 0
    forced = [fill for fill in venue.fills if fill.direction == "Auto-Deleveraging"]
    assert [(fill.account, fill.size, fill.fee) for fill in forced] == [(B, D(2), D(0)), (C, D(4), D(0))]
    assert all(fill.price > D(3600) and fill.closed_pnl > 0 for fill in forced)
    assert venue.account().raw_usd >= 0
    assert abs(total_usd(venue) - before) < D("1e-6")


def test_no_account_is_deleveraged_while_the_margin_covers_the_backstop() -> None:
    venue = leveraged(2_600, 10)
    venue.order(B, -2, 3_999, "Ioc")
    venue.set_book("ETH", 3_760, [(3_759, 1_000)], [(3_761, 1_000)])
    venue.step()
    assert (venue.size(), venue.size(B)) == (0, D(-2))


def test_an_isolated_loss_never_reaches_the_rest_of_the_account() -> None:
    venue = leveraged(100_000, 10, is_cross=False)
    free = venue.account().raw_usd
    venue.set_book("ETH", 3_500, [(3_499, 1_000)], [(3_501, 1_000)])
    venue.step()
    assert venue.size() == 0
    assert venue.account().raw_usd == free


def test_no_account_keeps_a_debt_after_liquidation() -> None:
    venue = leveraged(2_100, 10)
    before = total_usd(venue)
    venue.set_book("ETH", 4_000, [(3_100, 1_000)], [(4_001, 1_000)])
    venue.order(A, -10, 3_100, "Ioc", reduce_only=True)
    assert venue.account().raw_usd < 0
    venue.step()
    assert venue.account().raw_usd == 0
    assert abs(total_usd(venue) - before) < D("1e-6")
