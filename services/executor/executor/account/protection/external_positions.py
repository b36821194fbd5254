"""Takes an account out of the coins that the arena doesn't trade, when a flatten is requested."""

from decimal import Decimal

from common.events import ExternalPosition
from common.trading.orders import OrderRole, Side
from executor.account.context import AccountContext
from executor.account.protection.actions import FLATTEN, ProtectiveActions
from executor.domain.account import AccountPoll
from executor.domain.bracket import CLOSE_SLIPPAGE
from executor.domain.order import SendPurpose, client_order_id
from executor.exchange.order_requests import close_request


def cancellable_orders(poll: AccountPoll) -> list[tuple[str, int]]:
    """(coin, order id) of those that could open something, and of stops and targets whose position is gone: among them
    those of the arena's own coins whose rows can't be read, which stay while the coin is held."""
    held = {position.coin for position in poll.state.external}
    held |= {symbol.value for symbol in poll.state.signed_sizes}
    return [
        (order.coin, order.order_id)
        for order in poll.external_orders
        if order.coin and order.order_id is not None and not (order.reduce_only and order.coin in held)
    ]


async def cancel_external_orders(
    context: AccountContext, actions: ProtectiveActions, orders: list[tuple[str, int]]
) -> None:
    """Cancels orders on coins outside the arena. Raises UnknownOutcome."""
    for coin, _ in orders:
        await context.exchange.size_decimals(coin)
    answer = str(await actions.cancel(FLATTEN, orders))[:300]
    context.log.warning("sent a cancel of external orders", model=context.model, orders=orders, answer=answer)


async def close_external_position(
    context: AccountContext, actions: ProtectiveActions, position: ExternalPosition
) -> None:
    """Closes the whole position, reduce-only. Raises UnknownOutcome."""
    mark_price = position.notional_usd / position.size_coin
    request = close_request(
        position.coin,
        signed_size_coin=position.size_coin if position.side is Side.LONG else -position.size_coin,
        mark_price=mark_price or Decimal((await context.exchange.mid_prices())[position.coin]),
        slippage=CLOSE_SLIPPAGE,
        size_decimals=await context.exchange.size_decimals(position.coin),
        client_order_id=client_order_id(
            f"external|{context.exchange.address}|{position.coin}", OrderRole.FLATTEN, actions.next_attempt()
        ),
    )
    answer = await actions.send(context.exchange.sign_requests([request]), SendPurpose.FLATTEN, FLATTEN)
    context.log.warning(
        "sent a close of an external position", model=context.model, coin=position.coin, answer=str(answer)[:300]
    )
