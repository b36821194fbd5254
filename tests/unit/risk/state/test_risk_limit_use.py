"""How much of each limit a model uses."""

from decimal import Decimal

from common.trading.durations import DAY_MS
from common.trading.limits import Limits
from risk.metrics import LIMITS
from risk.state.limit_use import drawdown_fraction, limit_use
from risk.state.persistent_state import Baseline, ModelRecord, PersistentState
from risk.state.risk_state import RiskState
from support.risk_examples import a_position, an_account

NOW_MS = 20_000 * DAY_MS + 1_000
MODEL = "deepseek"


def a_state(*, equity_usd: str = "900", day: int = 20_000, with_account: bool = True) -> RiskState:
    """Begun with 1,000 USD, once as high as 1,200."""
    record = ModelRecord(baseline=Baseline(day, Decimal(1_000)), high_water_usd=Decimal(1_200))
    state = RiskState.empty([MODEL])
    state.persistent, state.market_ms = PersistentState(records={MODEL: record}), NOW_MS
    if with_account:
        account = an_account(a_position())
        state.model(MODEL).account = account.model_copy(update={"equity_usd": Decimal(equity_usd)})
    return state


def test_losses_are_shares_of_their_limits() -> None:
    used = limit_use(Limits(max_daily_loss_percent=Decimal(20), max_drawdown_percent=Decimal(50)), a_state(), MODEL)
    assert (used["daily_loss"], used["drawdown"]) == (0.5, 0.5)
    assert drawdown_fraction(a_state(), MODEL) == 0.25


def test_a_gain_and_the_day_before_use_nothing_of_the_days_limit() -> None:
    assert limit_use(Limits(), a_state(equity_usd="1100"), MODEL)["daily_loss"] == 0
    assert limit_use(Limits(), a_state(day=19_999), MODEL)["daily_loss"] == 0


def test_counts_are_shares_of_their_limits() -> None:
    state = a_state()
    state.model(MODEL).counters.record_sent("one", NOW_MS)
    used = limit_use(Limits(max_daily_trades=4, max_open_positions=2), state, MODEL)
    assert (used["daily_trades"], used["open_positions"], used["stops_per_day"]) == (0.25, 0.5, 0)


def test_without_an_account_only_what_is_counted_is_known() -> None:
    assert set(limit_use(Limits(), a_state(with_account=False), MODEL)) == {
        "daily_trades",
        "orders_per_minute",
        "stops_per_day",
    }


def test_every_limit_has_its_series() -> None:
    assert set(limit_use(Limits(), a_state(), MODEL)) == set(LIMITS)
