"""Transfers alone change no return, no drawdown, no distance to a limit; only what was gained between them counts."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from common.trading.growth import EMPTY_USD, Growth
from risk.gate.rules.loss import loss_since_percent
from support.risk_harness import RiskHarness, sums

D = Decimal
CLOSE = D("1e-6")
GAINS = st.integers(-30, 40).map(lambda percent: ("gain", percent))
MOVES = st.sampled_from([-100, -95, -40, -1, 3, 100, 900]).map(lambda percent: ("move", percent))


def walk(steps: list[tuple[str, int]]) -> list[tuple[Decimal, Decimal, bool]]:
    """After each step (equity, transfers so far, whether it was a transfer); an emptied account gets 700 USD."""
    equity, transfers = D(10_000), D(0)
    states = []
    for kind, percent in steps:
        change = equity * percent / 100 if equity else D(700 if kind == "move" else 0)
        equity += change
        transfers += change if kind == "move" else 0
        states.append((equity, transfers, kind == "move"))
    return states


def distances(harness: RiskHarness, equity: Decimal) -> tuple[Decimal, Decimal]:
    """Percent lost today and since the high-water mark."""
    assert harness.record.high_water_usd is not None
    return loss_since_percent(harness.baseline_usd, equity), loss_since_percent(harness.record.high_water_usd, equity)


@settings(max_examples=200, deadline=None)
@given(st.lists(MOVES, max_size=12), st.integers(-8, 30))
def test_transfers_alone_move_no_limit(moves: list[tuple[str, int]], gained_percent: int) -> None:
    harness = RiskHarness()
    harness.send_account(sums=sums(0))
    states = walk([("gain", gained_percent), *moves])
    before = None
    for equity, transfers, _ in states:
        harness.advance(5)
        harness.send_account(equity_usd=equity, sums=sums(transfers))
        assert harness.reasons == []
        if equity >= EMPTY_USD:
            now = distances(harness, equity)
            before = before or now
            assert all(abs(one - other) < CLOSE for one, other in zip(now, before, strict=True))


@settings(max_examples=200, deadline=None)
@given(st.lists(MOVES | GAINS, max_size=20))
def test_growth_is_the_product_of_gains_whatever_was_moved(steps: list[tuple[str, int]]) -> None:
    growth, expected, known, equity_before = Growth.begun_with(D(10_000)), D(1), D(0), D(10_000)
    for (equity, transfers, is_move), (_, percent) in zip(walk(steps), steps, strict=True):
        growth = growth.with_transfer(equity, transfers - known)
        known = transfers
        if not is_move and equity_before > 0:
            expected *= 1 + D(percent) / 100
        equity_before = equity
        assert abs(growth.at(equity) - expected) < CLOSE * max(1, expected)
