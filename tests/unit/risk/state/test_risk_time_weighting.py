"""Limits are percentages of what the account is worth: money moved in or out scales what they are measured from."""

from decimal import Decimal
from typing import Any

import pytest

from common.events import Command
from risk.gate.halts import Reason
from risk.gate.rules.loss import loss_since_percent
from risk.state.market_time import DAY_MS
from support.risk_harness import RiskHarness, denial_code, sums

D = Decimal


class MovedAccount:
    """An account of 10,000 USD whose equity changes by profit, loss and transfers, each followed by a state."""

    def __init__(self, **limits: Any) -> None:
        self.harness = RiskHarness(**limits)
        self.equity_usd, self.transfers_usd = D(10_000), D(0)
        self.send()

    def send(self) -> None:
        self.harness.advance(5)
        self.harness.send_account(equity_usd=self.equity_usd, sums=sums(self.transfers_usd))

    def gain(self, percent: int) -> None:
        self.equity_usd *= 1 + D(percent) / 100
        self.send()

    def move(self, percent: int) -> None:
        """Moves a share of the equity in, or out where it is negative."""
        moved_usd = self.equity_usd * D(percent) / 100
        self.equity_usd += moved_usd
        self.transfers_usd += moved_usd
        self.send()

    def next_day(self) -> None:
        self.harness.now_ms += DAY_MS
        self.send()

    @property
    def lost_today_percent(self) -> Decimal:
        return round(loss_since_percent(self.harness.baseline_usd, self.equity_usd), 9)

    @property
    def drawdown_percent(self) -> Decimal:
        assert self.harness.record.high_water_usd is not None
        return round(loss_since_percent(self.harness.record.high_water_usd, self.equity_usd), 9)


@pytest.fixture
def account() -> MovedAccount:
    return MovedAccount()


def test_a_withdrawal_after_a_loss_is_no_further_loss(account: MovedAccount) -> None:
    account.gain(-5)
    account.move(-95)
    assert account.harness.reasons == []
    assert (account.lost_today_percent, account.drawdown_percent) == (5, 5)
    assert denial_code(account.harness.judge(position_size_percent=D(10), leverage=5)) is None


def test_a_deposit_hides_no_part_of_a_drawdown() -> None:
    """39 % lost, the account doubled, 25 % lost: 1 − 0.61 × 0.75."""
    account = MovedAccount(max_daily_loss_percent=D(100))
    account.gain(-39)
    account.move(100)
    assert account.harness.reasons == []
    account.gain(-25)
    assert account.drawdown_percent == D("54.25")
    assert account.harness.reasons == [Reason.DRAWDOWN]


@pytest.mark.parametrize("percent", [-40, 100])
def test_sending_money_moves_no_limit(account: MovedAccount, percent: int) -> None:
    account.gain(-4)
    before = account.lost_today_percent, account.drawdown_percent
    account.move(percent)
    assert (account.lost_today_percent, account.drawdown_percent) == before == (4, 4)
    account.gain(-7)
    assert account.harness.reasons == [Reason.DAILY_LOSS]


def test_an_emptied_account_goes_on_where_it_was(account: MovedAccount) -> None:
    account.gain(-8)
    account.move(-100)
    assert account.harness.reasons == []
    account.equity_usd, account.transfers_usd = D(500), account.transfers_usd + 500
    account.send()
    assert account.harness.reasons == []
    assert (account.lost_today_percent, account.drawdown_percent) == (8, 8)
    account.gain(-3)
    assert account.harness.reasons == [Reason.DAILY_LOSS]


def test_an_account_left_empty_overnight_begins_its_day_unhurt(account: MovedAccount) -> None:
    account.gain(-8)
    account.move(-100)
    account.next_day()
    account.equity_usd, account.transfers_usd = D(500), account.transfers_usd + 500
    account.send()
    assert account.harness.reasons == []
    assert (account.lost_today_percent, account.drawdown_percent) == (0, 8)


def test_money_paid_into_a_lost_account_ends_no_halt(account: MovedAccount) -> None:
    account.equity_usd = D(0)
    account.send()
    assert account.harness.reasons == [Reason.DAILY_LOSS, Reason.DRAWDOWN]
    account.equity_usd, account.transfers_usd = D(10_000), D(10_000)
    account.send()
    assert account.harness.reasons == [Reason.DAILY_LOSS, Reason.DRAWDOWN]
    account.harness.send_command(Command.RESUME)
    account.next_day()
    assert account.harness.reasons == []
    assert account.drawdown_percent == 0
