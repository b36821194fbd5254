"""A flatten: a person wants the account out of the market."""

from typing import Final

from executor.account.context import AccountContext
from executor.account.protection.actions import FLATTEN, ProtectiveActions
from executor.account.protection.external_positions import (
    cancel_external_orders,
    cancellable_orders,
    close_external_position,
)
from executor.domain.account import AccountPoll, AccountView, Position

GRACE_MS: Final = 5_000
EXIT_GRACE_MS: Final = 20_000
"""How long an exit that is stored or on its way is left to close the position."""


async def enforce_flatten(
    context: AccountContext, actions: ProtectiveActions, poll: AccountPoll, since_ms: int
) -> list[Position]:
    """Cancels what could open something. Risk's exits close what is held; the positions that are still there after a
    grace, without an exit on its way, are returned to be closed. Other coins' positions are closed here."""
    if resting := [(order.symbol.value, order.order_id) for order in poll.open_orders if not order.reduce_only]:
        await actions.cancel(FLATTEN, resting)
    if orders := cancellable_orders(poll):
        await cancel_external_orders(context, actions, orders)
    age_ms = context.clock.now_ms() - since_ms
    if 0 <= age_ms < GRACE_MS:  # A request of the future was made before the clock was set back.
        return []
    for external in poll.state.external:
        if actions.may_close(external.coin):
            await close_external_position(context, actions, external)
    has_time = 0 <= age_ms < EXIT_GRACE_MS
    return [each for each in poll.state.positions if not (has_time and context.memory.is_exiting(each.symbol))]


def is_out(view: AccountView) -> bool:
    """Whether the account has no position, no entry on its way, and no order but a person's reduce-only ones."""
    is_entering = any(intent.is_entry for intent in view.unfinished)
    to_go = [order for order in view.open_orders if not order.reduce_only or order.client_order_id in view.orders]
    has_external = bool(view.state.external or view.external_orders)
    return not (is_entering or view.state.positions or to_go or has_external)
