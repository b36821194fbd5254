"""Approvals that risk would never give, each of them sound but for one or a few forged figures. Seeded."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from random import Random
from typing import Any, Final

from common.events import Event, IntentKind, OrderIntent, RiskApproved
from common.trading.instruments import INSTRUMENTS, Symbol
from common.trading.limits import Limits
from common.trading.orders import OrderSide, Side
from support.executor_process import approval

D = Decimal
LIMITS: Final = Limits(max_notional_usd=D(20_000))
Forgery = Callable[[Random, OrderIntent], dict[str, Any]]


def _sign(order: OrderIntent) -> int:
    return 1 if order.side is OrderSide.BUY else -1


def _stop_too_far(random: Random, order: OrderIntent) -> dict[str, Any]:
    away = D(random.choice(["0.0575", "0.07", "0.2", "0.5", "0.99"]))
    return {"stop_loss_price": order.mark_price * (1 - _sign(order) * away)}


def _stop_on_the_wrong_side(random: Random, order: OrderIntent) -> dict[str, Any]:
    return {"stop_loss_price": order.mark_price * (1 + _sign(order) * D(random.choice(["0.006", "0.05", "0.5"])))}


def _too_large(random: Random, order: OrderIntent) -> dict[str, Any]:
    times = D(random.choice(["1.01", "2", "100", "1000000"]))
    size = INSTRUMENTS[order.symbol].round_size(D(20_000) * times / order.mark_price) + D(1)
    return {"size_coin": size, "notional_usd": random.choice([D(10), order.notional_usd, size * order.mark_price])}


def _another_market(random: Random, order: OrderIntent) -> dict[str, Any]:
    """All prices in proportion, as if the market were elsewhere: only the exchange's mark gives it away."""
    ratio = D(random.choice(["0.0001", "0.5", "0.89", "1.13", "3", "1000"]))
    names = ("mark_price", "limit_price", "stop_loss_price", "take_profit_price")
    instrument = INSTRUMENTS[order.symbol]
    prices = {name: instrument.round_price(getattr(order, name) * ratio, "up") for name in names}
    return {**prices, "size_coin": max(instrument.round_size(order.size_coin / ratio), instrument.size_step_coin)}


FORGERIES: Final[dict[str, Forgery]] = {
    "no stop": lambda random, order: {"stop_loss_price": None},
    "stop too far": _stop_too_far,
    "stop on the wrong side": _stop_on_the_wrong_side,
    "leverage": lambda random, order: {
        "leverage": random.choice([None, 0, -5, INSTRUMENTS[order.symbol].max_leverage + 1, 21, 50, 1000])
    },
    "notional": _too_large,
    "another coin": lambda random, order: {"symbol": Symbol.HYPE},
    "not reduce-only": lambda random, order: {"reduce_only": True},
    "limit far from the mark": lambda random, order: {
        "limit_price": order.mark_price * (1 + _sign(order) * D(random.choice(["0.007", "0.1", "5"])))
    },
    "another market": _another_market,
    "size": lambda random, order: {"size_coin": random.choice([D(0), D(-1), D("1E-9")])},
    "never ends": lambda random, order: {"valid_until_ms": None},
    "target": lambda random, order: {"take_profit_price": order.mark_price * (1 - _sign(order) * D("0.1"))},
}
"""By name: what is changed in a sound entry."""


def forged_approvals(count: int, marks: dict[Symbol, Decimal], now_ms: int, seed: int) -> Iterator[Event[RiskApproved]]:
    """`count` approvals: most with one forgery, some with several, some entries that go as exits."""
    random = Random(seed)
    coins = sorted(marks)
    for number in range(count):
        symbol = random.choice(coins)
        sound = approval(
            number,
            symbol,
            random.choice(list(Side)),
            mark_price=marks[symbol],
            size_coin=D(random.randint(20, 4_000)) / marks[symbol],
            now_ms=now_ms,
        )
        changes: dict[str, Any] = {}
        for name in random.sample(sorted(FORGERIES), random.choice([1, 1, 1, 2, 3])):
            changes |= FORGERIES[name](random, sound.data.intent)
        as_exit = random.random() < 0.1
        if as_exit:
            changes = {"reduce_only": False} | ({"stop_loss_price": None} if random.random() < 0.5 else {})
        kind = random.choice([each for each in IntentKind if each is not IntentKind.ENTRY])
        order = sound.data.intent.model_copy(update=changes)
        data = sound.data.model_copy(update={"intent": order} | ({"intent_kind": kind} if as_exit else {}))
        yield sound.model_copy(update={"data": data})
