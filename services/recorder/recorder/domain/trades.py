"""Trades from fills: a trade is what happens in one coin from flat to flat. Pure: the same fills, the same trades."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from itertools import groupby
from typing import Final

from common.trading.orders import IntentKind, OrderRole, Side

ZERO: Final = Decimal(0)
FEE_STEP: Final = Decimal("1e-8")
"""To what a fee is split between the trade that a fill closes and the one that it opens; the halves add up exactly."""


class TradeStatus(StrEnum):
    """How far a trade has come."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    LIQUIDATED = "LIQUIDATED"


class CloseReason(StrEnum):
    """What ended a trade; `external` is an order that the arena did not place."""

    DECISION = "decision"
    STOP_LOSS = "stop_loss"
    TAKE_PROFIT = "take_profit"
    INVALIDATION = "invalidation"
    FLATTEN = "flatten"
    LIQUIDATION = "liquidation"
    EXTERNAL = "external"


_BY_ROLE: Final = {
    OrderRole.EXIT: CloseReason.DECISION,
    OrderRole.STOP: CloseReason.STOP_LOSS,
    OrderRole.TARGET: CloseReason.TAKE_PROFIT,
    OrderRole.FLATTEN: CloseReason.FLATTEN,
    OrderRole.ENTRY: CloseReason.DECISION,
    OrderRole.UNKNOWN: CloseReason.EXTERNAL,
}
_BY_KIND: Final = {
    IntentKind.INVALIDATION: CloseReason.INVALIDATION,
    IntentKind.FLATTEN: CloseReason.FLATTEN,
}


@dataclass(frozen=True, slots=True)
class FillRow:
    """One fill as stored. `signed_size` in coin, bought positive; `start_position` signed, before it."""

    id: str
    time_ms: int
    trade_id: int
    signed_size: Decimal
    price: Decimal
    fee: Decimal
    closed_pnl: Decimal
    start_position: Decimal
    role: OrderRole
    is_liquidation: bool
    intent_id: str | None
    cycle_id: str | None


@dataclass(frozen=True, slots=True)
class IntentRow:
    """An approved intent, and what the decision behind it stated (None while that decision is not stored)."""

    decision_id: str
    intent_kind: IntentKind
    leverage: int | None
    stop_loss: Decimal | None
    take_profit: Decimal | None
    confidence: Decimal | None
    reasoning: str | None


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade. Sizes in coin, money in USD. Its id is that of the fill that opened it.

    `exit_cycle_id` is the cycle behind the order that ended it: of a decision to close, or of the one whose plan the
    stop or target was. None while open, and of an order that no cycle is behind.
    """

    id: str
    side: Side
    opened_ms: int
    entry_size: Decimal
    entry_notional: Decimal
    fees: Decimal
    closed_pnl: Decimal
    intent_id: str | None
    cycle_id: str | None
    exit_size: Decimal = ZERO
    exit_notional: Decimal = ZERO
    closed_ms: int | None = None
    close_reason: CloseReason | None = None
    exit_cycle_id: str | None = None
    is_liquidated: bool = False

    @property
    def entry_price(self) -> Decimal:
        return self.entry_notional / self.entry_size

    @property
    def exit_price(self) -> Decimal | None:
        return self.exit_notional / self.exit_size if self.exit_size else None

    @property
    def status(self) -> TradeStatus:
        if self.closed_ms is None:
            return TradeStatus.OPEN
        return TradeStatus.LIQUIDATED if self.is_liquidated else TradeStatus.CLOSED

    def pnl(self, funding: Decimal) -> Decimal | None:
        """Closed P&L − fees − funding paid. None while open."""
        return None if self.closed_ms is None else self.closed_pnl - self.fees - funding

    def pnl_percent(self, funding: Decimal, leverage: int | None) -> Decimal | None:
        """P&L in percent of the initial margin. None while open, or when the leverage isn't known."""
        net = self.pnl(funding)
        if net is None or not leverage:
            return None
        return net / (self.entry_notional / leverage) * 100


def in_exchange_order(fills: Iterable[FillRow]) -> list[FillRow]:
    """Fills oldest first. Within a millisecond each starts from the position that the one before it left.

    Trade ids carry no order. A fill whose start no other fill of its millisecond leads to comes first.
    """
    ordered: list[FillRow] = []
    position: Decimal | None = None
    by_time = sorted(fills, key=lambda fill: (fill.time_ms, fill.trade_id, fill.id))
    for _, group in groupby(by_time, key=lambda fill: fill.time_ms):
        left = list(group)
        while left:
            ends = {fill.start_position + fill.signed_size for fill in left}
            following = (fill for fill in left if fill.start_position == position)
            first = (fill for fill in left if fill.start_position not in ends)
            fill = next(following, None) or next(first, left[0])
            left.remove(fill)
            ordered.append(fill)
            position = fill.start_position + fill.signed_size
    return ordered


def build_trades(fills: Iterable[FillRow], intents: Mapping[str, IntentRow]) -> list[Trade]:
    """Trades of one model and coin, oldest first, from its fills in any order and the approved intents by their ids.

    A fill that reverses the position is split: one part closes the trade, the rest opens the next. A closing fill
    without an open trade (its opening fill is not recorded yet) is left out.
    """
    trades: list[Trade] = []
    for fill in in_exchange_order(fills):
        before, after = fill.start_position, fill.start_position + fill.signed_size
        size = abs(fill.signed_size)
        closing = min(abs(before), size) if before * fill.signed_size < 0 else ZERO
        closing_fee = (fill.fee * closing / size).quantize(FEE_STEP) if closing < size else fill.fee
        if closing and _has_open(trades):
            trades[-1] = _reduce(trades[-1], fill, closing, closing_fee, after, intents)
        if closing == size:
            continue
        if _has_open(trades):
            trades[-1] = _increase(trades[-1], fill, size)
        else:
            trades.append(_open(fill, size - closing, fill.fee - closing_fee))
    return trades


def _has_open(trades: list[Trade]) -> bool:
    return bool(trades) and trades[-1].closed_ms is None


def _open(fill: FillRow, size: Decimal, fee: Decimal) -> Trade:
    return Trade(
        id=fill.id,
        side=Side.LONG if fill.signed_size > 0 else Side.SHORT,
        opened_ms=fill.time_ms,
        entry_size=size,
        entry_notional=size * fill.price,
        fees=fee,
        closed_pnl=ZERO,
        intent_id=fill.intent_id,
        cycle_id=fill.cycle_id,
    )


def _increase(trade: Trade, fill: FillRow, size: Decimal) -> Trade:
    return replace(
        trade,
        entry_size=trade.entry_size + size,
        entry_notional=trade.entry_notional + size * fill.price,
        fees=trade.fees + fill.fee,
    )


def _reduce(
    trade: Trade, fill: FillRow, size: Decimal, fee: Decimal, after: Decimal, intents: Mapping[str, IntentRow]
) -> Trade:
    """The trade after closing `size` of it; it ends when nothing of its side is left."""
    ended = after == 0 or (after > 0) == (fill.signed_size > 0)
    return replace(
        trade,
        exit_size=trade.exit_size + size,
        exit_notional=trade.exit_notional + size * fill.price,
        fees=trade.fees + fee,
        closed_pnl=trade.closed_pnl + fill.closed_pnl,
        closed_ms=fill.time_ms if ended else None,
        close_reason=_reason(fill, intents) if ended else None,
        exit_cycle_id=fill.cycle_id if ended else None,
        is_liquidated=trade.is_liquidated or fill.is_liquidation,
    )


def _reason(fill: FillRow, intents: Mapping[str, IntentRow]) -> CloseReason:
    if fill.is_liquidation:
        return CloseReason.LIQUIDATION
    intent = intents.get(fill.intent_id or "")
    if fill.role is OrderRole.EXIT and intent is not None and intent.intent_kind in _BY_KIND:
        return _BY_KIND[intent.intent_kind]
    return _BY_ROLE[fill.role]
