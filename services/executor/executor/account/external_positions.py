"""Takes an account out of the coins that the arena doesn't trade, when a flatten is requested."""

from typing import Final

from common.events import ExternalPosition
from common.trading.orders import OrderRole, Side
from executor.account.context import AccountContext
from executor.domain.account import AccountView, ExternalOrder
from executor.domain.bracket import CLOSE_SLIPPAGE
from executor.domain.order import SendPurpose, client_order_id
from executor.exchange.order_requests import close_request

NO_INTENT: Final = "flatten"
"""What stands in the send log in place of an intent."""


def cancellable_orders(view: AccountView) -> list[ExternalOrder]:
    """Those that could open something, and stops and targets whose position is gone."""
    held = {position.coin for position in view.state.external}
    return [order for order in view.external_orders if not order.reduce_only or order.coin not in held]


def has_external(view: AccountView) -> bool:
    """Whether any other coin has a position or an order left."""
    return bool(view.state.external or view.external_orders)


async def cancel_external_orders(context: AccountContext, orders: list[ExternalOrder]) -> None:
    """Cancels orders on coins outside the arena. Raises UnknownOutcome."""
    for order in orders:
        await context.exchange.size_decimals(order.coin)
    keys = [(order.coin, order.order_id) for order in orders]
    await context.send_logged(NO_INTENT, SendPurpose.CANCEL, context.exchange.sign_cancels(keys))
    context.log.warning("external orders cancelled", model=context.model, orders=keys)


async def close_external_position(context: AccountContext, position: ExternalPosition, attempt: int) -> None:
    """Closes the whole position, reduce-only. Raises UnknownOutcome."""
    request = close_request(
        position.coin,
        signed_size_coin=position.size_coin if position.side is Side.LONG else -position.size_coin,
        mark_price=position.notional_usd / position.size_coin,
        slippage=CLOSE_SLIPPAGE,
        size_decimals=await context.exchange.size_decimals(position.coin),
        client_order_id=client_order_id(
            f"external|{context.exchange.address}|{position.coin}", OrderRole.FLATTEN, attempt
        ),
    )
    answer = await context.send_logged(NO_INTENT, SendPurpose.FLATTEN, context.exchange.sign_requests([request]))
    context.log.warning("external position closed", model=context.model, coin=position.coin, answer=str(answer)[:300])
