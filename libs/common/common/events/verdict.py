"""Risk's verdict on a decision: a sized, priced order intent, or a denial with codes and figures."""

from enum import StrEnum
from typing import ClassVar, Literal

from common.events.decision import Invalidation
from common.events.envelope import Amount, Fact, Payload, renamed_fields
from common.trading.instruments import Symbol
from common.trading.orders import IntentKind, OrderSide


class RuleResult(Fact):
    """One rule's result: the figure it looked at, the limit, and the setting that the limit comes from."""

    code: str
    passed: bool
    value: str | None = None
    limit: str | None = None
    setting: str | None = None
    detail: str | None = None


class IgnoreReason(StrEnum):
    """Why a decision's own stop or target was not used. Each is relative to the mark price at the verdict.

    wrong_side: it would trigger at once; too_far: it is no nearer than the default; too_near: no price of the exchange
    lies between it and the mark.
    """

    WRONG_SIDE = "wrong_side"
    TOO_FAR = "too_far"
    TOO_NEAR = "too_near"


class IgnoredStop(Fact):
    """A stop loss or take profit that an entry asked for and risk replaced by the default one, `used_price`."""

    field: Literal["stop_loss", "take_profit"]
    reason: IgnoreReason
    asked_price: Amount
    used_price: Amount
    mark_price: Amount


class OrderIntent(Fact):
    """What the executor is to do, complete: sizes in coin, prices valid for the exchange.

    `limit_price` bounds the IOC order. `leverage`, `stop_loss_price`, `take_profit_price` are None for exits.
    `valid_until_ms` (wall) only ends an intent that was not sent; None for exits, which stay valid.
    `invalidation_condition` goes with an entry that named one: candles closing after `watched_after_ms` (market time)
    are judged by it.
    """

    symbol: Symbol
    side: OrderSide
    size_coin: Amount
    limit_price: Amount
    reduce_only: bool
    leverage: int | None
    mark_price: Amount
    notional_usd: Amount
    initial_margin_usd: Amount
    stop_loss_price: Amount | None
    take_profit_price: Amount | None
    valid_until_ms: int | None
    invalidation_condition: Invalidation | None = None
    watched_after_ms: int | None = None


class RiskApproved(Payload):
    """An approval. The intent's id is this event's id, from which the client order ids derive.

    `epoch` names the account by whose state it was judged; empty where that did not say. `ignored_stops` are the
    decision's own prices that the intent doesn't have; none in bodies before version 3.
    """

    TYPE: ClassVar[str] = "risk.approved"
    VERSION: ClassVar[int] = 3
    READS: ClassVar[tuple[int, ...]] = (2, 1)
    _version_1 = renamed_fields(leg="intent_kind")

    model: str
    intent_kind: IntentKind
    decision_id: str
    intent: OrderIntent
    rules: tuple[RuleResult, ...]
    epoch: str = ""
    ignored_stops: tuple[IgnoredStop, ...] = ()


class RiskDenied(Payload):
    """A denial: `denial_code` is the first failing rule's, `rules` holds every rule that was judged.

    The denial code VOID, without rules, withdraws an approval that was lost before the executor stored it. The rules
    judged an order without the `ignored_stops`; none in bodies before version 4.
    """

    TYPE: ClassVar[str] = "risk.denied"
    VERSION: ClassVar[int] = 4
    READS: ClassVar[tuple[int, ...]] = (3, 2, 1)
    _version_1 = renamed_fields(leg="intent_kind")
    _version_2 = renamed_fields(code="denial_code")

    model: str
    intent_kind: IntentKind
    decision_id: str
    symbol: Symbol | None
    denial_code: str
    rules: tuple[RuleResult, ...]
    ignored_stops: tuple[IgnoredStop, ...] = ()
