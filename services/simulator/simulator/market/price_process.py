"""The joint price process of the coins: volatility regimes, correlated steps, jumps, trends, volume and basis.

The constants are calibrated to recorded candles of March to July 2025 and funding of the year before;
`python -m simulator.market.calibration` compares the outcome with recorded data (docs/simulated-market.md).
"""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulator.market.coins import Coin

SECONDS_A_YEAR = 365 * 86_400

FAST_S, FAST_SIGMA = 50 * 60.0, 0.42
SLOW_S, SLOW_SIGMA = 15 * 3600.0, 0.42
"""Time constants and spreads of the log volatility's two parts: from the autocorrelation of absolute 5m returns."""
LOG_SCALE_LIMIT = 1.8

JUMPS_A_DAY, OWN_JUMPS_A_DAY = 2.0, 0.7
JUMP_MEAN = 0.0045
"""Mean size of a jump for a coin of REFERENCE_VOLATILITY; exponential: from the kurtosis of 5m returns."""
GAP_SHARE, RUSH_S = 0.4, 60.0
"""The share of a jump that comes as a gap, and the time constant of the rest: from the kurtosis of 1m returns."""
REFERENCE_VOLATILITY = 0.6
DIFFUSIVE_SHARE = 0.87
"""The share of a coin's variance that isn't due to jumps and trends."""

TREND_S = 25 * 60.0
TREND_STRENGTH = 0.3
"""Drift of a trend, as a share of the coin's usual move in an hour."""

ACTIVITY_S = 5 * 60.0
"""Time constant of the variation of a coin's own volume."""
RESPONSE_S, RESPONSE = 120.0, 3.0
"""How long a coin's own move draws volume, and how much more of it a usual move brings: from the correlation of volume
with absolute 5m returns and with the candles' range."""
USUAL_RESPONSE = 3.87
"""The mean of a move's effect on volume: of 120 simulated days."""

BASIS_S, BASIS_MEAN, BASIS_SIGMA = 9 * 3600.0, 0.00020, 0.00058
"""Premium of the price over the oracle: from the quantiles and the autocorrelation of recorded funding rates."""


@dataclass(frozen=True, slots=True)
class PriceMove:
    """One coin's step: log return, volume as a multiple of the usual, and the premium over the oracle."""

    log_return: float
    activity: float
    basis: float


class PriceProcess:
    """The state behind the moves of `coins`; randomness and the step's length come in as arguments."""

    def __init__(self, coins: Mapping[str, Coin]) -> None:
        self._coins = coins
        self.fast = self.slow = 0.0
        self.trends = dict.fromkeys(coins, 0.0)
        self.rush = dict.fromkeys(coins, 0.0)
        self.activity = dict.fromkeys(coins, 0.0)
        self.recent = dict.fromkeys(coins, 0.0)
        self.basis = dict.fromkeys(coins, BASIS_MEAN)

    def next(self, rng: random.Random, dt_s: float) -> dict[str, PriceMove]:
        """The next step of all coins."""
        self.fast = _mean_reverting(self.fast, dt_s, FAST_S, FAST_SIGMA, rng)
        self.slow = _mean_reverting(self.slow, dt_s, SLOW_S, SLOW_SIGMA, rng)
        variance = FAST_SIGMA**2 + SLOW_SIGMA**2
        log_scale = min(max(self.fast + self.slow, -LOG_SCALE_LIMIT), LOG_SCALE_LIMIT)
        scale = math.exp(log_scale - variance) * math.sqrt(DIFFUSIVE_SHARE * dt_s / SECONDS_A_YEAR)
        common, common_basis = rng.gauss(0, 1), rng.gauss(0, 1)
        jump = _jump(rng, JUMPS_A_DAY, dt_s)
        moves = {}
        for name, coin in self._coins.items():
            rest = math.sqrt(1 - coin.beta**2)
            noise = coin.beta * common + rest * rng.gauss(0, 1)
            if rng.random() < dt_s / TREND_S:
                self.trends[name] = rng.gauss(0, TREND_STRENGTH)
            drift = self.trends[name] * coin.volatility * dt_s / math.sqrt(SECONDS_A_YEAR * 3600)
            jumps = (coin.beta * jump + _jump(rng, OWN_JUMPS_A_DAY, dt_s)) * coin.volatility / REFERENCE_VOLATILITY
            waiting = self.rush[name] + jumps * (1 - GAP_SHARE)
            self.rush[name] = waiting * math.exp(-dt_s / RUSH_S)
            own = _mean_reverting(self.activity[name], dt_s, ACTIVITY_S, coin.volume_sigma, rng)
            shock = coin.beta * common_basis + rest * rng.gauss(0, 1)
            keep = math.exp(-dt_s / BASIS_S)
            away = (self.basis[name] - BASIS_MEAN) * keep + BASIS_SIGMA * math.sqrt(1 - keep**2) * shock
            self.activity[name], self.basis[name] = own, BASIS_MEAN + away
            log_return = coin.volatility * scale * noise + drift + jumps * GAP_SHARE + waiting - self.rush[name]
            usual = math.exp(log_scale + own - (variance + coin.volume_sigma**2) / 2)
            activity = usual * self._response(name, log_return, dt_s)
            moves[name] = PriceMove(log_return, activity, BASIS_MEAN + away)
        return moves

    def _response(self, name: str, log_return: float, dt_s: float) -> float:
        """How much more volume a coin's latest moves bring, about 1 on average; by their decaying sum."""
        keep = math.exp(-dt_s / RESPONSE_S)
        self.recent[name] = self.recent[name] * keep + log_return
        usual = self._coins[name].volatility * math.sqrt(dt_s / SECONDS_A_YEAR / (1 - keep**2))
        return (1 + RESPONSE * abs(self.recent[name]) / usual) / USUAL_RESPONSE

    def save(self) -> dict[str, Any]:
        """A copy of the state, from which `load` continues."""
        shared = {"fast": self.fast, "slow": self.slow}
        return shared | {name: dict(values) for name, values in self._values_by_coin().items()}

    def load(self, saved: Mapping[str, Any]) -> None:
        """Continues from a saved state. A coin that it lacks begins at rest; one that isn't listed is left out."""
        self.fast, self.slow = saved.get("fast", 0.0), saved.get("slow", 0.0)
        for name, values in self._values_by_coin().items():
            values.update({coin: value for coin, value in saved.get(name, {}).items() if coin in self._coins})

    def _values_by_coin(self) -> dict[str, dict[str, float]]:
        return {
            "trends": self.trends,
            "rush": self.rush,
            "activity": self.activity,
            "recent": self.recent,
            "basis": self.basis,
        }


def _mean_reverting(value: float, dt_s: float, time_s: float, sigma: float, rng: random.Random) -> float:
    """The next value of an Ornstein-Uhlenbeck process around 0 with time constant `time_s` and deviation `sigma`."""
    keep = math.exp(-dt_s / time_s)
    return value * keep + sigma * math.sqrt(1 - keep**2) * rng.gauss(0, 1)


def _jump(rng: random.Random, a_day: float, dt_s: float) -> float:
    if rng.random() >= a_day * dt_s / 86_400:
        return 0.0
    return rng.expovariate(1 / JUMP_MEAN) * (1 if rng.random() < 0.5 else -1)
