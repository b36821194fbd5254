"""The envelope: what the executor signs at all, whoever put the approval into the stream. Pure.

Risk decides what is traded; the envelope knows nothing of decisions, accounts or days. It repeats, from the order's own
figures and the exchange's price, the few bounds that keep a forged or damaged approval from costing more than a stop.
All that risk approves under the same limits lies inside: risk rounds stops towards the mark and limit prices into the
collar, and a price step is allowed for on top.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from common.events import OrderIntent
from common.trading.instruments import INSTRUMENTS, Instrument, Symbol
from common.trading.limits import Limits
from common.trading.orders import IntentKind, OrderSide

PERCENT: Final = Decimal(100)
PRICE_BAND_PERCENT: Final = Decimal(10)
"""How far an entry's limit price may lie from the exchange's mark of the last minute."""


@dataclass(frozen=True, slots=True)
class Breach:
    """The bound that an intent breaks: its name, what the intent has, and what is allowed."""

    bound: str
    value: str
    limit: str

    def __str__(self) -> str:
        return f"{self.bound}: {self.value}, allowed: {self.limit}"


@dataclass(frozen=True, slots=True)
class Envelope:
    """The bounds of one executor."""

    coins: frozenset[Symbol]
    limits: Limits

    def breach(self, kind: IntentKind, order: OrderIntent, exchange_mark: Decimal | None) -> Breach | None:
        """The first bound that the order breaks, or None.

        `exchange_mark` is the exchange's own mark price of the last minute, None while none is known. An exit needs
        to be reduce-only and nothing else: no bound of an entry may keep a position from being closed.
        """
        figures = (order.size_coin, order.limit_price, order.mark_price)
        if not all(figure.is_finite() and figure > 0 for figure in figures):
            return Breach("figures", "/".join(map(str, figures)), "positive size, limit price and mark price")
        if order.reduce_only is (kind is IntentKind.ENTRY):
            return Breach("reduce-only", f"{kind} with reduce_only {order.reduce_only}", "exits alone, and all of them")
        if kind is not IntentKind.ENTRY:
            has_triggers = order.stop_loss_price is not None or order.take_profit_price is not None
            return Breach("triggers", "an exit with triggers", "entries alone") if has_triggers else None
        if order.symbol not in self.coins:
            return Breach("coin", order.symbol, ",".join(sorted(self.coins)))
        return self._breach_of_price(order, exchange_mark) or self._breach_of_stop(order) or self._breach_of_size(order)

    def _breach_of_price(self, order: OrderIntent, exchange_mark: Decimal | None) -> Breach | None:
        if order.valid_until_ms is None:
            return Breach("validity", "none", "an entry ends unsent at some time")
        step = INSTRUMENTS[order.symbol].price_step(order.limit_price)
        collar = order.mark_price * self.limits.entry_collar_percent / PERCENT
        if abs(order.limit_price - order.mark_price) > collar + step:
            return Breach("collar", str(order.limit_price), f"{order.mark_price} ± {collar.normalize():f}")
        if exchange_mark is None:
            return None
        band = exchange_mark * PRICE_BAND_PERCENT / PERCENT
        if abs(order.limit_price - exchange_mark) > band:
            return Breach("price", str(order.limit_price), f"{exchange_mark} ± {band.normalize():f}")
        return None

    def _breach_of_stop(self, order: OrderIntent) -> Breach | None:
        """The stop is on the losing side of the limit price, no farther than the limit allows from the mark that the
        limit price's collar leaves possible; a target is on the other side."""
        stop, target, limit = order.stop_loss_price, order.take_profit_price, order.limit_price
        if stop is None or not stop.is_finite() or stop <= 0:
            return Breach("stop", str(stop), "a stop")
        sign = 1 if order.side is OrderSide.BUY else -1
        distance = self.limits.stop_loss_percent / PERCENT
        farthest_mark = limit / (1 + sign * self.limits.entry_collar_percent / PERCENT)
        farthest = farthest_mark * (1 - sign * distance) - sign * INSTRUMENTS[order.symbol].price_step(limit)
        if not sign * farthest <= sign * stop < sign * limit:
            return Breach("stop", str(stop), f"between {farthest.normalize():f} and the limit price {limit}")
        if target is not None and not (target.is_finite() and sign * target > sign * order.mark_price):
            return Breach("target", str(target), f"on the winning side of {order.mark_price}")
        return None

    def _breach_of_size(self, order: OrderIntent) -> Breach | None:
        """What the order says of its own notional doesn't count."""
        instrument, notional_usd = INSTRUMENTS[order.symbol], worst_notional_usd(order)
        cap_usd = self.limits.max_notional_usd
        if cap_usd is not None and notional_usd > cap_usd:
            return Breach("notional", f"{notional_usd.normalize():f} USD", f"{cap_usd} USD")
        most = self._max_leverage(instrument, notional_usd)
        if order.leverage is None or not 1 <= order.leverage <= most:
            return Breach("leverage", str(order.leverage), f"1 to {most}")
        if order.size_coin != instrument.round_size(order.size_coin):
            return Breach("size", str(order.size_coin), f"a multiple of {instrument.size_step_coin}")
        return None

    def _max_leverage(self, instrument: Instrument, notional_usd: Decimal) -> int:
        return min(self.limits.max_leverage, instrument.max_leverage, instrument.tier(notional_usd).max_leverage)


def worst_notional_usd(order: OrderIntent) -> Decimal:
    """What the order is worth at the higher of its prices, both of which lie near the exchange's."""
    return order.size_coin * max(order.limit_price, order.mark_price)
