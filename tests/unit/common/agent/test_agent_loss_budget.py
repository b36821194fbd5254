"""The loss budget in a prompt is the one that the gate will allow."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from common.agent.prompt.build import Memory, loss_budget_usd
from common.trading.durations import DAY_MS
from common.trading.limits import Limits
from common.trading.orders import Side

D = Decimal
TODAY = 20_000


def account(equity: int, *positions: Any) -> Any:
    return SimpleNamespace(equity_usd=D(equity), positions=positions, state_ms=TODAY * DAY_MS + 5)


def position(*, is_protected: bool = True) -> Any:
    return SimpleNamespace(
        side=Side.LONG,
        size_coin=D(10),
        mark_price=D(100),
        stop_loss_price=D(95),
        margin_used_usd=D(200),
        protected=is_protected,
    )


LIMITS = Limits(max_daily_loss_percent=D(10), slippage_allowance_percent=D(1))


@pytest.mark.parametrize(
    ("equity", "positions", "memory", "expected"),
    [
        (10_000, (), Memory(day=TODAY, day_start_usd=D(10_000)), "1000"),
        (9_200, (), Memory(day=TODAY, day_start_usd=D(10_000)), "200"),
        (8_900, (), Memory(day=TODAY, day_start_usd=D(10_000)), "0"),
        (10_000, (position(),), Memory(day=TODAY, day_start_usd=D(10_000)), str(1000 - 50 - 950 * D("0.01045"))),
        (
            10_000,
            (position(is_protected=False),),
            Memory(day=TODAY, day_start_usd=D(10_000)),
            str(1000 - 200 - 1000 * D("0.01045")),
        ),
    ],
)
def test_todays_loss_and_the_stops_losses_reduce_the_budget(
    equity: int, positions: tuple[Any, ...], memory: Memory, expected: str
) -> None:
    assert loss_budget_usd(account(equity, *positions), memory, LIMITS) == D(expected)


@pytest.mark.parametrize("memory", [Memory(), Memory(day=TODAY - 1, day_start_usd=D(10_000))])
def test_the_budget_is_unknown_until_risk_publishes_the_days_start(memory: Memory) -> None:
    assert loss_budget_usd(account(9_200), memory, LIMITS) is None
