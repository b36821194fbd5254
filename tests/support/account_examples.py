"""Account states: one builder for every test that needs one."""

from decimal import Decimal
from typing import Any

from common.events import AccountPosition, AccountUpdated, Event, originate


def account_state(*positions: AccountPosition, at_ms: int, **changes: Any) -> AccountUpdated:
    """A state of $10,000, or of `equity_usd`, read at a time; margin and notional are those of the positions."""
    equity = changes.pop("equity_usd", Decimal(10_000))
    margin = sum((held.margin_used_usd for held in positions), Decimal(0))
    state: dict[str, Any] = {
        "model": "deepseek",
        "address": "0x0",
        "equity_usd": equity,
        "balance_usd": equity,
        "available_balance_usd": equity - margin,
        "margin_used_usd": margin,
        "maintenance_margin_usd": Decimal(0),
        "unrealized_pnl_usd": Decimal(0),
        "total_notional_usd": sum((held.notional_usd for held in positions), Decimal(0)),
        "positions": positions,
        "open_orders": (),
        "covers": (),
        "open_intents": (),
        "state_ms": at_ms,
        "received_ms": at_ms,
    }
    return AccountUpdated(**(state | changes))


def account_event(state: AccountUpdated) -> Event[AccountUpdated]:
    """The event of a state, at its time."""
    at_ms = state.received_ms
    return originate(state, keys=(state.model, at_ms), time_ms=at_ms, now_ms=at_ms)
