"""Money: fees by volume, margin and its tiers, funding, liquidations; everything adds up."""

import pytest

from simulator.exchange import transfers
from simulator.exchange.errors import ActionError, OrderError
from simulator.exchange.state import fees
from simulator.exchange.state.account import Account, Position, figures, liquidation_price, maintenance_usd
from simulator.exchange.trading import margin
from simulator.exchange.trading.settlement import pay_funding
from simulator.market.candles import DAY_MS
from simulator.market.coins import COINS
from simulator.testing.manual_exchange import T0, A, B, D, ManualExchange
from simulator.wire.rows import clearinghouse_state


@pytest.fixture
def venue() -> ManualExchange:
    return ManualExchange()


def total_usd(venue: ManualExchange) -> D:
    """Everything there is: all accounts' and the house's value at mark, and the fees."""
    exchange, marks = venue.exchange, venue.exchange.marks()
    accounts = exchange.accounts.values()
    held = sum((figures(account, marks).account_value + account.spot_usd for account in accounts), D(0))
    sizes = {coin: sum((account.position_size(coin) for account in accounts), D(0)) for coin in marks}
    house = exchange.house.raw_usd - sum((size * marks[coin] for coin, size in sizes.items()), D(0))
    return held + house + exchange.fees


@pytest.mark.parametrize(
    ("days_ago", "usd", "expected"),
    [
        (1, 5_000_000, ("0.00045", "0.00015")),
        (1, 5_000_001, ("0.0004", "0.00012")),
        (14, 30_000_000, ("0.00035", "0.00008")),
        (15, 30_000_000, ("0.00045", "0.00015")),
        (0, 30_000_000, ("0.00045", "0.00015")),
        (2, 8_000_000_000, ("0.00024", "0")),
    ],
)
def test_the_fee_rate_follows_the_volume_of_the_last_fourteen_days(
    days_ago: int, usd: int, expected: tuple[str, str]
) -> None:
    account = Account(A)
    account.volumes[T0 // DAY_MS - days_ago] = [D(usd), D(0)]
    assert fees.rates(account, T0) == tuple(map(D, expected))


def test_taker_and_maker_pay_their_own_rate(venue: ManualExchange) -> None:
    venue.order(A, -1, 4_000)
    venue.order(B, 1, 4_000, "Ioc")
    assert [fill.fee for fill in venue.fills] == [D("1.8"), D("0.6")]
    assert venue.exchange.fees == D("2.4")
    assert venue.account(B).volumes[T0 // DAY_MS] == [D(4000), D(0)]


def test_maintenance_margin_of_the_recorded_account() -> None:
    assert maintenance_usd(COINS["BTC"], D(377_667)) == D("4720.8375")


def test_the_recorded_account_is_printed_to_the_last_digit() -> None:
    """Recorded in September 2026; its liquidation price isn't compared: the account held other collateral too."""
    mark = D("83926")
    entry = mark - D("11884.306507") / D("4.5")
    account = Account(A, raw_usd=D("-339414.3"))
    position = Position("BTC", D("4.5"), entry, 10, True, funding_all=D("982.43637"), funding_open=D("982.43637"))
    account.positions["BTC"] = position
    sums = {
        "accountValue": "38252.7",
        "totalNtlPos": "377667.0",
        "totalRawUsd": "-339414.3",
        "totalMarginUsed": "37766.7",
    }
    state = clearinghouse_state(account, {"BTC": mark}, T0)
    assert state["marginSummary"] == state["crossMarginSummary"] == sums
    assert (state["crossMaintenanceMarginUsed"], state["withdrawable"]) == ("4720.8375", "486.0")
    [row] = state["assetPositions"]
    del row["position"]["liquidationPx"]
    assert row["position"] == {
        "coin": "BTC",
        "szi": "4.5",
        "leverage": {"type": "cross", "value": 10},
        "entryPx": "81285.0",
        "positionValue": "377667.0",
        "unrealizedPnl": "11884.306507",
        "returnOnEquity": "0.3249007326",
        "marginUsed": "37766.7",
        "maxLeverage": 40,
        "cumFunding": {"allTime": "982.43637", "sinceOpen": "982.43637", "sinceChange": "0.0"},
    }


def test_a_recorded_isolated_position_is_printed_to_the_last_digit() -> None:
    """A coin of tenfold leverage: value 75.652, own cash −68.126246, liquidated at 35.8559189474."""
    account = Account(A, raw_usd=D("7.655638") - D("75.652") + D("68.126246"))
    account.positions["BNB"] = Position("BNB", D(2), D("37.8"), 10, False, D("-68.126246"))
    state = clearinghouse_state(account, {"BNB": D("37.826")}, T0)
    row = state["assetPositions"][0]["position"]
    assert row["leverage"] == {"type": "isolated", "value": 10, "rawUsd": "-68.126246"}
    assert (row["positionValue"], row["marginUsed"]) == ("75.652", "7.525754")
    assert row["liquidationPx"] == "35.8559189474"


def test_margin_is_truncated_and_the_entry_price_has_the_coins_decimals() -> None:
    """11.3837557 was printed as 11.383755, an entry of 79449.2667 as 79449.2."""
    account = Account(A)
    account.positions["ETH"] = Position("ETH", D("0.1334"), D("1705.829"), 20, True)
    row = clearinghouse_state(account, {"ETH": D("1706.71")}, T0)["assetPositions"][0]["position"]
    assert (row["marginUsed"], row["entryPx"]) == ("11.383755", "1705.82")


@pytest.mark.parametrize(
    ("premium", "hourly"),
    [(-0.0001875, 0.0000125), (0.0, 0.0000125), (0.0006, 0.0000125), (0.001, 0.0000625), (-0.001, -0.0000625)],
)
def test_the_funding_rate_by_its_formula(venue: ManualExchange, premium: float, hourly: float) -> None:
    market = venue.market.coins["BTC"]
    market.premium_sum, market.premium_count = premium * 720, 720
    assert market.funding_rate() == pytest.approx(hourly, abs=1e-12)


def test_maintenance_margin_is_continuous_between_tiers() -> None:
    coin = COINS["BNB"]
    assert maintenance_usd(coin, D(3_000_000)) == D(150_000)
    assert maintenance_usd(coin, D(4_000_000)) == D(150_000) + D(100_000)


@pytest.mark.parametrize(("coin", "size", "raw_usd"), [("ETH", "0.0335", "-94.10"), ("SOL", "-2", "500")])
def test_isolated_liquidation_price_is_where_equity_meets_maintenance(coin: str, size: str, raw_usd: str) -> None:
    position = Position(coin, D(size), D(1), 5, False, D(raw_usd))
    price = liquidation_price(Account(A), position, {})
    assert price is not None
    assert abs(position.equity(price) - maintenance_usd(COINS[coin], abs(position.size) * price)) < D("1e-9")


def test_cross_liquidation_price_is_where_the_account_meets_maintenance(venue: ManualExchange) -> None:
    venue.order(A, 10, 4_001, "Ioc")
    account = venue.account()
    price = liquidation_price(account, account.positions["ETH"], venue.exchange.marks())
    if price is None:
        account.raw_usd -= D(80_000)
        price = liquidation_price(account, account.positions["ETH"], venue.exchange.marks())
    assert price is not None
    sums = figures(account, venue.exchange.marks() | {"ETH": price})
    assert abs(sums.cross_value - sums.cross_maintenance) < D("1e-6")


def test_leverage_is_bounded_by_the_tier_of_the_position(venue: ManualExchange) -> None:
    venue.exchange.deposit(A, D(10_000_000), T0)
    margin.set_leverage(venue.exchange, A, COINS["BNB"], 10, is_cross=True)
    venue.set_book("BNB", 1_000, [(999, 9_000)], [(1_001, 9_000)])
    with pytest.raises(OrderError, match="margin tier limit"):
        venue.order(A, 4_000, 1_001, "Ioc", coin="BNB")
    assert venue.order(A, 2_000, 1_001, "Ioc", coin="BNB").status == "filled"


def test_leverage_rises_freely_falls_with_margin_and_keeps_its_type(venue: ManualExchange) -> None:
    exchange, coin = venue.exchange, COINS["ETH"]
    margin.set_leverage(exchange, A, coin, 5, is_cross=False)
    venue.order(A, 20, 4_002, "Ioc")
    with pytest.raises(ActionError, match="Cannot switch leverage type"):
        margin.set_leverage(exchange, A, coin, 5, is_cross=True)
    free, venue.account().raw_usd = venue.account().raw_usd, D(1)
    with pytest.raises(ActionError, match="Isolated position does not have sufficient margin"):
        margin.set_leverage(exchange, A, coin, 2, is_cross=False)
    venue.account().raw_usd = free
    with pytest.raises(ActionError, match="Invalid leverage value"):
        margin.set_leverage(exchange, A, coin, 26, is_cross=False)
    margin.set_leverage(exchange, A, coin, 10, is_cross=False)
    assert venue.account().positions["ETH"].leverage == 10


def test_isolated_margin_moves_both_ways_within_its_bounds(venue: ManualExchange) -> None:
    exchange, coin = venue.exchange, COINS["ETH"]
    for usd, text in ((D(0), "cannot be zero"), (D(5), "empty position")):
        with pytest.raises(ActionError, match=text):
            margin.move_isolated(exchange, A, coin, usd)
    margin.set_leverage(exchange, A, coin, 5, is_cross=False)
    venue.order(A, 1, 4_001, "Ioc")
    position = venue.account().positions["ETH"]
    before = position.equity(D(4000))
    margin.move_isolated(exchange, A, coin, D(100))
    assert position.equity(D(4000)) == before + 100
    with pytest.raises(ActionError, match="sufficient margin for reduction"):
        margin.move_isolated(exchange, A, coin, D(-150))
    margin.move_isolated(exchange, A, coin, D(-99))
    with pytest.raises(ActionError, match="margin available for increase"):
        margin.move_isolated(exchange, A, coin, D(10_000_000))


def test_longs_pay_a_positive_rate_on_the_oracle_price(venue: ManualExchange) -> None:
    venue.order(A, 10, 4_001, "Ioc")
    before = venue.account().raw_usd
    pay_funding(venue.exchange, "ETH", D("0.0000125"), T0)
    assert venue.account().raw_usd == before - D("0.5")
    assert venue.exchange.changes.fundings[0][1]["delta"]["usdc"] == "-0.5"


def leveraged(usd: int, coins: float) -> ManualExchange:
    """A long of that many ETH on that much money, twenty-fold."""
    venue = ManualExchange(usd)
    venue.set_book("ETH", 4_000, [(3_999, 1_000)], [(4_001, 1_000)])
    venue.order(A, coins, 4_001, "Ioc")
    return venue


def test_a_small_position_is_liquidated_into_the_book_at_once(venue: ManualExchange) -> None:
    venue = leveraged(2_600, 10)
    before = total_usd(venue)
    stop = venue.trigger(A, -10, 3_000, "sl")
    venue.set_book("ETH", 3_815, [(3_814, 1_000)], [(3_816, 1_000)])
    venue.step()
    assert venue.size() == 0
    assert venue.ended[stop.oid] == "liquidatedCanceled"
    fill = venue.fills[-1]
    assert fill.liquidation == {"liquidatedUser": A, "markPx": "3815.0", "method": "market"}
    assert (fill.price, fill.fee) == (D(3814), D(0))
    assert venue.account().raw_usd > 0
    assert abs(total_usd(venue) - before) < D("1e-6")


def test_a_large_position_is_liquidated_by_a_fifth_then_after_a_pause() -> None:
    venue = leveraged(20_000, 90)
    venue.set_book("ETH", 3_855, [(3_854, 5_000)], [(3_856, 5_000)])
    venue.step()
    assert venue.size() == D(72)
    venue.set_book("ETH", 3_838, [(3_837, 5_000)], [(3_839, 5_000)])
    venue.step(seconds=20)
    assert venue.size() == D(72)
    venue.step(seconds=11)
    assert venue.size() == D(0)


def test_far_below_maintenance_the_backstop_takes_everything() -> None:
    venue = leveraged(2_600, 10)
    before = total_usd(venue)
    venue.set_book("ETH", 3_760, [(3_759, 1_000)], [(3_761, 1_000)])
    venue.step()
    assert venue.size() == 0
    assert venue.fills[-1].liquidation == {"liquidatedUser": A, "markPx": "3760.0", "method": "backstop"}
    assert venue.account().raw_usd == 0
    assert abs(total_usd(venue) - before) < D("1e-6")


def test_sub_accounts_need_volume_share_the_tier_and_move_money(venue: ManualExchange) -> None:
    exchange = venue.exchange
    with pytest.raises(ActionError, match=r"Required: \$100000\. Traded: \$0\."):
        transfers.create_sub(exchange, A, "one")
    venue.account().volume_usd = D(150_000)
    sub = transfers.create_sub(exchange, A, "one")
    transfers.move(exchange, A, sub.address, D(500), T0, "subAccountTransfer")
    assert sub.raw_usd == D(500)
    assert exchange.owner(sub.address) is venue.account()
    with pytest.raises(ActionError, match="Insufficient balance"):
        transfers.move(exchange, sub.address, A, D(501), T0, "subAccountTransfer")
    with pytest.raises(ActionError, match="already used"):
        transfers.create_sub(exchange, A, "one")


def test_a_withdrawal_costs_a_dollar(venue: ManualExchange) -> None:
    transfers.withdraw(venue.exchange, A, D(100), 1, T0)
    assert venue.account().raw_usd == D(99_900)
    assert (venue.exchange.withdrawn, venue.exchange.fees) == (D(99), D(1))


@pytest.mark.parametrize(("sizes", "prices"), [((-800,), (4_100,)), ((-500, -500), (4_100, 4_101))])
def test_orders_that_would_flip_a_position_need_margin_when_placed(
    sizes: tuple[int, ...], prices: tuple[int, ...]
) -> None:
    venue = ManualExchange(usd=110_000)
    venue.set_book("ETH", 4_000, [(3_999, 1_000)], [(4_001, 1_000)])
    venue.order(A, 500, 4_001, "Ioc")
    for size, price in zip(sizes[:-1], prices, strict=False):
        venue.order(A, size, price)
    with pytest.raises(OrderError, match="Insufficient margin"):
        venue.order(A, sizes[-1], prices[-1])
    assert margin.available_usd(venue.exchange, venue.account()) >= 0
    venue.order(A, -500, 3_999)
    assert venue.size() == 0
