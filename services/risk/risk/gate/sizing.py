"""From a decision to a sized, priced order. Every rounding is towards less risk.

Sizes are rounded down to the lot at the worst price the order can get, so that no fill within the limit price exceeds
the approved notional. The limit price is rounded towards the mark, so that it stays within the collar. Stop and
target are price moves from the mark, whatever the leverage; both are rounded towards the mark, so that a stop is never
farther than asked for and a target never harder to reach.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from common.events import AccountPosition, Decision, IgnoredStop, IgnoreReason
from common.trading.instruments import INSTRUMENTS, Instrument, Rounding, Symbol
from common.trading.limits import Limits
from common.trading.margin import initial_margin_usd, notional_usd
from common.trading.orders import Side

PERCENT: Final = Decimal(100)
NO_DRAFT: Final = "no order could be drafted"
"""What a rule says when it lacks the draft."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An order before it is judged; `side` is the position's. Notional and margin are at the worst price.

    `ignored_stops` are the decision's own stop and target where the defaults stand in their place.
    """

    symbol: Symbol
    side: Side
    is_entry: bool
    size_coin: Decimal
    mark_price: Decimal
    limit_price: Decimal
    notional_usd: Decimal
    leverage: int | None = None
    margin_usd: Decimal = Decimal(0)
    stop_loss_price: Decimal | None = None
    take_profit_price: Decimal | None = None
    ignored_stops: tuple[IgnoredStop, ...] = ()


class Trigger(NamedTuple):
    """The price of a stop or target, and why a price that was asked for is not it: None where it is, or none was."""

    price: Decimal
    ignored: IgnoreReason | None = None


def can_size(decision: Decision) -> bool:
    """Whether the numbers of an entry make sense at all; limits are another matter."""
    return (
        decision.leverage >= 1
        and decision.position_size_percent.is_finite()
        and 0 < decision.position_size_percent <= PERCENT
    )


def draft_entry(
    limits: Limits, decision: Decision, side: Side, *, equity_usd: Decimal, mark_price: Decimal, mid_price: Decimal
) -> Draft:
    """The entry a decision asks for. The decision's symbol is set and its numbers make sense (see `can_size`).

    The size may come out as 0, which no limit lets through.
    """
    assert decision.symbol is not None  # noqa: S101 - the caller has looked
    instrument = INSTRUMENTS[decision.symbol]
    limit_price = collared_price(instrument, side, mark_price, limits.entry_collar_percent)
    worst_price = max(mark_price, mid_price, limit_price)
    size_coin = instrument.round_size(target_notional_usd(limits, decision, equity_usd) / worst_price)
    notional = notional_usd(size_coin, worst_price)
    stop = stop_trigger(instrument, side, mark_price, limits.stop_loss_percent, decision.stop_loss)
    target = target_trigger(instrument, side, mark_price, limits.take_profit_percent, decision.take_profit)
    return Draft(
        symbol=decision.symbol,
        side=side,
        is_entry=True,
        size_coin=size_coin,
        mark_price=mark_price,
        limit_price=limit_price,
        notional_usd=notional,
        leverage=decision.leverage,
        margin_usd=initial_margin_usd(notional, decision.leverage),
        stop_loss_price=stop.price,
        take_profit_price=target.price,
        ignored_stops=_ignored_stops(decision, stop, target, mark_price),
    )


def _ignored_stops(decision: Decision, stop: Trigger, target: Trigger, mark_price: Decimal) -> tuple[IgnoredStop, ...]:
    asked = (("stop_loss", decision.stop_loss, stop), ("take_profit", decision.take_profit, target))
    return tuple(
        IgnoredStop(
            field=field,
            reason=trigger.ignored,
            asked_price=asked_price,
            used_price=trigger.price,
            mark_price=mark_price,
        )
        for field, asked_price, trigger in asked
        if asked_price is not None and trigger.ignored is not None
    )


def draft_exit(limits: Limits, position: AccountPosition, mark_price: Decimal) -> Draft:
    """The order that closes a whole position; its size is the exchange's own figure, unrounded."""
    instrument = INSTRUMENTS[position.symbol]
    limit_price = collared_price(instrument, position.side.opposite, mark_price, limits.exit_collar_percent)
    return Draft(
        symbol=position.symbol,
        side=position.side,
        is_entry=False,
        size_coin=position.size_coin,
        mark_price=mark_price,
        limit_price=limit_price,
        notional_usd=notional_usd(position.size_coin, mark_price),
    )


def target_notional_usd(limits: Limits, decision: Decision, equity_usd: Decimal) -> Decimal:
    """The notional a decision asks for: the size is a share of equity as margin, or as the notional itself."""
    share_usd = max(equity_usd, Decimal(0)) * decision.position_size_percent / PERCENT
    return share_usd * decision.leverage if limits.position_size_basis == "margin" else share_usd


def collared_price(instrument: Instrument, side: Side, mark_price: Decimal, collar_percent: Decimal) -> Decimal:
    """The worst price of an order in the direction of `side`: the collar's edge, rounded towards the mark."""
    edge = mark_price * (1 + side.sign * collar_percent / PERCENT)
    return instrument.round_price(edge, "down" if side is Side.LONG else "up")


def stop_trigger(
    instrument: Instrument, side: Side, mark_price: Decimal, percent: Decimal, asked_for: Decimal | None
) -> Trigger:
    """The stop's trigger: `percent` against the position, or the model's own when that is nearer to the mark."""
    return _trigger(instrument, mark_price, -side.sign * percent, asked_for)


def target_trigger(
    instrument: Instrument, side: Side, mark_price: Decimal, percent: Decimal, asked_for: Decimal | None
) -> Trigger:
    """The target's trigger: `percent` with the position, or the model's own when that is nearer to the mark."""
    return _trigger(instrument, mark_price, side.sign * percent, asked_for)


def _trigger(
    instrument: Instrument, mark_price: Decimal, signed_percent: Decimal, asked_for: Decimal | None
) -> Trigger:
    above = signed_percent > 0
    towards_mark: Rounding = "down" if above else "up"
    default = instrument.round_price(mark_price * (1 + signed_percent / PERCENT), towards_mark)
    if asked_for is None or not asked_for.is_finite() or asked_for == default:
        return Trigger(default)
    if asked_for <= mark_price if above else asked_for >= mark_price:
        return Trigger(default, IgnoreReason.WRONG_SIDE)
    if asked_for > default if above else asked_for < default:
        return Trigger(default, IgnoreReason.TOO_FAR)
    rounded = instrument.round_price(asked_for, towards_mark)
    if rounded <= mark_price if above else rounded >= mark_price:
        return Trigger(default, IgnoreReason.TOO_NEAR)
    return Trigger(rounded)
