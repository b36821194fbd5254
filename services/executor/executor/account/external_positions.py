"""Takes an account out of the coins that the arena doesn't trade, when a person wants it out of the market."""

from common.events import ExternalPosition, OrderRole
from common.trading.orders import Side
from executor.account.context import Desk
from executor.domain.account import ForeignOrder, View
from executor.domain.bracket import CLOSE_SLIPPAGE
from executor.domain.order import client_order_id
from executor.exchange.order_requests import close_request


def unwanted_orders(view: View) -> list[ForeignOrder]:
    """Those that could open something, and stops and targets whose position is gone."""
    held = {position.coin for position in view.state.foreign}
    return [order for order in view.foreign_orders if not order.reduce_only or order.coin not in held]


def is_out(view: View) -> bool:
    """Whether no other coin has a position or an order left."""
    return not view.state.foreign and not view.foreign_orders


async def cancel_foreign(desk: Desk, orders: list[ForeignOrder]) -> None:
    rows = [{"coin": order.coin, "oid": order.order_id} for order in orders]
    for order in orders:
        await desk.venue.universe_with(order.coin)
    await desk.post("flatten", "cancel", desk.venue.prepare(lambda signer: signer.bulk_cancel(rows)))
    desk.log.warning("orders on other coins cancelled", model=desk.model, orders=rows)


async def close_foreign(desk: Desk, position: ExternalPosition, attempt: int) -> None:
    """The whole position, as the kill switch closes it."""
    decimals = await desk.venue.universe_with(position.coin)
    signed = position.size_coin if position.side is Side.LONG else -position.size_coin
    mark = position.notional_usd / position.size_coin
    cloid = client_order_id(f"external|{desk.venue.address}|{position.coin}", OrderRole.FLATTEN, attempt)
    request = close_request(position.coin, signed, mark, CLOSE_SLIPPAGE, decimals[position.coin], cloid)
    answer = await desk.post(
        "flatten", "flatten", desk.venue.prepare(lambda signer: signer.bulk_orders([request], grouping="na"))
    )
    desk.log.warning("position on another coin closed", model=desk.model, coin=position.coin, answer=str(answer)[:300])
