"""What risk remembers of money and days: over restarts, over midnight, and in a market with a time of its own."""

from decimal import Decimal
from typing import Any

import pytest

from common.events import (
    AccountSums,
    AccountUpdated,
    Command,
    ControlCommand,
    Event,
    IntentKind,
    RiskApproved,
    RiskDenied,
    SystemAlert,
    originate,
)
from common.trading.limits import Limits
from common.trading.symbols import MODELS, SYMBOLS
from risk.gatekeeper import RiskGate
from risk.halts import Reason, concerning
from risk.state import RiskState
from risk.testing import (
    NOW_MS,
    a_cancelled_event,
    a_decision,
    a_decision_event,
    a_position,
    a_tick_event,
    an_accepted_event,
    an_account,
)
from risk.watch import DAY_MS

D = Decimal
MINUTE_MS = 60_000
MIDNIGHT_MS = NOW_MS // DAY_MS * DAY_MS + DAY_MS


class Stage:
    """A gate, and account states told to it. Market time is wall time plus `ahead_ms`, as on a recorded market."""

    def __init__(self, *, ahead_ms: int = 0, **limits: Any) -> None:
        self.gate, self.ahead_ms, self.number = RiskGate(Limits(market_speed=D(2), **limits), MODELS), ahead_ms, 0

    def state(self, wall_ms: int, equity_usd: int, transfers_usd: int = 0, **changes: Any) -> AccountUpdated:
        zero = D(0)
        sums = AccountSums(
            since_ms=1,
            start_cash_usd=D(10_000),
            closed_pnl_usd=zero,
            fees_usd=zero,
            funding_usd=zero,
            transfers_usd=D(transfers_usd),
        )
        positions = changes.pop("positions", ())
        account = an_account(*positions, equity_usd=D(equity_usd), sums=sums, **changes)
        return account.model_copy(update={"state_ms": wall_ms + self.ahead_ms, "received_ms": wall_ms})

    def tell(self, wall_ms: int, *given: Any, **changes: Any) -> tuple[Event[Any], ...]:
        return self.hear(self.state(wall_ms, *given, **changes))

    def hear(self, account: AccountUpdated) -> tuple[Event[Any], ...]:
        keys = (account.model, account.received_ms)
        event = originate(account, keys=keys, time_ms=account.state_ms, now_ms=account.received_ms)
        return self.gate.account(event, account.received_ms)

    def restart(self, newest: AccountUpdated) -> None:
        """What a rebuild finds: the table of what is durable, and the newest state in the cache."""
        durable = self.gate.state.durable
        self.gate.state = RiskState.empty(MODELS)
        self.gate.state.durable = durable
        self.gate.state.models["deepseek"].account = newest
        self.gate.state.market_ms = newest.state_ms

    def decide(self, wall_ms: int, **changes: Any) -> Event[Any]:
        for symbol in SYMBOLS:
            tick = a_tick_event(symbol, at_ms=wall_ms)
            self.gate.mark(tick.model_copy(update={"time_ms": wall_ms + self.ahead_ms}), wall_ms)
        self.number += 1
        event = a_decision_event(a_decision(**changes), cycle=str(self.number), at_ms=wall_ms)
        (verdict,) = self.gate.judge(event.model_copy(update={"time_ms": wall_ms + self.ahead_ms}), wall_ms)
        return verdict

    def accepted(self, intent_id: str, wall_ms: int) -> None:
        """As the executor tells it: in wall time."""
        self.gate.accepted(an_accepted_event(intent_id, at_ms=wall_ms), wall_ms)

    @property
    def baseline_usd(self) -> D:
        baseline = self.gate.state.durable.record("deepseek").baseline
        assert baseline is not None
        return baseline.equity_usd

    @property
    def high_water_usd(self) -> D | None:
        return self.gate.state.durable.record("deepseek").high_water_usd

    @property
    def reasons(self) -> list[Reason]:
        return [halt.reason for halt in concerning(self.gate.state.durable.halts, "deepseek")]


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_day_that_began_while_risk_was_away_began_with_the_equity_before_midnight(stage: Stage) -> None:
    stage.tell(MIDNIGHT_MS - 10 * MINUTE_MS, 10_000)
    waiting = [stage.state(MIDNIGHT_MS - MINUTE_MS, 9_990), stage.state(MIDNIGHT_MS + MINUTE_MS, 9_500)]
    waiting.append(stage.state(MIDNIGHT_MS + 10 * MINUTE_MS, 9_100))
    stage.restart(newest=waiting[-1])
    for account in waiting:
        assert stage.hear(account) == ()
    assert stage.baseline_usd == 9_990
    stage.tell(MIDNIGHT_MS + 11 * MINUTE_MS, 8_900)
    assert stage.reasons == [Reason.DAILY_LOSS]


@pytest.mark.parametrize("moved_usd", [5_000, -4_000])
def test_money_moved_while_risk_was_away_counts_once(stage: Stage, moved_usd: int) -> None:
    stage.tell(MIDNIGHT_MS - 10 * MINUTE_MS, 10_000)
    after = 10_000 + moved_usd
    waiting = [stage.state(MIDNIGHT_MS - MINUTE_MS, after, moved_usd), stage.state(MIDNIGHT_MS + 1, after, moved_usd)]
    stage.restart(newest=waiting[-1])
    for account in waiting:
        stage.hear(account)
    assert stage.baseline_usd == after
    assert stage.high_water_usd == after
    assert stage.reasons == []


def test_after_a_night_without_the_arena_the_last_state_of_the_evening_counts(stage: Stage) -> None:
    """Money was moved meanwhile, and the executor came back before risk."""
    stage.tell(MIDNIGHT_MS - MINUTE_MS, 10_000)
    stage.restart(newest=stage.state(MIDNIGHT_MS + MINUTE_MS, 14_500, 5_000))
    stage.tell(MIDNIGHT_MS + MINUTE_MS, 14_500, 5_000)
    assert stage.baseline_usd == 15_000


def test_a_peak_while_risk_was_away_is_remembered(stage: Stage) -> None:
    stage.tell(NOW_MS, 10_000)
    waiting = [stage.state(NOW_MS + 1, 17_000), stage.state(NOW_MS + 2, 10_000)]
    stage.restart(newest=waiting[-1])
    assert stage.hear(waiting[0]) == ()
    (alert,) = stage.hear(waiting[1])
    assert isinstance(alert.data, SystemAlert)
    assert stage.reasons == [Reason.DRAWDOWN]


def test_a_state_that_waited_says_nothing_of_what_is_held_now(stage: Stage) -> None:
    newest = stage.state(NOW_MS + 2, 10_000)
    stage.restart(newest=newest)
    stage.tell(NOW_MS + 1, 10_000, positions=(a_position(intent_id=None),), covers=("i",))
    assert stage.reasons == []
    assert stage.gate.state.models["deepseek"].account is newest


def test_states_that_come_again_change_nothing(stage: Stage) -> None:
    """They were remembered, and then their acknowledgement got lost. Yesterday's loss is not measured by today."""
    stage.tell(MIDNIGHT_MS - 60 * MINUTE_MS, 9_500)
    waiting = [stage.state(MIDNIGHT_MS - 30 * MINUTE_MS, 8_900), stage.state(MIDNIGHT_MS - 1, 10_000, 500)]
    waiting.append(stage.state(MIDNIGHT_MS + 1, 10_000, 500))
    for _ in range(2):
        stage.restart(newest=waiting[-1])
        for account in waiting:
            assert stage.hear(account) == ()
        assert (stage.baseline_usd, stage.high_water_usd) == (10_000, 10_000)
    assert stage.reasons == []


def test_a_clock_that_was_set_back_keeps_no_state_out(stage: Stage) -> None:
    stage.tell(NOW_MS + 60 * MINUTE_MS, 10_000)
    stage.restart(newest=stage.state(NOW_MS, 5_000, -5_000))
    stage.tell(NOW_MS, 5_000, -5_000)
    assert (stage.baseline_usd, stage.high_water_usd) == (5_000, 5_000)
    assert stage.reasons == []


def test_a_resume_stands_against_states_from_before_it(stage: Stage) -> None:
    stage.tell(NOW_MS, 20_000)
    stage.tell(NOW_MS + 1, 11_900)
    waiting = [stage.state(NOW_MS + 2, 11_900), stage.state(NOW_MS + 3, 12_000, 5_000)]
    stage.restart(newest=waiting[-1])
    payload = ControlCommand(command=Command.RESUME, model="deepseek", reason="test", requested_by="test")
    stage.gate.command(originate(payload, keys=(1,), time_ms=NOW_MS, now_ms=NOW_MS), NOW_MS)
    for account in waiting:
        stage.hear(account)
    assert (stage.baseline_usd, stage.high_water_usd) == (25_000, 12_000)
    assert Reason.DRAWDOWN not in stage.reasons


def test_in_a_market_that_lies_days_back_a_day_begins() -> None:
    stage = Stage(flatten_on_daily_loss=True)
    stage.tell(NOW_MS, 10_000)
    stage.ahead_ms = -30 * DAY_MS
    stage.tell(NOW_MS + 1, 9_500)
    assert stage.baseline_usd == 10_000
    stage.tell(NOW_MS + 2, 8_900, positions=(a_position(),))
    assert stage.reasons == [Reason.DAILY_LOSS, Reason.FLATTEN]
    stage.ahead_ms = -29 * DAY_MS
    stage.tell(NOW_MS + 3, 8_900)
    assert stage.baseline_usd == 8_900


@pytest.mark.parametrize("ahead_ms", [0, 10 * DAY_MS, -365 * DAY_MS])
def test_the_entries_of_a_day_are_those_of_market_time(ahead_ms: int) -> None:
    stage = Stage(ahead_ms=ahead_ms, max_daily_trades=3)
    codes = []
    for number in range(5):
        wall_ms = NOW_MS + number * MINUTE_MS
        covers = tuple(stage.gate.state.models["deepseek"].reservations)
        stage.tell(wall_ms, 10_000, covers=covers)
        verdict = stage.decide(wall_ms)
        codes.append(verdict.data.code if isinstance(verdict.data, RiskDenied) else None)
        stage.accepted(verdict.id, wall_ms)
    assert codes == [None, None, None, "DAILY_TRADES", "DAILY_TRADES"]


def test_an_approval_bears_market_time() -> None:
    stage = Stage(ahead_ms=-7 * DAY_MS)
    stage.tell(NOW_MS, 10_000)
    verdict = stage.decide(NOW_MS)
    assert isinstance(verdict.data, RiskApproved)
    assert verdict.time_ms == NOW_MS - 7 * DAY_MS


@pytest.mark.parametrize("ahead_ms", [0, 10 * DAY_MS, -10 * DAY_MS])
def test_a_daily_loss_that_closes_everything_ends_with_the_last_position(ahead_ms: int) -> None:
    stage = Stage(ahead_ms=ahead_ms, flatten_on_daily_loss=True)
    stage.tell(NOW_MS, 10_000)
    _, exit_ = stage.tell(NOW_MS + 1, 8_900, positions=(a_position(),))
    assert exit_.data.intent_kind is IntentKind.FLATTEN
    assert stage.reasons == [Reason.DAILY_LOSS, Reason.FLATTEN]
    stage.tell(NOW_MS + 2, 8_900)
    assert stage.reasons == [Reason.DAILY_LOSS]


def test_an_entry_that_was_sent_and_never_filled_counts() -> None:
    stage = Stage(max_daily_trades=1, entry_cooldown_s=0)
    stage.tell(NOW_MS, 10_000)
    never = a_cancelled_event(stage.decide(NOW_MS).id, "NEVER_ARRIVED", at_ms=NOW_MS)
    stage.gate.cancelled(never, NOW_MS)
    verdict = stage.decide(NOW_MS)
    assert isinstance(verdict.data, RiskDenied)
    assert verdict.data.code == "DAILY_TRADES"
