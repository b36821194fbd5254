"""The envelope refuses what no stop would bound, one bound at a time, and lets exits pass."""

from collections import Counter
from decimal import Decimal

import pytest

from common.trading.instruments import Symbol
from common.trading.orders import IntentKind, Side
from executor.domain.envelope import Envelope
from support.executor_process import approval
from support.forged_approvals import LIMITS, forged_approvals

D = Decimal
MARKS = {Symbol.BTC: D(60_000), Symbol.ETH: D(3_000), Symbol.XRP: D("0.5123"), Symbol.DOGE: D("0.11")}
ENVELOPE = Envelope(frozenset(set(Symbol) - {Symbol.HYPE}), LIMITS)


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("symbol", sorted(MARKS))
def test_a_sound_entry_lies_inside(symbol: Symbol, side: Side) -> None:
    event = approval(1, symbol, side, mark_price=MARKS[symbol], size_coin=D(5_000) / MARKS[symbol], now_ms=1)
    assert ENVELOPE.breach(IntentKind.ENTRY, event.data.intent, MARKS[symbol]) is None
    assert ENVELOPE.breach(IntentKind.ENTRY, event.data.intent, None) is None


@pytest.mark.parametrize("kind", [IntentKind.EXIT, IntentKind.INVALIDATION, IntentKind.FLATTEN])
def test_a_reduce_only_exit_passes_whatever_its_size_and_price(kind: IntentKind) -> None:
    exit_ = approval(
        1, Symbol.HYPE, Side.LONG, mark_price=D(40), size_coin=D(10**6), now_ms=1, intent_kind=IntentKind.EXIT
    )
    assert ENVELOPE.breach(kind, exit_.data.intent, D(80)) is None


@pytest.mark.parametrize(
    ("changed", "bound"),
    [
        ({"stop_loss_price": None}, "stop"),
        ({"stop_loss_price": D(2_830)}, "stop"),
        ({"stop_loss_price": D(3_100)}, "stop"),
        ({"leverage": 21}, "leverage"),
        ({"leverage": None}, "leverage"),
        ({"size_coin": D(7)}, "notional"),
        ({"size_coin": D("0.12345")}, "size"),
        ({"size_coin": D(0)}, "figures"),
        ({"symbol": Symbol.HYPE}, "coin"),
        ({"reduce_only": True}, "reduce-only"),
        ({"valid_until_ms": None}, "validity"),
        ({"limit_price": D(3_100)}, "collar"),
        ({"take_profit_price": D(2_900)}, "target"),
    ],
)
def test_each_bound_is_named(changed: dict[str, object], bound: str) -> None:
    event = approval(1, Symbol.ETH, Side.LONG, mark_price=D(3_000), size_coin=D(1), now_ms=1)
    breach = ENVELOPE.breach(IntentKind.ENTRY, event.data.intent.model_copy(update=changed), D(3_000))
    assert breach is not None
    assert breach.bound == bound


def test_a_price_far_from_the_exchanges_mark_lies_outside() -> None:
    event = approval(1, Symbol.ETH, Side.SHORT, mark_price=D(3_000), size_coin=D(1), now_ms=1)
    for mark, bound in ((D(3_300), None), (D(3_400), "price"), (D(2_600), "price")):
        breach = ENVELOPE.breach(IntentKind.ENTRY, event.data.intent, mark)
        assert (breach and breach.bound) == bound


def test_a_coins_own_maximum_bounds_the_leverage() -> None:
    event = approval(1, Symbol.DOGE, Side.LONG, mark_price=D("0.11"), size_coin=D(1_000), now_ms=1, leverage=11)
    breach = ENVELOPE.breach(IntentKind.ENTRY, event.data.intent, D("0.11"))
    assert str(breach) == "leverage: 11, allowed: 1 to 10"


def test_no_forged_approval_of_a_thousand_lies_inside() -> None:
    found = Counter[str]()
    for event in forged_approvals(1_000, MARKS, 1, seed=13):
        breach = ENVELOPE.breach(event.data.intent_kind, event.data.intent, MARKS.get(event.data.intent.symbol))
        assert breach is not None, event
        found[breach.bound] += 1
    assert sum(found.values()) == 1_000
    assert set(found) >= {"stop", "leverage", "notional", "coin", "reduce-only", "collar", "price", "figures", "target"}
