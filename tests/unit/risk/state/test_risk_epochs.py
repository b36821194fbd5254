"""Baselines, marks, halts and reservations belong to one account of one environment."""

from decimal import Decimal
from typing import Any

import pytest

from common.events import AccountUpdated, Command, RiskApproved
from risk.gate.halts import Reason
from risk.storage.risk_state_table import rows_of, state_of
from support.risk_harness import MODEL, RiskHarness, denial_code, sums

D = Decimal
PAPER = {"environment": "paper", "address": "0xA"}
TESTNET = {"environment": "testnet", "address": "0xB"}


@pytest.fixture
def harness() -> RiskHarness:
    ready = RiskHarness()
    ready.send_account(sums=sums(0), **PAPER)
    return ready


def send(harness: RiskHarness, equity_usd: int, **where: Any) -> None:
    harness.advance(5)
    harness.send_account(equity_usd=D(equity_usd), sums=sums(0), **where)


def test_another_account_has_baseline_and_mark_of_its_own(harness: RiskHarness) -> None:
    send(harness, 500, **TESTNET)
    assert harness.reasons == []
    assert (harness.baseline_usd, harness.record.high_water_usd) == (500, 500)
    send(harness, 9_900, **PAPER)
    assert (harness.baseline_usd, harness.record.high_water_usd) == (10_000, 10_000)
    send(harness, 495, **TESTNET)
    assert harness.record.high_water_usd == 500


def test_a_drawdown_stays_with_its_account_and_a_persons_halt_does_not(harness: RiskHarness) -> None:
    send(harness, 5_000, **PAPER)
    assert Reason.DRAWDOWN in harness.reasons
    harness.send_command(Command.HALT)
    send(harness, 500, **TESTNET)
    assert harness.reasons == [Reason.PERSON]
    harness.send_command(Command.RESUME)
    send(harness, 5_000, **PAPER)
    assert set(harness.reasons) == {Reason.DAILY_LOSS, Reason.DRAWDOWN}


def test_reservations_and_counts_stay_behind(harness: RiskHarness) -> None:
    approval = harness.judge()
    assert isinstance(approval.data, RiskApproved)
    assert approval.data.epoch == "paper:0xa"
    assert harness.reserved == {approval.id}
    send(harness, 500, **TESTNET)
    assert harness.reserved == set()
    assert denial_code(harness.judge(position_size_percent=D(10))) is None


def test_a_late_state_of_the_account_before_changes_nothing(harness: RiskHarness) -> None:
    late: AccountUpdated = harness.account_state(equity_usd=D(1_000), sums=sums(0), **PAPER)
    send(harness, 500, **TESTNET)
    harness.send_state(late)
    assert harness.record.epoch == "testnet:0xb"
    assert harness.baseline_usd == 500
    assert harness.reasons == []


def test_figures_of_a_version_without_epochs_are_taken_over() -> None:
    harness = RiskHarness()
    harness.send_account(sums=sums(0))
    send(harness, 9_900, **PAPER)
    assert (harness.baseline_usd, harness.record.epoch) == (10_000, "paper:0xa")


def test_all_epochs_outlive_a_restart(harness: RiskHarness) -> None:
    send(harness, 5_000, **PAPER)
    send(harness, 500, **TESTNET)
    persistent = harness.handlers.state.persistent
    assert state_of(rows_of(persistent, [MODEL])).records == dict(persistent.records)
    assert {halt.model for halt in state_of(rows_of(persistent, [MODEL])).halts} == {f"{MODEL}#paper:0xa"}
