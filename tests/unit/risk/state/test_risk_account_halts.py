"""Baselines, high-water marks and halts: over restarts, over midnight, over transfers, and in a replayed market."""

from decimal import Decimal

import pytest

from common.events import AccountUpdated, Command, IntentKind, RiskApproved, SystemAlert
from common.trading.durations import DAY_MS, MINUTE_MS
from common.trading.instruments import Symbol
from risk.gate.halts import Reason, TradingState
from support.risk_examples import a_position
from support.risk_harness import CLOSE, MODEL, NOON_MS, RiskHarness, denial_code, sums

D = Decimal
MIDNIGHT_MS = NOON_MS // DAY_MS * DAY_MS + DAY_MS


@pytest.fixture
def harness() -> RiskHarness:
    ready = RiskHarness()
    ready.send_account(sums=sums(0))
    return ready


def state_at(harness: RiskHarness, now_ms: int, equity_usd: int, transfers_usd: int = 0) -> AccountUpdated:
    """An account state of that wall time; the clock stays there."""
    harness.now_ms = now_ms
    return harness.account_state(equity_usd=D(equity_usd), sums=sums(transfers_usd))


# The daily loss, and where a day begins.


def test_the_daily_loss_denies_entries_until_the_next_market_day(harness: RiskHarness) -> None:
    harness.advance(5)
    (alert,) = harness.send_account(equity_usd=D(9_000))
    assert isinstance(alert.data, SystemAlert)
    assert harness.reasons == [Reason.DAILY_LOSS]
    harness.send_account(equity_usd=D(9_900))
    assert denial_code(harness.judge()) == "STATE_REDUCING"
    harness.now_ms = MIDNIGHT_MS - 1
    harness.send_account(equity_usd=D(9_500))
    harness.now_ms = MIDNIGHT_MS + 999
    harness.send_account(equity_usd=D(9_400))
    assert harness.reasons == []
    assert harness.baseline_usd == 9_500
    assert denial_code(harness.judge()) is None


def test_with_the_setting_the_daily_loss_closes_what_is_held() -> None:
    harness = RiskHarness(flatten_on_daily_loss=True)
    harness.send_account(a_position(Symbol.ETH))
    harness.advance(5)
    _, exit_ = harness.send_account(a_position(Symbol.ETH), equity_usd=D(8_000))
    assert isinstance(exit_.data, RiskApproved)
    assert (exit_.data.intent_kind, exit_.data.intent.symbol) == (IntentKind.FLATTEN, Symbol.ETH)


@pytest.mark.parametrize("ahead_ms", [0, 10 * DAY_MS, -10 * DAY_MS])
def test_a_flatten_after_a_daily_loss_ends_with_the_last_position(ahead_ms: int) -> None:
    harness = RiskHarness(ahead_ms=ahead_ms, flatten_on_daily_loss=True)
    harness.send_account()
    harness.advance(1)
    _, exit_ = harness.send_account(a_position(), equity_usd=D(8_900))
    assert exit_.data.intent_kind is IntentKind.FLATTEN
    assert harness.reasons == [Reason.DAILY_LOSS, Reason.FLATTEN]
    harness.advance(1)
    harness.send_account(equity_usd=D(8_900))
    assert harness.reasons == [Reason.DAILY_LOSS]


def test_a_day_begun_while_risk_was_down_begins_with_its_last_equity() -> None:
    harness = RiskHarness()
    harness.send_state(state_at(harness, MIDNIGHT_MS - 10 * MINUTE_MS, 10_000))
    waiting = [
        state_at(harness, MIDNIGHT_MS - MINUTE_MS, 9_990),
        state_at(harness, MIDNIGHT_MS + MINUTE_MS, 9_500),
        state_at(harness, MIDNIGHT_MS + 10 * MINUTE_MS, 9_100),
    ]
    harness.restart(newest=waiting[-1])
    for account in waiting:
        assert harness.send_state(account) == ()
    assert harness.baseline_usd == 9_990
    harness.send_state(state_at(harness, MIDNIGHT_MS + 11 * MINUTE_MS, 8_900))
    assert harness.reasons == [Reason.DAILY_LOSS]


def test_after_a_night_without_the_arena_the_evenings_equity_counts() -> None:
    """Money was moved meanwhile, and the executor came back before risk."""
    harness = RiskHarness()
    harness.send_state(state_at(harness, MIDNIGHT_MS - MINUTE_MS, 10_000))
    newest = state_at(harness, MIDNIGHT_MS + MINUTE_MS, 14_500, 5_000)
    harness.restart(newest=newest)
    harness.send_state(newest)
    assert round(harness.baseline_usd, 2) == D("15263.16")  # 500 of 10,000 were lost: 5 % of that.


def test_in_a_market_that_lies_days_back_a_new_day_begins() -> None:
    harness = RiskHarness(flatten_on_daily_loss=True)
    harness.send_account()
    harness.ahead_ms = -30 * DAY_MS
    harness.advance(1)
    harness.send_account(equity_usd=D(9_500))
    assert harness.baseline_usd == 10_000
    harness.advance(1)
    harness.send_account(a_position(), equity_usd=D(8_900))
    assert harness.reasons == [Reason.DAILY_LOSS, Reason.FLATTEN]
    harness.ahead_ms = -29 * DAY_MS
    harness.advance(1)
    harness.send_account(equity_usd=D(8_900))
    assert harness.baseline_usd == 8_900


# Transfers.


def test_a_transfer_is_neither_loss_nor_profit(harness: RiskHarness) -> None:
    harness.send_account(equity_usd=D(4_000), sums=sums(-6_000))
    assert harness.reasons == []
    assert denial_code(harness.judge()) is None
    # The day began with 4,000, as it were: 3,700 is 7.5 % down, 3,600 the limit; a deposit doesn't hide that.
    harness.send_account(equity_usd=D(3_700), sums=sums(-6_000))
    harness.send_account(equity_usd=D(8_700), sums=sums(-1_000))
    assert harness.reasons == []
    harness.send_account(equity_usd=D(8_100), sums=sums(-1_000))
    assert harness.reasons == [Reason.DAILY_LOSS]


def test_a_deposit_scales_the_high_water_mark(harness: RiskHarness) -> None:
    harness.send_account(equity_usd=D(15_000), sums=sums(5_000))
    assert harness.record.high_water_usd == 15_000
    harness.send_account(equity_usd=D(9_000), sums=sums(5_000))
    assert Reason.DRAWDOWN in harness.reasons


def test_money_moved_at_midnight_is_in_the_new_days_baseline(harness: RiskHarness) -> None:
    harness.now_ms += DAY_MS
    harness.send_account(equity_usd=D(12_500), sums=sums(3_000))
    assert round(harness.baseline_usd, 2) == D("13157.89")  # 500 of 10,000 were lost overnight: 5 % of that.


def test_sums_from_another_start_move_nothing() -> None:
    harness = RiskHarness()
    harness.send_account(sums=sums(-500))
    harness.send_account(sums=sums(0, since_ms=2))
    assert harness.baseline_usd == 10_000


@pytest.mark.parametrize("moved_usd", [5_000, -4_000])
def test_money_moved_while_risk_was_down_counts_once(moved_usd: int) -> None:
    harness = RiskHarness()
    harness.send_state(state_at(harness, MIDNIGHT_MS - 10 * MINUTE_MS, 10_000))
    after = 10_000 + moved_usd
    waiting = [
        state_at(harness, MIDNIGHT_MS - MINUTE_MS, after, moved_usd),
        state_at(harness, MIDNIGHT_MS + 1, after, moved_usd),
    ]
    harness.restart(newest=waiting[-1])
    for account in waiting:
        harness.send_state(account)
    assert harness.baseline_usd == after
    assert harness.record.high_water_usd == after
    assert harness.reasons == []


# The drawdown.


def test_a_drawdown_halts_until_a_resume_and_counts_from_there(harness: RiskHarness) -> None:
    harness.now_ms += DAY_MS
    harness.send_account(equity_usd=D(20_000))
    harness.now_ms += DAY_MS
    harness.send_account(equity_usd=D(12_000))
    assert harness.reasons == [Reason.DAILY_LOSS, Reason.DRAWDOWN]
    harness.now_ms += DAY_MS
    harness.send_account(equity_usd=D(19_000))
    assert harness.reasons == [Reason.DRAWDOWN]
    assert denial_code(harness.judge()) == "STATE_HALTED"
    harness.send_command(Command.RESUME)
    assert harness.trading_state is TradingState.ACTIVE
    assert harness.record.high_water_usd == 19_000


def test_a_peak_reached_while_risk_was_down_is_remembered() -> None:
    harness = RiskHarness()
    harness.send_state(state_at(harness, NOON_MS, 10_000))
    waiting = [state_at(harness, NOON_MS + 1, 17_000), state_at(harness, NOON_MS + 2, 10_000)]
    harness.restart(newest=waiting[-1])
    assert harness.send_state(waiting[0]) == ()
    (alert,) = harness.send_state(waiting[1])
    assert isinstance(alert.data, SystemAlert)
    assert harness.reasons == [Reason.DRAWDOWN]


def test_a_resume_stands_against_states_that_waited() -> None:
    harness = RiskHarness()
    harness.send_state(state_at(harness, NOON_MS, 20_000))
    harness.send_state(state_at(harness, NOON_MS + 1, 11_900))
    waiting = [state_at(harness, NOON_MS + 2, 11_900), state_at(harness, NOON_MS + 3, 12_000, 5_000)]
    harness.restart(newest=waiting[-1])
    harness.send_command(Command.RESUME, MODEL)
    for account in waiting:
        harness.send_state(account)
    assert harness.record.high_water_usd == 12_000
    assert round(harness.baseline_usd, 2) == D("34285.71")  # The deposit found 7,000 of the 20,000.
    assert Reason.DRAWDOWN not in harness.reasons


# States that come late, twice, or after the clock was set back.


def test_a_state_that_waited_changes_nothing_about_positions() -> None:
    harness = RiskHarness()
    newest = state_at(harness, NOON_MS + 2, 10_000)
    harness.restart(newest=newest)
    harness.now_ms = NOON_MS + 1
    harness.send_account(a_position(intent_id=None), covers=("i",))
    assert harness.reasons == []
    assert harness.model.account is newest


def test_states_delivered_again_change_nothing() -> None:
    """They were recorded, and then their acknowledgment was lost. Yesterday's loss is not measured by today."""
    harness = RiskHarness()
    harness.send_state(state_at(harness, MIDNIGHT_MS - 60 * MINUTE_MS, 9_500))
    waiting = [
        state_at(harness, MIDNIGHT_MS - 30 * MINUTE_MS, 8_900),
        state_at(harness, MIDNIGHT_MS - 1, 10_000, 500),
        state_at(harness, MIDNIGHT_MS + 1, 10_000, 500),
    ]
    for _ in range(2):
        harness.restart(newest=waiting[-1])
        for account in waiting:
            assert harness.send_state(account) == ()
        assert (harness.baseline_usd, harness.record.high_water_usd) == (10_000, 10_000)
    assert harness.reasons == []


def test_after_a_clock_was_set_back_the_newest_state_still_counts() -> None:
    harness = RiskHarness()
    harness.send_state(state_at(harness, NOON_MS + 60 * MINUTE_MS, 10_000))
    newest = state_at(harness, NOON_MS, 5_000, -5_000)
    harness.restart(newest=newest)
    harness.send_state(newest)
    assert (harness.baseline_usd, harness.record.high_water_usd) == (5_000, 5_000)
    assert harness.reasons == []


# Stops and external positions.


def test_three_stops_in_a_day_pause_the_model_for_six_hours(harness: RiskHarness) -> None:
    for number in range(2):
        for trade in range(3):
            assert harness.fill_stop(f"0x{number}", trade) == ()
    (alert,) = harness.fill_stop("0x2", is_liquidation=True)
    assert "3 stops within 24 hours" in alert.data.message
    assert denial_code(harness.judge()) == "STATE_REDUCING"
    harness.advance(6 * 3600)
    harness.send_account()
    assert harness.reasons == []
    assert denial_code(harness.judge()) is None


def test_stops_older_than_a_day_are_forgotten(harness: RiskHarness) -> None:
    harness.fill_stop("0x1")
    harness.fill_stop("0x2")
    harness.advance(86_400)
    harness.fill_stop("0x3")
    assert harness.reasons == []


def test_an_external_position_allows_exits_only_until_it_is_closed(harness: RiskHarness) -> None:
    harness.send_account(a_position(Symbol.ETH, intent_id=None))
    assert denial_code(harness.judge()) == "STATE_REDUCING"
    harness.send_account()
    assert harness.reasons == []


def test_a_position_of_an_unfinished_entry_is_not_external(harness: RiskHarness) -> None:
    harness.judge()
    harness.send_account(a_position(Symbol.BTC, intent_id=None))
    assert harness.reasons == []


# The account as a whole.


def test_an_equity_that_nothing_explains_halts_nothing_for_good(harness: RiskHarness) -> None:
    """The account became unified: its equity seems to be 900, until it is read where it stands now."""
    (alert,) = harness.send_account(a_position(Symbol.ETH), equity_usd=D(900), sums=sums(0), is_explained=False)
    assert "UNEXPLAINED" in alert.data.message
    assert harness.reasons == [Reason.UNEXPLAINED]
    assert denial_code(harness.judge()) == "STATE_REDUCING"
    assert (harness.baseline_usd, harness.record.high_water_usd) == (10_000, 10_000)
    harness.send_account(equity_usd=D(9_990), sums=sums(0))
    assert harness.reasons == []
    assert denial_code(harness.judge()) is None


def test_an_unexplained_midnight_leaves_no_baseline(harness: RiskHarness) -> None:
    harness.now_ms = MIDNIGHT_MS + 1
    harness.send_account(equity_usd=D(900), sums=sums(0), is_explained=False)
    harness.send_account(equity_usd=D(9_500), sums=sums(0))
    assert harness.baseline_usd == 10_000


def test_an_account_in_trouble_opens_nothing_while_it_lasts(harness: RiskHarness) -> None:
    (alert,) = harness.send_account(sums=sums(0), problems=("HYPERLIQUID_ACCOUNT_ADDRESS_DEEPSEEK: holds 5 USD",))
    assert "holds 5 USD" in alert.data.message
    assert denial_code(harness.judge()) == "STATE_REDUCING"
    assert denial_code(harness.judge(CLOSE)) == "NO_POSITION"
    harness.send_account(sums=sums(0))
    assert harness.reasons == []


def test_after_a_clock_was_set_back_new_states_count(harness: RiskHarness) -> None:
    harness.advance(600)
    harness.send_account()
    harness.send_command(Command.FLATTEN)
    harness.advance(-600)
    harness.send_account(a_position(Symbol.BTC))
    assert harness.model.account is not None
    assert len(harness.model.account.positions) == 1
    assert harness.reasons == [Reason.FLATTEN]
    harness.advance(1)
    harness.send_account()
    assert harness.reasons == []
