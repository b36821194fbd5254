"""Events from what the exchange reports. Ids derive from its own keys, so that a repeat is the same event. Pure."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from common.events import (
    AccountLedger,
    AccountOrder,
    AccountPosition,
    AccountSums,
    AccountUpdated,
    AlertSeverity,
    Event,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    SystemAlert,
    originate,
)
from common.events.alerts import AlertCode
from common.trading.instruments import Symbol
from common.trading.orders import CancelReason, OrderRole, OrderSide, entry_side
from executor.domain.account import AccountView, Fill, Position
from executor.domain.account_standing import AccountStanding
from executor.domain.bracket import build_bracket
from executor.domain.cash_ledger import CashMovement, CashTotals
from executor.domain.intent import Intent
from executor.domain.order import OrderRow, OrderSpec
from executor.domain.protection import is_protected, protective_orders


def order_accepted(
    intent: Intent, role: OrderRole, spec: OrderSpec, *, order_id: int | None, status: str, now_ms: int
) -> Event[OrderAccepted]:
    payload = OrderAccepted(
        model=intent.model,
        intent_id=intent.intent_id,
        client_order_id=spec.client_order_id,
        order_id=order_id,
        symbol=spec.symbol,
        role=role,
        side=OrderSide.BUY if spec.is_buy else OrderSide.SELL,
        size_coin=spec.size_coin,
        price=spec.price,
        trigger_price=spec.trigger_price,
        reduce_only=spec.reduce_only,
        status=status,
    )
    return _of_intent(payload, intent, (spec.client_order_id,), now_ms)


def order_rejected(
    intent: Intent, role: OrderRole, client_order_id: str, *, reason: str, now_ms: int
) -> Event[OrderRejected]:
    payload = OrderRejected(
        model=intent.model,
        intent_id=intent.intent_id,
        client_order_id=client_order_id,
        symbol=intent.symbol,
        role=role,
        reason=reason,
    )
    return _of_intent(payload, intent, (client_order_id,), now_ms)


def order_cancelled(
    intent: Intent,
    role: OrderRole,
    client_order_id: str,
    *,
    order_id: int | None,
    reason: str,
    filled_size_coin: Decimal,
    now_ms: int,
) -> Event[OrderCancelled]:
    payload = OrderCancelled(
        model=intent.model,
        intent_id=intent.intent_id,
        client_order_id=client_order_id,
        order_id=order_id,
        symbol=intent.symbol,
        role=role,
        reason=reason,
        filled_size_coin=filled_size_coin,
    )
    return _of_intent(payload, intent, (client_order_id, reason), now_ms)


def unsent(intent: Intent, reason: CancelReason, now_ms: int) -> Event[OrderCancelled]:
    """The end of an intent of which nothing was sent or stored."""
    role, spec = build_bracket(intent)[0]
    return order_cancelled(
        intent, role, spec.client_order_id, order_id=None, reason=reason, filled_size_coin=Decimal(0), now_ms=now_ms
    )


def _of_intent(payload: Any, intent: Intent, keys: tuple[object, ...], now_ms: int) -> Event[Any]:
    return originate(
        payload, keys=keys, time_ms=now_ms, now_ms=now_ms, cycle_id=intent.cycle_id, cause_id=intent.intent_id
    )


def order_filled(model: str, address: str, fill: Fill, row: OrderRow | None, now_ms: int) -> Event[OrderFilled]:
    """A fill, with the order of the tables that it belongs to, if any. Both sides of a match share the trade id."""
    payload = OrderFilled(
        model=model,
        intent_id=row.intent_id if row else None,
        client_order_id=fill.client_order_id,
        order_id=fill.order_id,
        trade_id=fill.trade_id,
        symbol=fill.symbol,
        role=row.role if row else OrderRole.UNKNOWN,
        side=fill.side,
        price=fill.price,
        size_coin=fill.size_coin,
        fee_usd=fill.fee_usd,
        closed_pnl_usd=fill.closed_pnl_usd,
        start_position_coin=fill.start_position_coin,
        direction=fill.direction,
        crossed=fill.crossed,
        is_liquidation=fill.is_liquidation,
    )
    keys = (address, fill.symbol.value, fill.trade_id, fill.time_ms, fill.order_id)
    return originate(
        payload,
        keys=keys,
        time_ms=fill.time_ms,
        now_ms=now_ms,
        cycle_id=row.cycle_id if row else None,
        cause_id=row.intent_id if row else None,
    )


def account_updated(
    model: str,
    address: str,
    view: AccountView,
    totals: CashTotals | None,
    standing: AccountStanding,
    *,
    stale: tuple[str, ...] = (),
    clock_ahead_ms: int | None = None,
) -> Event[AccountUpdated]:
    """The account as the exchange reports it, each position with the protection that rests for it."""
    state, orders = view.state, view.open_orders
    payload = AccountUpdated(
        model=model,
        address=address,
        equity_usd=state.equity_usd,
        balance_usd=state.balance_usd,
        available_balance_usd=state.available_balance_usd,
        margin_used_usd=state.margin_used_usd,
        maintenance_margin_usd=state.maintenance_margin_usd,
        unrealized_pnl_usd=state.unrealized_pnl_usd,
        total_notional_usd=state.total_notional_usd,
        positions=tuple(_account_position(each, orders, view.entries) for each in state.positions),
        open_orders=tuple(orders),
        covers=view.covers,
        open_intents=tuple(intent.intent_id for intent in view.unfinished),
        state_ms=state.time_ms,
        received_ms=view.received_ms,
        external_positions=state.external,
        sums=None if totals is None else _account_sums(totals),
        stale=stale,
        environment=standing.environment,
        mode=standing.mode,
        is_explained=standing.is_explained,
        problems=standing.problems,
        leverage_limits=standing.leverage_limits,
        clock_ahead_ms=clock_ahead_ms,
    )
    keys = (model, state.time_ms, view.received_ms)
    return originate(payload, keys=keys, time_ms=state.time_ms, now_ms=view.received_ms)


def _account_sums(totals: CashTotals) -> AccountSums:
    return AccountSums(
        since_ms=totals.since_ms,
        start_cash_usd=totals.start_cash_usd,
        closed_pnl_usd=totals.closed_pnl_usd,
        fees_usd=totals.fees_usd,
        funding_usd=totals.funding_usd,
        transfers_usd=totals.transfers_usd,
    )


def _account_position(
    position: Position, orders: list[AccountOrder], entries: Mapping[Symbol, Intent]
) -> AccountPosition:
    stops = protective_orders(position, orders, is_stop=True)
    targets = protective_orders(position, orders, is_stop=False)
    entry = entries.get(position.symbol)
    if entry is not None and entry.order.side is not entry_side(position.side):
        entry = None
    return AccountPosition(
        symbol=position.symbol,
        side=position.side,
        size_coin=position.size_coin,
        entry_price=position.entry_price,
        mark_price=position.mark_price,
        leverage=position.leverage,
        is_isolated=position.is_isolated,
        notional_usd=position.notional_usd,
        unrealized_pnl_usd=position.unrealized_pnl_usd,
        margin_used_usd=position.margin_used_usd,
        liquidation_price=position.liquidation_price,
        funding_since_open_usd=position.funding_since_open_usd,
        stop_loss_price=stops[0].trigger_price if stops else None,
        take_profit_price=targets[0].trigger_price if targets else None,
        protected=is_protected(position, orders),
        intent_id=entry.intent_id if entry else None,
        cycle_id=entry.cycle_id if entry else None,
        opened_ms=entry.market_ms if entry else None,
    )


def account_ledger(model: str, movement: CashMovement, now_ms: int) -> Event[AccountLedger]:
    """Money that came or went other than by a fill of the arena's coins."""
    payload = AccountLedger(
        model=model,
        kind=movement.kind,
        amount_usd=movement.amount_usd,
        reason=movement.reason,
        coin=movement.coin,
        size_coin=movement.size_coin,
        rate_hourly=movement.rate_hourly,
    )
    return originate(payload, keys=(movement.entry.id,), time_ms=movement.entry.time_ms, now_ms=now_ms)


def outside_envelope_alert(intent: Intent, breach: str, now_ms: int) -> Event[SystemAlert]:
    """An approval was not signed; one alert an intent."""
    return system_alert(
        AlertCode.OUTSIDE_ENVELOPE,
        AlertSeverity.CRITICAL,
        f"an approval was not signed, as it lies outside the executor's envelope: {breach}",
        model=intent.model,
        key=intent.intent_id,
        now_ms=now_ms,
        intent_id=intent.intent_id,
        symbol=intent.symbol.value,
        breach=breach,
    )


def system_alert(
    code: AlertCode, severity: AlertSeverity, message: str, *, model: str, key: object, now_ms: int, **figures: str
) -> Event[SystemAlert]:
    """An alert; `key` distinguishes two of one code and account."""
    payload = SystemAlert(
        code=code, severity=severity, service="executor", model=model, message=message, figures=figures
    )
    return originate(payload, keys=("executor", code, model, key), time_ms=now_ms, now_ms=now_ms)
