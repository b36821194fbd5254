"""The exchange's records of what moves an account's cash: fills, funding, money in and out, liquidations. Pure."""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple

from common.events import LedgerKind
from common.trading.instruments import Symbol
from executor.domain.account import Fill
from executor.domain.account_standing import POOLED_MODES, UNIFIED_MODE
from executor.domain.cash_ledger import CENT, ZERO, CashEntry, CashMovement
from executor.exchange.errors import UNREADABLE
from executor.exchange.parse import parse_fills

OTHER_MARKETS: Final = ("@", "/", ":")
"""Signs of a spot market's or another exchange's coin: their money isn't part of the account's margin."""
BACKSTOP: Final = "backstop"
USD_DECIMALS: Final = 6

USDC: Final = "USDC"
PERP_BALANCE: Final = ""
SPOT_BALANCE: Final = "spot"
SPOT_ONLY: Final = ("rewardsClaim", "borrowLend")
WITHOUT_CASH: Final = ("liquidation", "spotGenesis", "cStakingTransfer", "activateDexAbstraction")

Row = Mapping[str, Any]


class UnknownMovement(NamedTuple):
    """A ledger row that may have moved cash; how much is not known."""

    id: str
    type: str


Parsed = tuple[list[CashMovement], list[UnknownMovement]]


def build_fill_entries(address: str, fills: Iterable[Fill]) -> list[CashEntry]:
    """Entries of the arena's own fills, which are published as order.filled."""
    return [
        CashEntry(
            id=_key(address, "fill", fill.symbol.value, fill.trade_id, fill.time_ms, fill.order_id),
            time_ms=fill.time_ms,
            closed_pnl_usd=fill.closed_pnl_usd,
            fee_usd=fill.fee_usd,
        )
        for fill in fills
    ]


def parse_external_fills(address: str, rows: Iterable[Row], coins: Collection[Symbol]) -> Parsed:
    """Fills of perpetuals outside the arena, from the rows of userFills; and those rows, of any coin, that can't be
    read."""
    return _split(rows, lambda row: _parse_external_fill(address, row, coins))


def _parse_external_fill(address: str, row: Row, coins: Collection[Symbol]) -> CashMovement | None:
    coin = row["coin"]
    if coin in coins and not parse_fills([row], coins):
        raise ValueError(f"a fill on {coin} that can't be read")
    if coin in coins or _is_other_market(coin):
        return None
    entry = CashEntry(
        id=_key(address, "fill", coin, row["tid"], row["time"], row["oid"]),
        time_ms=int(row["time"]),
        closed_pnl_usd=Decimal(row["closedPnl"]),
        fee_usd=Decimal(row["fee"]),
    )
    net = entry.closed_pnl_usd - entry.fee_usd
    return CashMovement(entry, LedgerKind.TRADE, net, row["dir"], coin, Decimal(row["sz"]))


def parse_funding_payments(address: str, rows: Iterable[Row]) -> Parsed:
    """The rows of userFunding."""
    return _split(rows, lambda row: _parse_funding(address, row))


def _parse_funding(address: str, row: Row) -> CashMovement:
    delta = row["delta"]
    amount = Decimal(delta["usdc"])
    entry = CashEntry(_key(address, "funding", delta["coin"], row["time"]), int(row["time"]), funding_usd=amount)
    return CashMovement(
        entry=entry,
        kind=LedgerKind.FUNDING,
        amount_usd=amount,
        reason="funding",
        coin=delta["coin"],
        size_coin=Decimal(delta["szi"]),
        rate_hourly=Decimal(delta["fundingRate"]),
    )


def parse_transfers(address: str, rows: Iterable[Row], mode: str) -> Parsed:
    """The rows of userNonFundingLedgerUpdates that move cash of the account, in one of its modes, and those that may.

    A row of a type that is not known here, or that can't be read, is a transfer of unknown size.
    """
    return _split(rows, lambda row: _parse_transfer(address, row, mode))


def parse_spot_transfers(address: str, rows: Iterable[Row], mode: str) -> list[CashMovement]:
    """The rows that moved only the spot balance, as far as is known, of an account that trades with another one."""
    if mode in POOLED_MODES:
        return []
    own, _ = parse_transfers(address, rows, mode)
    pooled, _ = parse_transfers(address, rows, UNIFIED_MODE)
    known = {movement.entry.id for movement in own}
    return [movement for movement in pooled if movement.entry.id not in known]


def _parse_transfer(address: str, row: Row, mode: str) -> CashMovement | None:
    amount = parse_transfer_usd(address, row["delta"], mode)
    if not amount:
        return None
    entry = CashEntry(_row_id(address, row), int(row["time"]), transfer_usd=amount)
    return CashMovement(entry, LedgerKind.TRANSFER, amount, str(row["delta"]["type"]))


def _split(rows: Iterable[Row], parse: Callable[[Row], CashMovement | None]) -> Parsed:
    """What could be read of rows, and what could not: one bad row hides none of the others."""
    movements, unknown = [], []
    for row in rows:
        try:
            movement = parse(row)
        except UNREADABLE:
            text = json.dumps(row, sort_keys=True, default=str)
            unknown.append(UnknownMovement(_key("unknown", text), _type_of(row)))
        else:
            movements += [] if movement is None else [movement]
    return movements, unknown


def _type_of(row: Row) -> str:
    if not isinstance(row, dict):
        return type(row).__name__
    delta = row.get("delta")
    return str(delta.get("type") if isinstance(delta, dict) else row.get("dir"))


def time_of(row: Row) -> int:
    """When a row's movement was, in ms; 0 for one that doesn't say so."""
    try:
        return int(row["time"])
    except UNREADABLE:
        return 0


@dataclass(slots=True)
class _LiquidationFills:
    """The fills of one liquidation on one coin, summed up; `above_mark_usd` is what they brought beyond the mark."""

    is_by_backstop: bool = False
    size_coin: Decimal = ZERO
    above_mark_usd: Decimal = ZERO


def parse_liquidations(address: str, rows: Iterable[Row], fills: Iterable[Row]) -> tuple[list[CashMovement], list[int]]:
    """What the backstop kept (below zero) or bore, and the times of liquidations whose record is not complete yet.

    Nothing is left of a position that the backstop takes, nor is anything owed: what it was worth at the mark, and what
    its fills brought beyond the mark, is kept with it; a deficit is borne by the exchange. The worth stands only in the
    row of userNonFundingLedgerUpdates; that it was not sold into the book, and at which prices it went, only in the
    fills of that time. Source: Hyperliquid docs, Liquidations, WsLedgerLiquidation and FillLiquidation.
    """
    sums = _sum_liquidation_fills(address, fills)
    movements: list[CashMovement] = []
    incomplete_ms: list[int] = []
    with_row: set[tuple[int, str]] = set()
    for row in rows:
        time_ms = time_of(row)
        if _type_of(row) != "liquidation" or not time_ms:
            continue
        try:
            sizes, worth_usd = _read_liquidation(row["delta"])
        except UNREADABLE:
            incomplete_ms.append(time_ms)
            continue
        if any(_is_other_market(coin) for coin in sizes):
            continue
        keys = {coin: (time_ms, coin) for coin in sizes}
        with_row |= set(keys.values())
        parts = {coin: sums[key] for coin, key in keys.items() if key in sums}
        if _is_by_book(parts):
            continue
        if not _is_complete(sizes, parts):
            incomplete_ms.append(time_ms)
            continue
        amount = -round(worth_usd + sum(part.above_mark_usd for part in parts.values()), USD_DECIMALS)
        if abs(amount) >= CENT:
            entry = CashEntry(_row_id(address, row), time_ms, closed_pnl_usd=amount)
            coin = next(iter(sizes)) if len(sizes) == 1 else None
            movements.append(CashMovement(entry, LedgerKind.LIQUIDATION, amount, BACKSTOP, coin))
    incomplete_ms += _without_row(sums, with_row)
    return movements, incomplete_ms


def _is_by_book(parts: Mapping[str, _LiquidationFills]) -> bool:
    """Whether the positions were sold into the book, so that nothing was kept."""
    return bool(parts) and not any(part.is_by_backstop for part in parts.values())


def _is_complete(sizes: Mapping[str, Decimal], parts: Mapping[str, _LiquidationFills]) -> bool:
    """Whether the fills of all that was liquidated are there."""
    return bool(parts) and all(coin in parts and parts[coin].size_coin >= size for coin, size in sizes.items())


def _without_row(sums: Mapping[tuple[int, str], _LiquidationFills], with_row: set[tuple[int, str]]) -> list[int]:
    """Times of the backstop's fills whose row is missing."""
    return [key[0] for key, part in sums.items() if part.is_by_backstop and key not in with_row]


def _read_liquidation(delta: Row) -> tuple[dict[str, Decimal], Decimal]:
    """(liquidated sizes by coin, the account's value at the mark). Raises UNREADABLE."""
    sizes = {each["coin"]: abs(_number(each["szi"])) for each in delta["liquidatedPositions"]}
    return sizes, _number(delta["accountValue"])


def _sum_liquidation_fills(address: str, fills: Iterable[Row]) -> dict[tuple[int, str], _LiquidationFills]:
    """By time and coin; a fill that can't be read is missing, so that its liquidation counts as incomplete."""
    sums: dict[tuple[int, str], _LiquidationFills] = {}
    for fill in fills:
        try:
            note = fill.get("liquidation")
            if not note or (note.get("liquidatedUser") or address).lower() != address or _is_other_market(fill["coin"]):
                continue
            size = _number(fill["sz"])
            above = size * (_number(fill["px"]) - _number(note["markPx"]))
            is_by_backstop, is_sale = note["method"] == BACKSTOP, fill["side"] == "A"
        except UNREADABLE:
            continue
        part = sums.setdefault((time_of(fill), fill["coin"]), _LiquidationFills())
        part.is_by_backstop |= is_by_backstop
        part.size_coin += size
        part.above_mark_usd += above if is_sale else -above
    return sums


def parse_transfer_usd(address: str, delta: Row, mode: str) -> Decimal | None:
    """What a ledger row brought in (positive) or took; None when it moved nothing here.

    The cash is the perpetuals' balance, in a pooled mode that of spot as well. Raises UNREADABLE for a type that is not
    known. Source: Hyperliquid docs, userNonFundingLedgerUpdates.
    """
    kind, is_pooled = delta["type"], mode in POOLED_MODES
    amount, fee = Decimal(delta.get("usdc") or 0), Decimal(delta.get("fee") or 0)
    if kind in ("deposit", "vaultDistribution", "vaultWithdraw", "vaultLeaderCommission"):
        return Decimal(delta.get("netWithdrawnUsd", amount))
    if kind in ("withdraw", "vaultDeposit", "vaultCreate"):
        return -(amount + fee)
    if kind in ("accountClassTransfer", "perpDexClassTransfer"):
        is_here = kind == "accountClassTransfer" and not is_pooled
        return (amount if delta["toPerp"] else -amount) if is_here else None
    if kind in ("internalTransfer", "subAccountTransfer"):
        return _between(address, delta, amount, fee, is_out=True, is_in=True)
    if kind in ("send", "spotTransfer"):
        return _of_token_transfer(address, delta, is_pooled=is_pooled)
    if kind in SPOT_ONLY:
        return _of_spot_row(delta) if is_pooled else None
    if kind in WITHOUT_CASH:
        return None
    raise ValueError(f"a ledger row of the unknown type {kind!r}")


def _between(address: str, delta: Row, amount: Decimal, fee: Decimal, *, is_out: bool, is_in: bool) -> Decimal | None:
    """The part of a transfer between two accounts that concerns this one; `is_out`, `is_in`: whether that end is its
    cash. To itself it may move money from one of its balances to another."""
    sent = -(amount + fee) if is_out and delta["user"].lower() == address else Decimal(0)
    came = amount if is_in and delta["destination"].lower() == address else Decimal(0)
    return sent + came or None


def _of_token_transfer(address: str, delta: Row, *, is_pooled: bool) -> Decimal | None:
    """sendAsset and spotSend: from and to the perpetuals ("") or spot; any other word is another exchange's balance."""
    if delta["token"] != USDC:
        return None
    balances = (PERP_BALANCE, SPOT_BALANCE) if is_pooled else (PERP_BALANCE,)
    default = SPOT_BALANCE if delta["type"] == "spotTransfer" else PERP_BALANCE
    is_out = delta.get("sourceDex", default) in balances
    is_in = delta.get("destinationDex", default) in balances
    fee = Decimal(delta.get("fee") or 0) if delta.get("feeToken") in (None, "", USDC) else Decimal(0)
    return _between(address, delta, Decimal(delta["amount"]), fee, is_out=is_out, is_in=is_in)


def _of_spot_row(delta: Row) -> Decimal | None:
    """Rewards and loans are paid into the spot balance, which is the account's cash in a pooled mode."""
    if delta.get("token", USDC) != USDC:
        return None
    is_out = delta.get("operation") in ("supply", "repay")
    return -Decimal(delta["amount"]) if is_out else Decimal(delta["amount"])


def _is_other_market(coin: str) -> bool:
    return any(sign in coin for sign in OTHER_MARKETS)


def _number(value: object) -> Decimal:
    """Of a text or of a JSON number."""
    return Decimal(str(value))


def _row_id(address: str, row: Row) -> str:
    """Of a row of userNonFundingLedgerUpdates; several may share time and hash."""
    return _key(address, "ledger", row["time"], row.get("hash"), json.dumps(row["delta"], sort_keys=True))


def _key(*parts: object) -> str:
    return hashlib.sha256("|".join(str(part) for part in parts).encode()).hexdigest()[:32]
