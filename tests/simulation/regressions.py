"""Seeds and pairs that failed once: each is a line here, with what was wrong, and runs with the tests."""

from dataclasses import dataclass
from typing import Final

from simulation.hostile.profiles import HOSTILE, STOCK


@dataclass(frozen=True, slots=True)
class Regression:
    """One run: a seed of a fault set, or with `pair` a pair of troubles."""

    reason: str
    seed: int = 0
    fault_set: str = STOCK
    pair: int | None = None

    @property
    def name(self) -> str:
        return f"pair {self.pair}" if self.pair is not None else f"{self.fault_set} {self.seed}"


REGRESSIONS: Final = (
    Regression("a loss beyond an isolated margin was not in the cash ledger", seed=4524),
    Regression("a loss beyond an isolated margin was not in the cash ledger", seed=5577),
    Regression("a loss beyond an isolated margin was not in the cash ledger", seed=9346),
    Regression("protection waited behind a lost answer of the fills endpoint", seed=9006),
    Regression("a stop fired in the very moment of the last check", seed=3097),
    Regression("an exit was signed again after a refusal that was false", seed=30),
    Regression("the refused repeat of an exit ended one that had filled", seed=29),
    Regression("an exit of a settled coin was tried for ever; closes began late", seed=27, fault_set=HOSTILE),
    Regression("an entry was approved together with the halt that forbids it", seed=11, fault_set=HOSTILE),
    Regression("an entry was approved together with the halt that forbids it", pair=53),
)
