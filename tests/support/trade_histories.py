"""Generated histories of fills, and their episodes from flat to flat, by code that the recorder doesn't share."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any

from recorder_examples import approved, decided, filled

from common.events import Action, Event, OrderFilled, OrderRole
from common.trading.instruments import Symbol

D = Decimal
ZERO = D(0)
COINS = (Symbol.BTC, Symbol.ETH, Symbol.DOGE)

# Generated fills: positions opened, increased, reduced, reversed and liquidated, some within one millisecond.


@dataclass
class Market:
    """One coin's position as an exchange would keep it: average entry price, profit realized when reduced."""

    size: Decimal = ZERO
    entry: Decimal = ZERO

    def take(self, signed: Decimal, price: Decimal) -> Decimal:
        """Applies a fill; returns what it realized, before fees."""
        closing = min(abs(self.size), abs(signed)) if self.size * signed < 0 else D(0)
        realized = closing * (price - self.entry) * (1 if self.size > 0 else -1)
        after = self.size + signed
        if closing == 0:
            self.entry = (self.entry * abs(self.size) + price * abs(signed)) / abs(after)
        elif after * self.size < 0:
            self.entry = price
        self.size = after
        return realized


@dataclass
class History:
    """One model's generated fills with the decisions and approvals behind them."""

    model: str
    random: Random
    now_ms: int = 1_000_000
    trade_id: int = 1
    markets: dict[Symbol, Market] = field(default_factory=lambda: {coin: Market() for coin in COINS})
    events: list[Event[Any]] = field(default_factory=list)
    confidences: dict[str, Decimal] = field(default_factory=dict)
    leverages: dict[str, int] = field(default_factory=dict)

    def fill(self, coin: Symbol, signed: Decimal, intent: Any, *, role: OrderRole, liquidated: bool = False) -> None:
        price = D(self.random.randint(9_000, 11_000)) / 100
        market = self.markets[coin]
        before = market.size
        realized = market.take(signed, price)
        fee = (abs(signed) * price * D("0.00045")).quantize(D("1e-6"))
        self.events.append(
            filled(
                self.model,
                coin,
                self.trade_id,
                self.now_ms,
                signed,
                price,
                before,
                fee=fee,
                closed_pnl=realized,
                role=role,
                is_liquidation=liquidated,
                intent=intent,
            )
        )
        self.trade_id += 1

    def step(self, number: int) -> None:
        """Opens, increases, reduces, reverses or closes the position of one coin."""
        self.now_ms += self.random.choice((0, 1, 50, 60_000, 7_200_000))
        coin = self.random.choice(COINS)
        market = self.markets[coin]
        size = D(self.random.randint(1, 500)) / 100
        sign = self.random.choice((1, -1))
        if market.size == 0:
            confidence = D(self.random.randint(60, 95))
            action = Action.LONG if sign > 0 else Action.SHORT
            cycle = f"{self.model}-{number}"
            decision = decided(self.model, cycle, self.now_ms, action=action, symbol=coin, confidence=confidence)
            leverage = self.random.randint(1, 10)
            approval = approved(decision, leverage=leverage)
            self.events += [decision, approval]
            self.confidences[approval.id] = confidence
            self.leverages[approval.id] = leverage
            for _ in range(self.random.randint(1, 3)):
                self.fill(coin, sign * size, approval, role=OrderRole.ENTRY)
            return
        kind = self.random.random()
        toward_flat = -1 if market.size > 0 else 1
        if kind < 0.2:
            self.fill(coin, -toward_flat * size, None, role=OrderRole.UNKNOWN)
        elif kind < 0.4 and abs(market.size) > D("0.02"):
            self.fill(coin, toward_flat * D("0.01"), None, role=OrderRole.UNKNOWN)
        elif kind < 0.5:
            self.fill(coin, -market.size + toward_flat * size, None, role=OrderRole.UNKNOWN)
        else:
            half = (market.size / 2).quantize(D("0.01"))
            if half:
                self.fill(coin, -half, None, role=OrderRole.STOP)
            self.fill(coin, -market.size, None, role=OrderRole.STOP, liquidated=kind > 0.9)


# The recomputation: cash that went in and out between two moments at which a coin was flat.


@dataclass
class Episode:
    side: str
    opened_ms: int
    confidence: Decimal | None
    leverage: int | None
    cash: Decimal = ZERO
    fees: Decimal = ZERO
    bought: Decimal = ZERO
    closed_ms: int | None = None


def episodes_of(
    fills: Iterable[Event[OrderFilled]], confidences: dict[str, Decimal], leverages: dict[str, int]
) -> list[Episode]:
    """Episodes by cash flow alone: neither average entry prices nor the exchange's own closed P&L."""
    size, done, running = D(0), [], None
    for event in fills:
        data = event.data
        signed = data.size_coin if data.side == "BUY" else -data.size_coin
        parts = [(signed, data.fee_usd)]
        if size and (size + signed) * size < 0:
            closing_fee = (data.fee_usd * abs(size) / data.size_coin).quantize(D("1e-8"))
            parts = [(-size, closing_fee), (size + signed, data.fee_usd - closing_fee)]
        for part, fee in parts:
            if size == 0:
                side = "LONG" if part > 0 else "SHORT"
                intent = data.intent_id or ""
                running = Episode(side, event.time_ms, confidences.get(intent), leverages.get(intent))
                done.append(running)
            assert running is not None
            running.cash -= part * data.price
            running.fees += fee
            if part * size >= 0:
                running.bought += abs(part) * data.price
            size += part
            if size == 0:
                running.closed_ms = event.time_ms
    return done
