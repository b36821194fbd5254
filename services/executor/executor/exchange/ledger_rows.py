"""The exchange's records of what moves an account's cash: fills, funding, money in and out, liquidations. Pure."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from common.events import LedgerKind
from common.trading.instruments import Symbol
from executor.domain.account import Fill
from executor.domain.cash_ledger import CENT, ZERO, CashEntry, CashMovement
from executor.exchange.errors import UNREADABLE

OTHER_MARKETS: Final = ("@", "/", ":")
"""Signs of a spot market's or another exchange's coin: their money isn't part of the account's margin."""
BACKSTOP: Final = "backstop"
USD_DECIMALS: Final = 6

Row = Mapping[str, Any]


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


def parse_external_fills(address: str, rows: Iterable[Row], coins: Collection[Symbol]) -> list[CashMovement]:
    """Fills of perpetuals outside the arena, from the rows of userFills."""
    movements = []
    for row in rows:
        coin = row["coin"]
        if coin in coins or _is_other_market(coin):
            continue
        entry = CashEntry(
            id=_key(address, "fill", coin, row["tid"], row["time"], row["oid"]),
            time_ms=int(row["time"]),
            closed_pnl_usd=Decimal(row["closedPnl"]),
            fee_usd=Decimal(row["fee"]),
        )
        net = entry.closed_pnl_usd - entry.fee_usd
        movements.append(CashMovement(entry, LedgerKind.TRADE, net, row["dir"], coin, Decimal(row["sz"])))
    return movements


def parse_funding_payments(address: str, rows: Iterable[Row]) -> list[CashMovement]:
    """The rows of userFunding."""
    movements = []
    for row in rows:
        delta = row["delta"]
        amount = Decimal(delta["usdc"])
        entry = CashEntry(_key(address, "funding", delta["coin"], row["time"]), int(row["time"]), funding_usd=amount)
        movement = CashMovement(
            entry=entry,
            kind=LedgerKind.FUNDING,
            amount_usd=amount,
            reason="funding",
            coin=delta["coin"],
            size_coin=Decimal(delta["szi"]),
            rate_hourly=Decimal(delta["fundingRate"]),
        )
        movements.append(movement)
    return movements


def parse_transfers(address: str, rows: Iterable[Row]) -> list[CashMovement]:
    """The rows of userNonFundingLedgerUpdates that move cash of the perpetuals' account."""
    movements = []
    for row in rows:
        delta = row["delta"]
        amount = parse_transfer_usd(address, delta)
        if amount is None:
            continue
        entry = CashEntry(_row_id(address, row), int(row["time"]), transfer_usd=amount)
        movements.append(CashMovement(entry, LedgerKind.TRANSFER, amount, str(delta["type"])))
    return movements


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
        time_ms = int(row["time"])
        if row["delta"]["type"] != "liquidation":
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
        note = fill.get("liquidation")
        if not note or (note.get("liquidatedUser") or address).lower() != address or _is_other_market(fill["coin"]):
            continue
        try:
            size = _number(fill["sz"])
            above = size * (_number(fill["px"]) - _number(note["markPx"]))
            is_by_backstop, is_sale = note["method"] == BACKSTOP, fill["side"] == "A"
        except UNREADABLE:
            continue
        part = sums.setdefault((int(fill["time"]), fill["coin"]), _LiquidationFills())
        part.is_by_backstop |= is_by_backstop
        part.size_coin += size
        part.above_mark_usd += above if is_sale else -above
    return sums


def parse_transfer_usd(address: str, delta: Row) -> Decimal | None:
    """What a ledger row brought in (positive) or took; None when it moved nothing here, or is of an unknown kind.

    An unknown kind that did move cash shows as a residual. Source: Hyperliquid docs, userNonFundingLedgerUpdates.
    """
    kind = delta["type"]
    amount, fee = Decimal(delta.get("usdc", 0)), Decimal(delta.get("fee") or 0)
    if kind in ("deposit", "vaultDistribution", "vaultWithdraw"):
        return Decimal(delta.get("netWithdrawnUsd", amount))
    if kind in ("withdraw", "vaultDeposit", "vaultCreate"):
        return -(amount + fee)
    if kind == "accountClassTransfer":
        return amount if delta["toPerp"] else -amount
    if kind in ("internalTransfer", "subAccountTransfer"):
        if delta["destination"].lower() == address and delta["user"].lower() != address:
            return amount
        return -(amount + fee)
    return None


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
