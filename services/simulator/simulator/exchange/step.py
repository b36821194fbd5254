"""The effects of a market move on the exchange, in the real exchange's order."""

from collections.abc import Mapping

from simulator.exchange.liquidation import liquidate
from simulator.exchange.order_status import OrderStatus
from simulator.exchange.state import fees
from simulator.exchange.state.exchange import Exchange
from simulator.exchange.trading.matching import flow, uncross
from simulator.exchange.trading.order_close import cancel_all
from simulator.exchange.trading.order_entry import fire_triggers
from simulator.exchange.trading.twap import run_twaps
from simulator.market.coin_market import Trade


def step(exchange: Exchange, trades: Mapping[str, list[Trade]], dt_s: float, now_ms: int) -> None:
    """Fills resting orders from the market's trades, then runs due cancels, triggers, TWAP slices and liquidations."""
    exchange.books.refresh(dt_s)
    for coin in exchange.market.coins:
        if exchange.books.orders(coin, True) or exchange.books.orders(coin, False):
            flow(exchange, coin, trades.get(coin, []), now_ms)
            uncross(exchange, coin, now_ms)
    for account in exchange.accounts.values():
        if account.cancel_all_ms is not None and now_ms >= account.cancel_all_ms:
            account.cancel_all_ms = None
            today = fees.day_of(now_ms)
            account.cancel_all_days = {today: account.cancel_all_days.get(today, 0) + 1}
            exchange.changes.accounts.add(account.address)
            cancel_all(exchange, account.address, now_ms, OrderStatus.SCHEDULED_CANCEL)
    fire_triggers(exchange, now_ms)
    run_twaps(exchange, now_ms)
    liquidate(exchange, now_ms)
