"""What moves an account's cash, from the exchange's rows: signs, external coins, and the same id for the same row."""

from decimal import Decimal
from typing import Any

import pytest

from common.trading.instruments import Symbol
from executor.exchange import ledger_rows as ledger

ME, OTHER = "0x" + "a" * 40, "0x" + "b" * 40
DEPOSIT = {"time": 7, "hash": "0x0", "delta": {"type": "deposit", "usdc": "1.0"}}


def send(sender: str, target: str, **changes: str) -> dict[str, Any]:
    """A row of sendAsset: 4 USDC from and to the perpetuals' balance."""
    row = {"type": "send", "user": sender, "destination": target, "sourceDex": "", "destinationDex": ""}
    return row | {"token": "USDC", "amount": "4.0", "usdcValue": "4.0", "fee": "0.0", "nonce": 1} | changes


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
        (send(ME, OTHER), "-4"),
        (send(OTHER, ME), "4"),
        (send(ME, OTHER, fee="0.5"), "-4.5"),
        (send(ME, ME, destinationDex="spot"), "-4"),
        (send(ME, ME, sourceDex="spot"), "4"),
        (send(ME, OTHER, sourceDex="spot"), None),
        (send(OTHER, ME, destinationDex="xyz"), None),
        (send(OTHER, ME, token="HYPE"), None),
        ({"type": "spotTransfer", "token": "USDC", "amount": "4", "user": ME, "destination": OTHER, "fee": "0"}, None),
        ({"type": "rewardsClaim", "amount": "4.0", "token": "USDC"}, None),
        ({"type": "borrowLend", "token": "USDC", "operation": "supply", "amount": "4.0"}, None),
        ({"type": "cStakingTransfer", "token": "HYPE", "amount": "4.0", "isDeposit": True}, None),
        ({"type": "activateDexAbstraction", "dex": "xyz", "token": "USDC", "amount": "4.0"}, None),
        ({"type": "vaultDistribution", "vault": OTHER, "usdc": "3.0"}, "3"),
    ],
)
def test_money_in_is_positive_and_money_out_negative(delta: dict[str, Any], amount: str | None) -> None:
    assert ledger.parse_transfer_usd(ME, delta, "default") == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize(
    ("delta", "amount"),
    [
        (send(ME, ME, destinationDex="spot"), None),
        (send(ME, OTHER, sourceDex="spot"), "-4"),
        (send(OTHER, ME, destinationDex="spot"), "4"),
        (send(ME, ME, sourceDex="spot", destinationDex="xyz"), "-4"),
        ({"type": "accountClassTransfer", "usdc": "5.0", "toPerp": True}, None),
        ({"type": "spotTransfer", "token": "USDC", "amount": "4", "user": ME, "destination": OTHER, "fee": "0"}, "-4"),
        ({"type": "spotTransfer", "token": "PURR", "amount": "4", "user": ME, "destination": OTHER, "fee": "0"}, None),
        ({"type": "rewardsClaim", "amount": "4.0", "token": "USDC"}, "4"),
        ({"type": "borrowLend", "token": "USDC", "operation": "supply", "amount": "4.0"}, "-4"),
        ({"type": "borrowLend", "token": "USDC", "operation": "withdraw", "amount": "4.0"}, "4"),
        ({"type": "withdraw", "usdc": "99.0", "nonce": 1, "fee": "1.0"}, "-100"),
    ],
)
def test_in_a_pooled_mode_spot_is_the_accounts_cash_too(delta: dict[str, Any], amount: str | None) -> None:
    assert ledger.parse_transfer_usd(ME, delta, "unifiedAccount") == (None if amount is None else Decimal(amount))


def test_a_row_that_is_not_known_or_readable_hides_no_other() -> None:
    rows = [
        {"time": 1, "hash": "0x0", "delta": {"type": "somethingNew", "usdc": "1.0"}},
        {"time": 2, "hash": "0x0", "delta": {"type": "send", "amount": None}},
        {"time": 3, "hash": "0x0", "delta": None},
        DEPOSIT,
    ]
    found, unknown = ledger.parse_transfers(ME, rows, "default")
    assert [movement.amount_usd for movement in found] == [1]
    assert [row.type for row in unknown] == ["somethingNew", "send", "None"]
    assert len({row.id for row in unknown}) == 3


def test_equal_rows_have_equal_ids_and_different_ones_differ() -> None:
    row = {"time": 1, "hash": "0x0", "delta": {"type": "deposit", "usdc": "1.0"}}
    other = {"time": 1, "hash": "0x0", "delta": {"type": "deposit", "usdc": "2.0"}}
    (first, again, second), _ = ledger.parse_transfers(ME, [row, dict(row), other], "default")
    assert first.entry.id == again.entry.id != second.entry.id


def liquidation_row(*coins: str, value: str = "43.5", time_ms: int = 7, size: str = "2.0") -> dict[str, Any]:
    positions = [{"coin": coin, "szi": size} for coin in coins]
    delta = {"type": "liquidation", "liquidatedNtlPos": "7600.0", "accountValue": value}
    return {"time": time_ms, "hash": "0x0", "delta": delta | {"liquidatedPositions": positions}}


def liquidation_fill(
    coin: str,
    method: str = "backstop",
    user: str = ME,
    *,
    time_ms: int = 7,
    size: str = "2.0",
    price: str = "100",
    side: str = "A",
) -> dict[str, Any]:
    note = {"liquidatedUser": user, "markPx": "100", "method": method}
    return {"coin": coin, "time": time_ms, "sz": size, "px": price, "side": side, "liquidation": note}


def test_the_margin_that_the_backstop_kept_is_a_loss() -> None:
    row, fill = liquidation_row("ETH"), liquidation_fill("ETH", user=ME.upper().replace("X", "x"))
    plain = {"coin": "ETH", "time": 6, "liquidation": None}
    [kept], incomplete = ledger.parse_liquidations(ME, [row], [plain, fill])
    assert (kept.kind, kept.reason, kept.coin, kept.amount_usd) == ("liquidation", "backstop", "ETH", Decimal("-43.5"))
    assert (kept.entry.closed_pnl_usd, kept.entry.transfer_usd) == (Decimal("-43.5"), Decimal(0))
    assert kept.entry.time_ms == 7
    [again], _ = ledger.parse_liquidations(ME, [dict(row)], [fill])
    assert again == kept
    assert incomplete == []


def test_a_cross_account_loses_its_margin_once() -> None:
    fills = [liquidation_fill("ETH"), liquidation_fill("ATOM")]
    [kept], incomplete = ledger.parse_liquidations(ME, [liquidation_row("ETH", "ATOM")], fills)
    assert (kept.amount_usd, kept.coin, incomplete) == (Decimal("-43.5"), None, [])


def test_a_deficit_that_the_exchange_bears_is_a_gain() -> None:
    [borne], incomplete = ledger.parse_liquidations(
        ME, [liquidation_row("ETH", value="-5.25")], [liquidation_fill("ETH")]
    )
    assert (borne.kind, borne.amount_usd) == ("liquidation", Decimal("5.25"))
    assert borne.entry.closed_pnl_usd == Decimal("5.25")
    assert incomplete == []


@pytest.mark.parametrize(
    ("side", "prices", "amounts"),
    [
        ("A", ("104", "104"), []),
        ("A", ("104", "100"), [Decimal(4)]),
        ("B", ("96", "96"), []),
        ("B", ("96", "100"), [Decimal(4)]),
        ("B", ("100", "99"), [Decimal(7)]),
    ],
)
def test_what_deleveraging_paid_beyond_the_mark_is_kept_or_borne(
    side: str, prices: tuple[str, str], amounts: list[Decimal]
) -> None:
    fills = [liquidation_fill("ETH", size="1.0", price=price, side=side) for price in prices]
    row = liquidation_row("ETH", value="-8", size="2.0" if side == "A" else "-2.0")
    found, incomplete = ledger.parse_liquidations(ME, [row], fills)
    assert ([each.amount_usd for each in found], incomplete) == (amounts, [])
    assert ledger.parse_liquidations(ME, [row], fills[1:]) == ([], [7])


def test_a_fill_at_the_price_that_leaves_nothing_leaves_nothing_to_book() -> None:
    row, fill = liquidation_row("ETH", value="0.756264", size="0.1037"), liquidation_fill("ETH", size="0.1037")
    fill |= {"px": "2316.0", "liquidation": {"markPx": "2323.3", "method": "backstop"}}
    assert ledger.parse_liquidations(ME, [row], [fill]) == ([], [])


@pytest.mark.parametrize("methods", [("market", "backstop"), ("backstop", "market")])
def test_what_the_book_took_of_it_counts_with_what_the_backstop_took(methods: tuple[str, str]) -> None:
    on_one = [liquidation_fill("ETH", method, size="1.0", price="99.0") for method in methods]
    [kept], incomplete = ledger.parse_liquidations(ME, [liquidation_row("ETH")], on_one)
    assert (kept.amount_usd, incomplete) == (Decimal("-41.5"), [])
    on_two = [liquidation_fill(coin, method) for coin, method in zip(("ETH", "SOL"), methods, strict=True)]
    [kept], incomplete = ledger.parse_liquidations(ME, [liquidation_row("ETH", "SOL")], on_two)
    assert (kept.amount_usd, incomplete) == (Decimal("-43.5"), [])


def test_numbers_are_read_like_texts() -> None:
    row, fill = liquidation_row("ETH"), liquidation_fill("ETH", price="100.1")
    row["delta"] |= {"accountValue": 43.5, "liquidatedPositions": [{"coin": "ETH", "szi": -0.1}]}
    fill |= {"sz": "0.1", "px": 100.1, "liquidation": {"markPx": 100.2, "method": "backstop"}}
    [kept], incomplete = ledger.parse_liquidations(ME, [row], [fill])
    assert (kept.amount_usd, incomplete) == (Decimal("-43.49"), [])


def without(row: dict[str, Any], part: str, name: str) -> dict[str, Any]:
    return row | {part: {key: value for key, value in row[part].items() if key != name}}


@pytest.mark.parametrize(
    ("row", "fill"),
    [
        (without(liquidation_row("ETH"), "delta", "accountValue"), liquidation_fill("ETH", "market")),
        (without(liquidation_row("ETH"), "delta", "liquidatedPositions"), liquidation_fill("ETH", "market")),
        (liquidation_row("ETH", value="a lot"), liquidation_fill("ETH", "market")),
        (liquidation_row("ETH"), without(liquidation_fill("ETH"), "liquidation", "markPx")),
        (liquidation_row("ETH"), liquidation_fill("ETH", size="?")),
    ],
)
def test_an_unreadable_liquidation_is_incomplete_and_delays_no_other(row: dict[str, Any], fill: dict[str, Any]) -> None:
    rows, fills = [row, liquidation_row("SOL", time_ms=8)], [fill, liquidation_fill("SOL", time_ms=8)]
    [kept], incomplete = ledger.parse_liquidations(ME, rows, fills)
    assert (kept.coin, incomplete) == ("SOL", [7])


def test_a_liquidation_on_another_market_moves_no_cash_here() -> None:
    coin = "xyz:TSLA"
    assert ledger.parse_liquidations(ME, [liquidation_row(coin)], [liquidation_fill(coin)]) == ([], [])


@pytest.mark.parametrize(
    ("row", "fill"),
    [
        (liquidation_row("ETH"), liquidation_fill("ETH", "market")),
        (liquidation_row("ETH"), liquidation_fill("ETH", "market", size="0.5")),
        (liquidation_row("ETH", value="0.0"), liquidation_fill("ETH")),
        (DEPOSIT, liquidation_fill("ETH", "market")),
        (DEPOSIT, liquidation_fill("ETH", user=OTHER)),
    ],
)
def test_only_the_backstop_keeps_margin_of_this_account(row: dict[str, Any], fill: dict[str, Any]) -> None:
    assert ledger.parse_liquidations(ME, [row], [fill]) == ([], [])


def test_of_two_liquidations_only_the_backstops_one_keeps_margin() -> None:
    rows = [liquidation_row("ETH", value="10"), liquidation_row("SOL", value="20")]
    [kept], _ = ledger.parse_liquidations(ME, rows, [liquidation_fill("ETH", "market"), liquidation_fill("SOL")])
    assert (kept.coin, kept.amount_usd) == ("SOL", Decimal(-20))


def test_a_liquidation_with_half_its_record_is_incomplete() -> None:
    elsewhere = liquidation_fill("ETH", time_ms=9)
    assert ledger.parse_liquidations(ME, [liquidation_row("ETH")], []) == ([], [7])
    assert ledger.parse_liquidations(ME, [], [elsewhere]) == ([], [9])
    assert ledger.parse_liquidations(ME, [liquidation_row("ETH")], [elsewhere]) == ([], [7, 9])
    assert ledger.parse_liquidations(ME, [liquidation_row("ETH")], [liquidation_fill("ETH", size="1.9")]) == ([], [7])
    assert ledger.parse_liquidations(ME, [liquidation_row("ETH", "SOL")], [liquidation_fill("ETH")]) == ([], [7])


def test_fills_on_external_coins_are_movements() -> None:
    row = {"time": 5, "tid": 1, "oid": 2, "sz": "3.0", "dir": "Close Long", "closedPnl": "4.5", "fee": "0.5"}
    coins = ("ATOM", "ETH", "@107", "PURR/USDC", "xyz:GOLD")
    found, _ = ledger.parse_external_fills(ME, [row | {"coin": coin} for coin in coins], {Symbol.ETH})
    assert [(movement.coin, movement.amount_usd) for movement in found] == [("ATOM", Decimal(4))]


def test_a_funding_payment_keeps_its_sign_and_rate() -> None:
    delta = {
        "type": "funding",
        "coin": "APE",
        "usdc": "0.145796",
        "szi": "40.1",
        "fundingRate": "-0.00029",
        "nSamples": 3,
    }
    rows = [{"time": time_ms, "hash": "0xe3", "delta": delta} for time_ms in (1681948800000, 1681952400000)]
    (first, second), _ = ledger.parse_funding_payments(ME, rows)
    assert first.entry.id != second.entry.id
    assert (first.coin, first.amount_usd, first.entry.funding_usd) == ("APE", Decimal("0.145796"), Decimal("0.145796"))
    assert (first.size_coin, first.rate_hourly) == (Decimal("40.1"), Decimal("-0.00029"))


@pytest.mark.parametrize("row", [None, "text", {}, {"time": "?"}, {"time": 7, "delta": None}, {"liquidation": 5}])
def test_a_row_of_no_known_shape_hides_no_other_one(row: Any) -> None:
    assert ledger.time_of(row) in (0, 7)
    assert ledger.parse_liquidations(ME, [row, liquidation_row("ETH")], [row, liquidation_fill("ETH", "market")]) == (
        [],
        [],
    )
    external, unread = ledger.parse_external_fills(ME, [row], {Symbol.ETH})
    assert (external, len(unread)) == ([], 1)
