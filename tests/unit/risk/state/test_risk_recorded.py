"""The gate on a recorded state: what was published for the prompt denies as risk's own memory does."""

from decimal import Decimal
from typing import Any

import pytest
from risk_examples import NOW_MS, a_decision, a_position, a_snapshot_event, an_account

from common.agent.prompt.memory import ActiveHalt, GateFigures, ReservedEntry, RiskDay, memory_text
from common.events import AccountUpdated, Action
from common.trading.durations import DAY_MS, MINUTE_MS
from common.trading.instruments import Symbol
from common.trading.limits import Limits
from common.trading.orders import Side
from risk.state.recorded import recorded_denial

D = Decimal


def denial(account: AccountUpdated | None = None, figures: dict[str, Any] | None = None, **decision: Any) -> str | None:
    gate = GateFigures(**({"high_water_usd": D(10_000)} | (figures or {})))
    day = RiskDay(day=NOW_MS // DAY_MS, equity_usd=D(10_000), gate=gate)
    return recorded_denial(
        a_decision(**decision),
        a_snapshot_event(boundary_ms=NOW_MS).data,
        account or an_account(),
        Limits().model_dump_json(),
        memory_text(None, day.model_dump_json().encode()),
    )


def test_a_healthy_entry_is_approved_however_old_its_account_state() -> None:
    assert denial(an_account(received_ms=NOW_MS - 10 * DAY_MS)) is None


@pytest.mark.parametrize(
    ("figures", "code"),
    [
        ({"cooldowns": {Symbol.BTC: NOW_MS + 1_000}}, "COOLDOWN"),
        ({"cooldowns": {Symbol.ETH: NOW_MS + 1_000}}, None),
        ({"entries_today": 50}, "DAILY_TRADES"),
        ({"halts": (ActiveHalt(reason="PERSON", state="HALTED", until_ms=None),)}, "STATE_HALTED"),
        ({"halts": (ActiveHalt(reason="STOPS", state="REDUCING", until_ms=NOW_MS),)}, None),
        ({"high_water_usd": D(1_000_000)}, "DRAWDOWN"),
        ({"approvals_ms": (NOW_MS - 1,) * 100}, "RATE"),
        ({"is_disk_full": True}, "DISK_FULL"),
        ({"approvals_ms": (NOW_MS - MINUTE_MS - 1,) * 100}, None),
    ],
)
def test_what_risk_published_denies_an_entry(figures: dict[str, Any], code: str | None) -> None:
    assert denial(figures=figures) == code


def test_a_reserved_entry_holds_its_coin() -> None:
    reserved = ReservedEntry(
        symbol=Symbol.BTC, side=Side.LONG, notional_usd=D(5_000), margin_usd=D(1_000), loss_usd=D(250)
    )
    assert denial(figures={"reserved": (reserved,)}) == "POSITION_HELD"


def test_decision_and_account_are_judged_by_the_gates_own_rules() -> None:
    assert denial(leverage=20) == "LIQUIDATION_DISTANCE"
    assert denial(confidence=D(10)) == "CONFIDENCE"
    assert denial(action=Action.CLOSE, symbol=Symbol.ETH) == "NO_POSITION"
    assert denial(an_account(a_position()), action=Action.CLOSE, symbol=Symbol.ETH) is None


def test_a_hold_needs_no_verdict() -> None:
    assert denial(action=Action.HOLD, symbol=None) is None


def test_without_the_days_beginning_no_entry_is_approved() -> None:
    decided = recorded_denial(
        a_decision(),
        a_snapshot_event(boundary_ms=NOW_MS).data,
        an_account(),
        Limits().model_dump_json(),
        memory_text(None, None),
    )
    assert decided == "DAILY_LOSS"
