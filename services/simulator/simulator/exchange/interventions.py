"""What others do to an account or a coin while a client runs: cancels by hand, transfers, announcements, lost wallets.

A test calls these; the exchange never does.
"""

from decimal import Decimal
from typing import Any

from simulator.exchange.order_status import OrderStatus
from simulator.exchange.state import ledger_rows
from simulator.exchange.state.account import Position
from simulator.exchange.state.exchange import Exchange
from simulator.exchange.state.keys import Keys
from simulator.exchange.state.orders import Request
from simulator.exchange.trading.order_close import adjust_reduce_only_orders, finish
from simulator.exchange.trading.order_entry import make_order
from simulator.exchange.trading.settlement import book_fill
from simulator.market.coins import COINS

STOPS, TARGETS, ALL = "stops", "targets", "all"
CANCELLED = {STOPS: ("sl",), TARGETS: ("tp",), ALL: ("sl", "tp", "")}


def cancel_by_hand(exchange: Exchange, address: str, what: str, now_ms: int, coin: str | None = None) -> int:
    """Cancels the account's open stops, targets or orders, of one coin or of all; returns how many.

    Raises KeyError for an unknown `what`.
    """
    kinds = CANCELLED[what]
    found = [order for order in exchange.open_of(address, coin) if order.trigger_kind in kinds]
    for order in found:
        if order.is_open:
            finish(exchange, order, OrderStatus.CANCELED, now_ms)
    return len(found)


def move_cash(
    exchange: Exchange, address: str, kind: str, usd: Decimal, now_ms: int, fields: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Adds to an account's cash (or takes from it) and writes the ledger row of that kind; returns the row.

    The cash is that of the perpetuals, of a kind of spot that of spot; a common balance has both. A kind that is
    unknown writes a row of just `fields`. Raises ValueError where a kind moves cash the other way.
    """
    account = exchange.accounts[address]
    row = ledger_rows.moved(kind, address, usd, now_ms) | (fields or {})
    if kind in ledger_rows.OF_SPOT:
        if account.spot_usd + usd < 0 and not account.is_pooled:
            raise ValueError(f"{kind} moves spot cash, of which there are {account.spot_usd}")
        account.add_to_spot(usd)
    else:
        account.raw_usd += usd
    if kind == ledger_rows.CLASS_TRANSFER:
        account.add_to_spot(-usd)
    else:
        account.paid_in_usd += usd
        exchange.deposited += max(usd, Decimal(0))
        exchange.withdrawn -= min(usd, Decimal(0))
    exchange.changes.accounts.add(address)
    exchange.append_ledger(address, now_ms, row)
    return row


def change_leverage(exchange: Exchange, coin: str, max_leverage: int, tier_leverage: int | None = None) -> None:
    """Announces other leverage limits of a coin; liquidations keep the margin that positions were opened with."""
    exchange.market.listing = exchange.market.listing.with_leverage(coin, max_leverage, tier_leverage)


def delist(exchange: Exchange, coin: str, now_ms: int, *, settles: bool = True) -> None:
    """Ends a coin: its orders are cancelled and, unless `settles` is False, its positions closed at the mark price."""
    exchange.market.listing = exchange.market.listing.without(coin)
    for account in list(exchange.accounts.values()):
        for order in exchange.open_of(account.address, coin):
            if order.is_open:
                finish(exchange, order, OrderStatus.DELISTED_CANCELED, now_ms)
        position = account.positions.get(coin)
        if position is not None and settles:
            _settle(exchange, account.address, position, now_ms)


def _settle(exchange: Exchange, address: str, position: Position, now_ms: int) -> None:
    mark, size = exchange.market.coins[position.coin].mark_price, abs(position.size)
    request = Request(COINS[position.coin], position.size < 0, mark, size, reduce_only=True, tif="Ioc")
    order = make_order(exchange, address, request, now_ms)
    order.is_settlement = True
    book_fill(exchange, order, mark, size, crossed=True, now_ms=now_ms)
    finish(exchange, order, OrderStatus.FILLED, now_ms)
    adjust_reduce_only_orders(exchange, address, order.coin, order, now_ms)


def end_wallet(keys: Keys, address: str, now_ms: int) -> None:
    """Lets an API wallet's validity end now. Raises KeyError for an unknown one."""
    keys.expire(address, now_ms)


def prune_wallet(keys: Keys, address: str) -> None:
    """Forgets an API wallet and its nonces, as the exchange does with one that has ended. Raises KeyError."""
    keys.forget(address)
