"""Reservations: what an approved intent may still take."""

from dataclasses import replace
from decimal import Decimal

import pytest

from common.events import Action, IntentKind, OrderIntent
from common.trading.instruments import Symbol
from common.trading.limits import Limits
from common.trading.orders import Side
from risk.gate.gate_input import GateInput
from risk.gate.verdict import draft_order, intent_of
from risk.state.reservations import position_side, reservation_of
from support.risk_examples import a_decision, a_position, an_account, healthy_input

CLOSE = a_decision(action=Action.CLOSE, symbol=Symbol.ETH, leverage=0, position_size_percent=Decimal(0))


def intent_for(inputs: GateInput) -> OrderIntent:
    draft = draft_order(inputs)
    assert draft is not None
    return intent_of(draft, valid_until_ms=0)


@pytest.mark.parametrize(("action", "side"), [(Action.LONG, Side.LONG), (Action.SHORT, Side.SHORT)])
def test_an_entry_reserves_notional_margin_and_loss(action: Action, side: Side) -> None:
    intent = intent_for(healthy_input(decision=a_decision(action=action)))
    reserved = reservation_of(Limits(), "i", IntentKind.ENTRY, intent)
    assert (reserved.is_entry, reserved.symbol, reserved.side) == (True, Symbol.BTC, side)
    assert reserved.notional_usd == intent.notional_usd
    assert reserved.margin_usd > intent.initial_margin_usd
    assert reserved.loss_usd > intent.notional_usd * Decimal("0.05")


@pytest.mark.parametrize("side", list(Side))
def test_an_exit_reserves_its_coin_only(side: Side) -> None:
    intent = intent_for(healthy_input(decision=CLOSE, account=an_account(a_position(Symbol.ETH, side))))
    reserved = reservation_of(Limits(), "i", IntentKind.FLATTEN, intent)
    assert (reserved.is_entry, reserved.symbol, reserved.side) == (False, Symbol.ETH, side)
    assert (reserved.notional_usd, reserved.margin_usd, reserved.loss_usd) == (0, 0, 0)


def test_an_entry_without_a_stop_reserves_no_loss() -> None:
    draft = draft_order(healthy_input())
    assert draft is not None
    intent = intent_of(replace(draft, stop_loss_price=None), valid_until_ms=0)
    assert reservation_of(Limits(), "i", IntentKind.ENTRY, intent).loss_usd == 0


def test_an_exit_closes_the_side_that_is_held() -> None:
    intent = intent_for(healthy_input(decision=CLOSE, account=an_account(a_position(Symbol.ETH, Side.SHORT))))
    assert position_side(intent) is Side.SHORT
