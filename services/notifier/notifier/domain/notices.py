"""Notices: one thing worth a notification, before it is put into words."""

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from common.events import AlertSeverity
from common.trading.orders import OrderRole, OrderSide


class NoticeKind(StrEnum):
    """What NOTIFY_ABOUT names: alerts; entries and exits; stops that were hit; who leads; the day's summary."""

    ALERTS = "alerts"
    ENTRIES = "entries"
    EXITS = "exits"
    STOPS = "stops"
    LEAD = "lead"
    SUMMARY = "summary"


@dataclass(frozen=True, slots=True)
class AlertNotice:
    """An alert, or the end of one. `earlier` counts the same alerts that were left unsent since the last one sent."""

    code: str
    severity: AlertSeverity
    is_resolved: bool
    model: str | None
    service: str
    message: str
    earlier: int = 0

    @property
    def kind(self) -> NoticeKind:
        return NoticeKind.ALERTS


@dataclass(frozen=True, slots=True)
class TradeNotice:
    """What one order has filled so far: size in coin, notional, fee and closed P&L (gross of fee) in USD."""

    model: str
    order_id: int
    symbol: str
    role: OrderRole
    side: OrderSide
    size_coin: Decimal
    notional_usd: Decimal
    fee_usd: Decimal
    closed_pnl_usd: Decimal
    is_liquidation: bool = False

    @property
    def kind(self) -> NoticeKind:
        if self.role is OrderRole.STOP:
            return NoticeKind.STOPS
        return NoticeKind.ENTRIES if self.role is OrderRole.ENTRY else NoticeKind.EXITS

    @property
    def average_price(self) -> Decimal:
        return self.notional_usd / self.size_coin

    def joined(self, later: "TradeNotice") -> "TradeNotice":
        """Both fills of one order as one notice."""
        return replace(
            self,
            size_coin=self.size_coin + later.size_coin,
            notional_usd=self.notional_usd + later.notional_usd,
            fee_usd=self.fee_usd + later.fee_usd,
            closed_pnl_usd=self.closed_pnl_usd + later.closed_pnl_usd,
            is_liquidation=self.is_liquidation or later.is_liquidation,
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """One contender now: equity in USD, return since its start and since the UTC day began, in percent.

    Both are time-weighted: what was paid in or out is no return. None while it isn't known.
    """

    model: str
    equity_usd: Decimal
    return_percent: Decimal | None
    day_return_percent: Decimal | None


@dataclass(frozen=True, slots=True)
class LeadNotice:
    """Another contender leads by return since the start. `standings` are all, best first."""

    before: str
    standings: tuple[Standing, ...]

    @property
    def kind(self) -> NoticeKind:
        return NoticeKind.LEAD


@dataclass(frozen=True, slots=True)
class SummaryNotice:
    """How a UTC day has ended: its date, and all standings at its end, best first."""

    day: str
    standings: tuple[Standing, ...]

    @property
    def kind(self) -> NoticeKind:
        return NoticeKind.SUMMARY


Notice = AlertNotice | TradeNotice | LeadNotice | SummaryNotice
