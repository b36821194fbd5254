"""A scenario for the recorder: every event of one decision that became a trade."""

from decimal import Decimal
from typing import Any

from common.events import (
    AccountPosition,
    AccountUpdated,
    Action,
    AgentDecision,
    Decision,
    Event,
    IntentKind,
    OrderAccepted,
    OrderFilled,
    OrderIntent,
    OrderRole,
    Outcome,
    Prompt,
    RiskApproved,
    RuleResult,
    derive,
    originate,
)
from common.trading.instruments import Symbol
from common.trading.orders import OrderSide, Side

ONE = Decimal(1)


def scenario() -> list[Event[Any]]:
    """One decision, approved, filled in two parts, stopped out; and the account meanwhile."""
    decided = decision_event()
    approved = approval_of(decided)
    states = [account(1150, is_open=True, approval=approved.id), account(1250, is_open=False, approval=approved.id)]
    return [decided, approved, *acceptances_of(approved), *fills_of(approved), *states]


def decision_event() -> Event[AgentDecision]:
    decision = AgentDecision(
        model="qwen",
        outcome=Outcome.ANSWERED,
        decision=Decision(
            action=Action.LONG,
            symbol=Symbol.BTC,
            leverage=5,
            position_size_percent=Decimal(10),
            confidence=Decimal(72),
            reasoning="because",
        ),
        failure_code=None,
        failure_reason=None,
        snapshot_id="snap",
        boundary_ms=1000,
        snapshot_mid_prices={Symbol.BTC: Decimal(100)},
        prompt=Prompt(system="s", user="u\x00", strategy="trend-v2", strategy_hash="h", prompt_hash="p"),
        raw_response='{"a":1}',
        reasoning_content=None,
        dropped_keys=(),
        attempts=1,
        provider_model="m",
        stand_in=True,
        usage=None,
        cost_usd=Decimal("0.0012"),
        asked_ms=1,
        answered_ms=2,
        latency_ms=1,
    )
    return originate(decision, keys=("snap", "qwen"), time_ms=1000, now_ms=1001, cycle_id="r-1")


def approval_of(decided: Event[AgentDecision]) -> Event[RiskApproved]:
    intent = OrderIntent(
        symbol=Symbol.BTC,
        side=OrderSide.BUY,
        size_coin=Decimal(3),
        limit_price=Decimal(101),
        reduce_only=False,
        leverage=5,
        mark_price=Decimal(100),
        notional_usd=Decimal(300),
        initial_margin_usd=Decimal(60),
        stop_loss_price=Decimal(95),
        take_profit_price=Decimal(110),
        valid_until_ms=9999,
    )
    rules = (RuleResult(code="LEVERAGE", passed=True, value="5", limit="11", setting="MAX_LEVERAGE"),)
    payload = RiskApproved(
        model="qwen", intent_kind=IntentKind.ENTRY, decision_id=decided.id, intent=intent, rules=rules
    )
    return derive(decided, payload, 1002)


def acceptances_of(approved: Event[RiskApproved]) -> list[Event[OrderAccepted]]:
    """The entry and its stop, accepted by the exchange."""
    return [
        derive(
            approved,
            OrderAccepted(
                model="qwen",
                intent_id=approved.id,
                client_order_id=f"0x{role.value}",
                order_id=None,
                symbol=Symbol.BTC,
                role=role,
                side=OrderSide.BUY if role is OrderRole.ENTRY else OrderSide.SELL,
                size_coin=Decimal(3),
                price=Decimal(101),
                trigger_price=None,
                reduce_only=role is not OrderRole.ENTRY,
                status="open",
            ),
            1003,
            index=index,
        )
        for index, role in enumerate((OrderRole.ENTRY, OrderRole.STOP))
    ]


def fills_of(approved: Event[RiskApproved]) -> list[Event[OrderFilled]]:
    """The entry in two parts, and the stop."""
    parts = [
        ("entry", OrderSide.BUY, 1, 100, 0, 0, 11, 1100),
        ("entry", OrderSide.BUY, 2, 101, 1, 0, 12, 1101),
        ("stop", OrderSide.SELL, 3, 95, 3, "-17", 13, 1200),
    ]
    return [
        originate(
            OrderFilled(
                model="qwen",
                intent_id=approved.id,
                client_order_id=f"0x{role}",
                order_id=5 if role == "entry" else 6,
                trade_id=trade_id,
                symbol=Symbol.BTC,
                role=OrderRole(role),
                side=side,
                price=Decimal(price),
                size_coin=Decimal(size),
                fee_usd=Decimal("0.05"),
                closed_pnl_usd=Decimal(closed),
                start_position_coin=Decimal(start),
                direction="Open Long",
                crossed=True,
                is_liquidation=False,
            ),
            keys=("qwen", trade_id),
            time_ms=at,
            now_ms=at,
            cycle_id="r-1",
            cause_id=approved.id,
        )
        for role, side, size, price, start, closed, trade_id, at in parts
    ]


def account(at: int, *, is_open: bool, approval: str) -> Event[AccountUpdated]:
    position = AccountPosition(
        symbol=Symbol.BTC,
        side=Side.LONG,
        size_coin=Decimal(3),
        entry_price=Decimal("100.66666667"),
        mark_price=Decimal(101),
        leverage=5,
        is_isolated=True,
        notional_usd=Decimal(303),
        unrealized_pnl_usd=ONE,
        margin_used_usd=Decimal(60),
        liquidation_price=Decimal(81),
        funding_since_open_usd=Decimal("0.25"),
        stop_loss_price=Decimal(95),
        take_profit_price=Decimal(110),
        protected=True,
        intent_id=approval,
        cycle_id="r-1",
        opened_ms=1090,
    )
    payload = AccountUpdated(
        model="qwen",
        address="0xa",
        equity_usd=Decimal(10_000) if is_open else Decimal("9982.6"),
        balance_usd=Decimal(9_999),
        available_balance_usd=Decimal(9_900),
        margin_used_usd=Decimal(60),
        maintenance_margin_usd=Decimal("3.8"),
        unrealized_pnl_usd=ONE,
        total_notional_usd=Decimal(303),
        positions=(position,) if is_open else (),
        open_orders=(),
        covers=(),
        open_intents=(),
        state_ms=at,
        received_ms=at,
    )
    return originate(payload, keys=("qwen", at), time_ms=at, now_ms=at)
