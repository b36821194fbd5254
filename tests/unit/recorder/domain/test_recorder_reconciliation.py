"""The residual is what no recorded row explains; it alerts once, after it has lasted."""

from decimal import Decimal

from recorder.domain.reconciliation import SETTLE_MS, CashState, Excess, Movements, reconcile

D = Decimal
MOVEMENTS = Movements(closed_pnl=D(20), fees=D("1.5"), funding=D("-0.5"), transfers=D(100), other=D(-3))
EXPLAINED = D(1_000) + D(20) - D("1.5") - D("0.5") + D(100) - D(3)


def state(residual: str, time_ms: int) -> CashState:
    """A state whose cash differs from the explained cash by `residual`, with 5 USD of unrealized P&L."""
    return CashState(
        id=f"state {time_ms}",
        time_ms=60 * time_ms,
        received_ms=time_ms,
        equity=EXPLAINED + D(residual) + 5,
        unrealized_pnl=D(5),
        since_ms=0,
        start_cash=D(1_000),
    )


def test_cash_that_the_rows_explain_leaves_no_residual() -> None:
    result = reconcile(state("0", 100), MOVEMENTS, Excess(above_since_ms=50, alerted_by="state 50"))
    assert (result.residual, result.residual_percent, result.excess) == (0, 0, Excess())


def test_a_residual_within_the_limit_is_no_excess() -> None:
    result = reconcile(state("0.1", 100), MOVEMENTS, Excess())
    assert result.residual == D("0.1")
    assert result.excess == Excess()


def test_a_lasting_residual_alerts_with_the_first_late_state() -> None:
    excess = Excess()
    alerted = []
    for time_ms in (0, SETTLE_MS - 1, SETTLE_MS, SETTLE_MS + 1):
        excess = reconcile(state("1.5", time_ms), MOVEMENTS, excess).excess
        alerted.append(excess.alerted_by)
    assert alerted == [None, None, f"state {SETTLE_MS}", f"state {SETTLE_MS}"]
    assert excess.above_since_ms == 0


def test_the_alerted_state_stored_again_keeps_its_alert() -> None:
    late = state("1.5", SETTLE_MS)
    first = reconcile(late, MOVEMENTS, Excess(above_since_ms=0))
    assert reconcile(late, MOVEMENTS, first.excess) == first


def test_an_account_without_equity_has_no_percentage() -> None:
    empty = CashState(id="s", time_ms=0, received_ms=0, equity=D(0), unrealized_pnl=D(0), since_ms=0, start_cash=D(10))
    result = reconcile(empty, Movements(D(0), D(0), D(0), D(0), D(0)), Excess())
    assert (result.residual, result.residual_percent) == (-10, 0)
