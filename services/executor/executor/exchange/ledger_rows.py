"""What moves an account's cash, as the exchange recorded it: fills, funding, money in and out. Pure."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from common.events import LedgerKind
from common.trading.symbols import SYMBOLS
from executor.domain.account import WireFill
from executor.domain.cash_ledger import CENT, Entry, Movement
from executor.exchange.errors import UNREADABLE

ZERO = Decimal(0)
OURS = frozenset(symbol.value for symbol in SYMBOLS)
ZERO = Decimal(0)
ELSEWHERE = ("@", "/", ":")
"""Signs of a spot market's or another exchange's coin: their money isn't part of the account's margin."""
BACKSTOP = "backstop"
USD_DECIMALS = 6


def fill_entries(address: str, fills: Iterable[WireFill]) -> list[Entry]:
    return [
        Entry(
            id=_key(address, "fill", fill.symbol.value, fill.trade_id, fill.time_ms, fill.order_id),
            time_ms=fill.time_ms,
            closed_pnl_usd=fill.closed_pnl_usd,
            fee_usd=fill.fee_usd,
        )
        for fill in fills
    ]


def foreign_fills(address: str, rows: Iterable[Mapping[str, Any]]) -> list[Movement]:
    """Fills of perpetuals outside the arena, from the rows of userFills."""
    movements = []
    for row in rows:
        coin = row["coin"]
        if coin in OURS or _is_elsewhere(coin):
            continue
        entry = Entry(
            id=_key(address, "fill", coin, row["tid"], row["time"], row["oid"]),
            time_ms=int(row["time"]),
            closed_pnl_usd=Decimal(row["closedPnl"]),
            fee_usd=Decimal(row["fee"]),
        )
        net = entry.closed_pnl_usd - entry.fee_usd
        movements.append(Movement(entry, LedgerKind.TRADE, net, row["dir"], coin, Decimal(row["sz"])))
    return movements


def funding_payments(address: str, rows: Iterable[Mapping[str, Any]]) -> list[Movement]:
    """The rows of userFunding."""
    movements = []
    for row in rows:
        delta = row["delta"]
        amount = Decimal(delta["usdc"])
        entry = Entry(_key(address, "funding", delta["coin"], row["time"]), int(row["time"]), funding_usd=amount)
        figures = (Decimal(delta["szi"]), Decimal(delta["fundingRate"]))
        movements.append(Movement(entry, LedgerKind.FUNDING, amount, "funding", delta["coin"], *figures))
    return movements


def transfers(address: str, rows: Iterable[Mapping[str, Any]]) -> list[Movement]:
    """The rows of userNonFundingLedgerUpdates that move cash of the perpetuals' account."""
    movements = []
    for row in rows:
        delta = row["delta"]
        amount = transfer_usd(address, delta)
        if amount is None:
            continue
        entry = Entry(_row_id(address, row), int(row["time"]), transfer_usd=amount)
        movements.append(Movement(entry, LedgerKind.TRANSFER, amount, str(delta["type"])))
    return movements


@dataclass(slots=True)
class _Taken:
    """The fills of one liquidation on one coin, summed up; `above_mark_usd` is what they brought beyond the mark."""

    by_backstop: bool = False
    size_coin: Decimal = ZERO
    above_mark_usd: Decimal = ZERO


def liquidations(
    address: str, rows: Iterable[Mapping[str, Any]], fills: Iterable[Mapping[str, Any]]
) -> tuple[list[Movement], list[int]]:
    """What the backstop kept (below zero) or bore, and the times of liquidations half told so far, or not readable.

    Nothing is left of a position that the backstop takes, nor is anything owed: what it was worth at the mark, and what
    its fills brought beyond the mark, is kept with it; a deficit is borne by the exchange. The worth stands only in the
    row of userNonFundingLedgerUpdates; that it was not sold into the book, and at which prices it went, only in the
    fills of that time. Source: Hyperliquid docs, Liquidations, WsLedgerLiquidation and FillLiquidation.
    """
    taken = _taken(address, fills)
    movements: list[Movement] = []
    half_told: list[int] = []
    with_row: set[tuple[int, str]] = set()
    for row in rows:
        delta, time_ms = row["delta"], int(row["time"])
        if delta["type"] != "liquidation":
            continue
        try:
            sizes = {each["coin"]: abs(_number(each["szi"])) for each in delta["liquidatedPositions"]}
            worth = _number(delta["accountValue"])
        except UNREADABLE:
            half_told.append(time_ms)
            continue
        if any(_is_elsewhere(coin) for coin in sizes):
            continue
        with_row |= {(time_ms, coin) for coin in sizes}
        parts = {coin: taken[time_ms, coin] for coin in sizes if (time_ms, coin) in taken}
        if parts and not any(part.by_backstop for part in parts.values()):
            continue
        if not parts or any(coin not in parts or parts[coin].size_coin < size for coin, size in sizes.items()):
            half_told.append(time_ms)
            continue
        amount = -round(worth + sum(part.above_mark_usd for part in parts.values()), USD_DECIMALS)
        if abs(amount) >= CENT:
            entry = Entry(_row_id(address, row), time_ms, closed_pnl_usd=amount)
            coin = next(iter(sizes)) if len(sizes) == 1 else None
            movements.append(Movement(entry, LedgerKind.LIQUIDATION, amount, BACKSTOP, coin))
    half_told += [key[0] for key, part in taken.items() if part.by_backstop and key not in with_row]
    return movements, half_told


def _taken(address: str, fills: Iterable[Mapping[str, Any]]) -> dict[tuple[int, str], _Taken]:
    """By time and coin; a fill that can't be read is missing, and its liquidation half told."""
    taken: dict[tuple[int, str], _Taken] = {}
    for fill in fills:
        note = fill.get("liquidation")
        if not note or (note.get("liquidatedUser") or address).lower() != address or _is_elsewhere(fill["coin"]):
            continue
        try:
            size = _number(fill["sz"])
            above = size * (_number(fill["px"]) - _number(note["markPx"]))
            by_backstop, is_sale = note["method"] == BACKSTOP, fill["side"] == "A"
        except UNREADABLE:
            continue
        sums = taken.setdefault((int(fill["time"]), fill["coin"]), _Taken())
        sums.by_backstop |= by_backstop
        sums.size_coin += size
        sums.above_mark_usd += above if is_sale else -above
    return taken


def transfer_usd(address: str, delta: Mapping[str, Any]) -> Decimal | None:
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


def _is_elsewhere(coin: str) -> bool:
    return any(sign in coin for sign in ELSEWHERE)


def _number(value: object) -> Decimal:
    """Of a text or of a JSON number."""
    return Decimal(str(value))


def _row_id(address: str, row: Mapping[str, Any]) -> str:
    """Of a row of userNonFundingLedgerUpdates; several may share time and hash."""
    return _key(address, "ledger", row["time"], row.get("hash"), json.dumps(row["delta"], sort_keys=True))


def _key(*parts: object) -> str:
    return hashlib.sha256("|".join(str(part) for part in parts).encode()).hexdigest()[:32]
