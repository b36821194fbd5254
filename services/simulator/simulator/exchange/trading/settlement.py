"""Settlement: fills with their fees, and the hourly funding."""

from decimal import Decimal
from typing import Any

from simulator.exchange.state import fees
from simulator.exchange.state.account import apply_trade
from simulator.exchange.state.exchange import Exchange
from simulator.exchange.state.orders import ZERO, Fill, Order
from simulator.market.coins import COINS
from simulator.numbers import number_text, rounded_text


def next_trade_id(exchange: Exchange) -> int:
    exchange.next_tid += 1
    return exchange.next_tid


def book_fill(
    exchange: Exchange,
    order: Order,
    price: Decimal,
    size: Decimal,
    *,
    crossed: bool,
    now_ms: int,
    tid: int | None = None,
    counterparty: str | None = None,
    liquidation: dict[str, Any] | None = None,
) -> None:
    """Settles one fill of `size` coin at `price`; without a counterparty the house takes the other side.

    A match of two traders shares the `tid`. `liquidation` is that of the order met; a liquidated account pays no fee.
    """
    account = exchange.accounts[order.account]
    before = account.position_size(order.coin)
    signed = size if order.is_buy else -size
    closed = apply_trade(account, COINS[order.coin], signed, price)
    if counterparty is None:
        exchange.house.raw_usd += signed * price
    owner = exchange.owner(order.account)
    taker, maker = exchange.rates(order.account, now_ms)
    is_free = order.liquidation is not None or order.is_deleveraging or order.is_settlement
    fee = ZERO if is_free else round(size * price * (taker if crossed else maker), fees.DECIMALS)
    for_builder = ZERO
    if order.builder is not None and not is_free:
        for_builder = round(size * price * order.builder_units * fees.BUILDER_UNIT, fees.DECIMALS)
        exchange.rewards[order.builder] = exchange.rewards.get(order.builder, ZERO) + for_builder
    account.raw_usd -= fee + for_builder
    exchange.fees += fee
    for each in (account,) if owner is account else (account, owner):
        fees.count(each, size * price, crossed, now_ms)
        exchange.changes.accounts.add(each.address)
    order.size -= size
    order.filled += size
    order.filled_usd += size * price
    exchange.changes.orders[order.oid] = order
    exchange.changes.fills.append(
        Fill(
            account=order.account,
            coin=order.coin,
            price=price,
            size=size,
            is_buy=order.is_buy,
            time_ms=now_ms,
            start_position=before,
            closed_pnl=closed,
            oid=order.oid,
            crossed=crossed,
            fee=fee + for_builder,
            builder_fee=for_builder,
            tid=tid or next_trade_id(exchange),
            cloid=order.cloid,
            liquidation=order.liquidation or liquidation,
            twap_id=order.twap_id,
            counterparty=counterparty,
            is_deleveraging=order.is_deleveraging,
            is_settlement=order.is_settlement,
        )
    )


def pay_funding(exchange: Exchange, coin: str, rate: Decimal, now_ms: int) -> None:
    """Settles the hour's funding of every position in the coin: size × oracle × rate; longs pay a positive rate."""
    oracle = Decimal(exchange.market.coins[coin].oracle_text)
    for account in exchange.accounts.values():
        position = account.positions.get(coin)
        if position is None:
            continue
        payment = round(position.size * oracle * rate, fees.DECIMALS)
        if position.is_cross:
            account.raw_usd -= payment
        else:
            position.raw_usd -= payment
        exchange.house.raw_usd += payment
        position.funding_all += payment
        position.funding_open += payment
        position.funding_change += payment
        delta = {
            "type": "funding",
            "coin": coin,
            "usdc": number_text(-payment),
            "szi": number_text(position.size),
            "fundingRate": rounded_text(rate, 10),
            "nSamples": None,
        }
        exchange.changes.accounts.add(account.address)
        exchange.changes.fundings.append((account.address, {"time": now_ms, "delta": delta}))
