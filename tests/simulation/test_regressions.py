"""The seeds and pairs that failed once hold."""

import pytest

from simulation.regressions import REGRESSIONS, Regression
from simulation.run import run_pair_of_troubles, run_seed


@pytest.mark.parametrize("regression", REGRESSIONS, ids=[each.name for each in REGRESSIONS])
def test_what_failed_once_holds(regression: Regression) -> None:
    if regression.pair is not None:
        result = run_pair_of_troubles(regression.pair)
    else:
        result = run_seed(regression.seed, fault_set=regression.fault_set)
    assert result.failure is None, f"{regression.reason}\n" + "\n".join(result.trace[-40:])


def test_each_regression_stands_once() -> None:
    assert len({each.name for each in REGRESSIONS}) == len(REGRESSIONS)
