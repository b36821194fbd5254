"""A person closes one position."""

import pytest

from common.events import AlertCode, Command, IntentKind
from common.trading.instruments import Symbol
from common.trading.orders import OrderSide, Side
from risk.gate.halts import TradingState
from risk.storage.risk_state_table import rows_of, state_of
from support.risk_examples import a_position
from support.risk_harness import MODEL, RiskHarness


@pytest.fixture
def harness() -> RiskHarness:
    ready = RiskHarness()
    ready.send_account()
    return ready


def test_a_close_closes_one_position_until_it_is_gone(harness: RiskHarness) -> None:
    eth, sol = a_position(Symbol.ETH), a_position(Symbol.SOL, Side.SHORT)
    harness.send_account(eth, sol)
    (exit_,) = harness.send_command(Command.CLOSE, symbol=Symbol.ETH)
    intent = exit_.data.intent
    assert (intent.symbol, intent.side, intent.reduce_only) == (Symbol.ETH, OrderSide.SELL, True)
    assert exit_.data.intent_kind is IntentKind.FLATTEN
    assert harness.send_command(Command.CLOSE, symbol=Symbol.ETH) == (), "it is on its way"
    assert harness.trading_state is TradingState.ACTIVE
    harness.advance(5)
    assert harness.send_account(eth, sol) == ()
    harness.cancel(exit_.id)
    (again,) = harness.send_account(eth, sol, covers=())
    assert again.data.intent.symbol is Symbol.ETH
    harness.advance(5)
    assert harness.send_account(sol, covers=(again.id,)) == ()
    assert harness.handlers.state.persistent.closings == ()
    assert harness.send_account(a_position(Symbol.ETH), sol) == (), "a later position is another one"


def test_a_close_survives_a_restart(harness: RiskHarness) -> None:
    harness.send_account(a_position(Symbol.ETH))
    harness.send_command(Command.CLOSE, symbol=Symbol.ETH)
    persistent = harness.handlers.state.persistent
    assert len(persistent.closings) == 1
    assert state_of(rows_of(persistent, harness.handlers.models)) == persistent


@pytest.mark.parametrize(
    ("model", "symbol", "ago_ms", "why"),
    [
        (MODEL, Symbol.SOL, 0, "no such position is held"),
        ("qwen", Symbol.ETH, 0, "no account state is known"),
        (MODEL, None, 0, "no such position is held"),
        (None, Symbol.ETH, 0, "no account state is known"),
        ("gone", Symbol.ETH, 0, "no account state is known"),
        (MODEL, Symbol.ETH, 61_000, "it came 61 s after it was given"),
    ],
)
def test_a_close_of_what_is_not_held_or_late_is_reported(
    harness: RiskHarness, model: str | None, symbol: Symbol | None, ago_ms: int, why: str
) -> None:
    harness.send_account(a_position(Symbol.ETH))
    (alert,) = harness.send_command(Command.CLOSE, model, symbol=symbol, ago_ms=ago_ms)
    assert (alert.data.code, alert.data.model) == (AlertCode.CLOSE_IGNORED, model)
    assert why in alert.data.message
    assert harness.handlers.state.persistent.closings == ()


@pytest.mark.parametrize(
    ("side", "entry", "closes"),
    [
        (Side.LONG, "c7", 1),
        (None, "c7", 1),
        (Side.LONG, None, 1),
        (Side.SHORT, "c7", 0),
        (Side.LONG, "c6", 0),
        (Side.LONG, "", 0),
    ],
)
def test_a_close_leaves_what_was_opened_since(
    harness: RiskHarness, side: Side | None, entry: str | None, closes: int
) -> None:
    harness.send_account(a_position(Symbol.ETH, cycle_id="c7"))
    (event,) = harness.send_command(Command.CLOSE, symbol=Symbol.ETH, side=side, entry_cycle_id=entry)
    assert len(harness.handlers.state.persistent.closings) == closes
    if not closes:
        assert event.data.code == AlertCode.CLOSE_IGNORED
        assert "the LONG of c7 that is held now is another position" in event.data.message
